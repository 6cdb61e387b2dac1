"""The formulas on figures that others published (reference/returns.md, 4.1 to 4.6), and what other conventions give."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from wealth_pipeline_tests.returns.books import Timing
from wealth_pipeline_tests.returns.formulas import (
    chained,
    factor,
    in_percent,
    max_drawdown,
    modified_dietz,
    net_present_value,
    volatility,
    xirr,
)

#: A day: what was earned, paid in and paid out.
Step = tuple[str, str, str]
#: Portfolio Performance, ClientIndexTest.testExcelSample.
EXCEL_SAMPLE: list[Step] = [
    ("230", "0", "0"), ("200", "200", "0"), ("-234.41", "0", "400"), ("293.99", "0", "0"), ("293.99", "0", "0"),
    ("195.99", "5400", "0"), ("-882.52", "0", "3697.04"), ("-1003.85", "0", "0"),
]  # fmt: skip
EXCEL_RETURNS = [0.023, 0.019175455, -0.0220517, 0.0294117647, 0.0285714286, 0.012261967, -0.0545454545, -0.0865384615]
#: A real account of IBKR's, from its funding: NAV at the start, inflow, NAV at the end.
IBKR_ACCOUNT = [("5000", "0", "4996.85"), ("4996.85", "25000", "29966.35"), ("29966.35", "0", "33044.502412988")]
IBKR_TWR = Decimal("10.090499676")


def grown(first: str, steps: list[Step], timing: Timing) -> list[Fraction]:
    """The factor of each day of an account that begins with some value."""
    value, factors = Fraction(first), []
    for gain, into, out in steps:
        start, value = value, value + Fraction(gain) + Fraction(into) - Fraction(out)
        found = factor(start, value, Fraction(into), Fraction(out), timing)
        assert found is not None
        factors.append(found)
    return factors


def all_flows_at_the_end(first: str, steps: list[Step]) -> Fraction:
    """The convention that is not IBKR's: the flow taken off what there was at the close."""
    value, factors = Fraction(first), []
    for gain, into, out in steps:
        factors.append((value + Fraction(gain)) / value)
        value += Fraction(gain) + Fraction(into) - Fraction(out)
    return chained(factors)


def near(value: Fraction | float | None, expected: float, tolerance: float) -> bool:
    assert value is not None
    return abs(float(value) - expected) <= tolerance


def test_portfolio_performances_sample_in_at_the_start_and_out_at_the_end() -> None:
    factors = grown("10000", EXCEL_SAMPLE, "end")
    assert [float(found - 1) for found in factors] == pytest.approx(EXCEL_RETURNS, abs=1e-6)
    assert near(chained(factors), -0.056182678, 1e-8)


def test_the_same_sample_tells_the_other_two_conventions() -> None:
    assert near(chained(grown("10000", EXCEL_SAMPLE, "start")), -0.073127730, 1e-9)
    assert near(all_flows_at_the_end("10000", EXCEL_SAMPLE), -0.050000032, 1e-9)


def test_a_real_accounts_twr_counts_inflows_at_the_start_of_the_day() -> None:
    factors = [factor(Fraction(start), Fraction(end), Fraction(into)) for start, into, end in IBKR_ACCOUNT]
    twr = chained(found for found in factors if found is not None) * 100
    assert near(twr, 10.0905074, 1e-7)
    assert near(twr, float(IBKR_TWR), 1e-4)


def test_a_real_accounts_twr_rules_out_flows_at_the_end_of_the_day() -> None:
    steps = [(str(Decimal(end) - Decimal(start) - Decimal(into)), into, "0") for start, into, end in IBKR_ACCOUNT]
    twr = all_flows_at_the_end("5000", steps) * 100
    assert near(twr, 9.5299, 1e-4)
    assert not near(twr, float(IBKR_TWR), 0.5)


def test_the_twr_of_a_real_day_has_nine_decimals_in_percent() -> None:
    found = factor(Decimal("7674.265297533"), Decimal("7678.155297533"))
    assert found is not None
    assert in_percent(found) == Decimal("0.050688891")


def test_a_real_days_change_in_nav_adds_up() -> None:
    start, parts = Decimal("7674.265297533"), ("8.31", "0.98", "-4.5", "-0.9")
    assert start + sum(map(Decimal, parts)) == Decimal("7678.155297533")
    assert sum(map(Decimal, ("57.505297533", "7612.42", "-9.48", "17.71"))) == Decimal("7678.155297533")


def test_transferals_do_not_change_the_return() -> None:
    deltas = ["0", ".023", ".043", ".02", ".05", ".08", ".1", ".04", "-.05"]
    flows = [1000000, 0, 20000, -40000, 0, 0, 540000, -369704, 0]
    value = Fraction(0)
    for delta, flow in zip(deltas, flows, strict=True):
        into, out = max(flow, 0), max(-flow, 0)
        start, value = value, (value + into) * (1 + Fraction(delta)) - out
        assert factor(start, value, into, out, "end") == 1 + Fraction(delta)


def test_a_deposit_on_the_last_day_changes_nothing() -> None:
    factors = grown("10000", [("1000", "0", "0"), ("0", "10000", "0")], "start")
    assert [chained(factors[:1]), chained(factors)] == [Fraction(1, 10), Fraction(1, 10)]


def test_ibkrs_white_paper() -> None:
    assert near(factor(Decimal("4549863.44"), Decimal("4629129.14")), 1.017421555844, 1e-11)
    months = ["1.74", "-4.68", "1.92", "-0.69", "2.02"]
    assert near(chained(1 + Fraction(month) / 100 for month in months), 0.0014136, 1e-7)
    assert factor(1000, 1260, 200) == Fraction(105, 100)


@pytest.mark.parametrize("timing", ["start", "end"])
def test_nothing_grows_where_nothing_was(timing: Timing) -> None:
    assert factor(0, 0, timing=timing) is None
    assert factor(-5, 10, timing=timing) is None


def test_where_outflows_count_changes_a_return_with_one() -> None:
    assert factor(200, 155, 0, 50, "start") == Fraction(155, 150)
    assert factor(200, 155, 0, 50, "end") == Fraction(205, 200)


def test_modified_dietz_weighs_a_flow_by_the_days_after_it() -> None:
    flow = (date(2011, 10, 4), Fraction(-225_000))
    found = modified_dietz(1_000_000, 775_100, date(2011, 9, 30), date(2011, 10, 31), [flow])
    assert near(flow[1] * 27 / 31, -195_967.74, 0.005)
    assert found == 100 / (1_000_000 + flow[1] * 27 / 31)


#: Portfolio Performance's IRRTest, and Excel's help: payments, rate.
RATES = [
    ([("2010-01-01", "-200"), ("2010-12-31", "210")], 0.05014075),
    (
        [("2002-11-30", "-4398"), ("2007-06-11", "200"), ("2008-05-11", "270"), ("2009-05-01", "280"),
         ("2010-06-01", "280"), ("2011-05-02", "300"), ("2012-04-30", "330"), ("2012-12-06", "14508")],
        0.144438989,
    ),
    ([("2019-05-24", "-1560.94"), ("2020-01-13", "-1160"), ("2020-06-29", "42.80")], -0.999251643),
    (
        [("2008-01-01", "-10000"), ("2008-03-01", "2750"), ("2008-10-30", "4250"), ("2009-02-15", "3250"),
         ("2009-04-01", "2750")],
        0.37336253,
    ),
]  # fmt: skip


@pytest.mark.parametrize("payments, rate", RATES)
def test_xirr(payments: list[tuple[str, str]], rate: float) -> None:
    dated = [(date.fromisoformat(day), Fraction(amount)) for day, amount in payments]
    found = xirr(dated)
    assert near(found, rate, 1e-8)
    assert found is not None
    assert abs(net_present_value(found, dated)) < 1e-6


def test_xirr_needs_a_change_of_sign() -> None:
    assert xirr([(date(2024, 1, 1), Fraction(100)), (date(2025, 1, 1), Fraction(100))]) is None


def test_a_drawdown_from_the_first_day_counts() -> None:
    assert max_drawdown([Fraction(9, 10), Fraction(11, 10)]) == Fraction(-1, 10)
    assert max_drawdown([Fraction(11, 10), Fraction(1, 2), Fraction(3)]) == Fraction(-1, 2)
    assert max_drawdown([]) == max_drawdown([Fraction(2)]) == 0


def test_volatility_is_of_the_sample() -> None:
    found = volatility([Fraction(101, 100), Fraction(99, 100)])
    assert found is not None
    assert math.isclose(found, math.sqrt(2 * 0.01**2 * 252))
    assert volatility([Fraction(1)]) is None
