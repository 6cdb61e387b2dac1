"""Sums over a period: IBKR rounds each day's conversions, so that a year's figures add up to some nanos only."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from wealth_pipeline_tests.flexml import Row, cash, file, flex, nav

from .conftest import House

CASES = Path(__file__).parents[1] / "cases"
LAST = date(2025, 12, 31)
NANO = Decimal("0.000000001")
FLOWS: Row = dict.fromkeys(
    ("accountTransfers", "brokerInterest", "commissions", "depositWithdrawals", "dividends", "internalTransfers",
     "netTradesPurchases", "netTradesSales", "otherFees", "transactionTax", "withholdingTax"),
    "0",
)  # fmt: skip
#: Attributes of the cash report below: the flows, the starting, ending and settled cash.
CASH_TERMS = len(FLOWS) + 3
CHANGES: Row = {
    "depositsWithdrawals": "0", "dividends": "0", "withholdingTax": "0", "interest": "0", "commissions": "0",
    "otherFees": "0", "changeInDividendAccruals": "0", "changeInInterestAccruals": "0", "mtm": "10",
}  # fmt: skip
CHANGE_TERMS = len(CHANGES) + 2


def statement(first: date, off: Decimal, generated: str = "20260105;060000", more: Row | None = None) -> bytes:
    """An account whose sums over a period differ from what they should be by `off`."""
    more = more or {}
    return file(
        flex(
            day=LAST,
            first=first,
            generated=generated,
            EquitySummaryInBase=[nav(LAST, "110.123456789")],
            CashReport=[{**cash(ending="110.123456789"), **FLOWS, "startingCash": "100", "dividends": "10.123456789",
                         "otherFees": off, **more}],
            ChangeInNAV={**CHANGES, "startingValue": "100.123456789", "endingValue": "110.123456789",
                         "otherFees": off, **more},
        )
    )  # fmt: skip


def found(house: House, check: str) -> tuple[str, Decimal, str | None]:
    """The status, tolerance and reason of a proof of the last day."""
    ((status, tolerance, reason),) = house.rows(
        "SELECT status, tolerance, reason FROM reconciliation WHERE check_name = ? AND report_date = ?", check, LAST
    )
    return status, tolerance, reason


def test_a_years_cash_report_that_adds_up_but_for_its_rounding_is_proved(house: House) -> None:
    """Its flows in base currency miss the ending cash by 54 nanos."""
    house.loaded((CASES / "15-year-cash-residue.xml").read_bytes())
    status, tolerance, _ = found(house, "cash_flow")
    assert status == "passed"
    assert Decimal("5.4e-8") <= tolerance < Decimal("0.005")


@pytest.mark.parametrize("attribute", ["startingCash", "dividends", "netTradesSales", "commissions", "endingCash"])
def test_a_cent_in_a_years_cash_report_fails(house: House, attribute: str) -> None:
    data = (CASES / "15-year-cash-residue.xml").read_text()
    start = data.index(f'{attribute}="') + len(attribute) + 2
    end = data.index('"', start)
    house.loaded(f"{data[:start]}{Decimal(data[start:end]) + Decimal('0.01')}{data[end:]}".encode())
    assert found(house, "cash_flow")[0] == "failed"


@pytest.mark.parametrize(("check", "terms"), [("cash_flow", CASH_TERMS), ("bridge", CHANGE_TERMS)])
@pytest.mark.parametrize("years", [0, 1, 10])
def test_the_tolerance_of_a_period_is_a_nano_for_each_attribute_and_day(
    house: House, check: str, terms: int, years: int
) -> None:
    """Below half a cent for ten years; a cent fails however long the period is."""
    first = LAST.replace(year=LAST.year - years, day=30 if years == 0 else 31)
    days = (LAST - first).days + 1
    tolerance = NANO * terms * days
    assert tolerance < Decimal("0.005")
    for number, (off, status) in enumerate(
        [(tolerance, "passed"), (-tolerance, "passed"), (tolerance + NANO, "failed"), (Decimal("-0.01"), "failed")]
    ):
        house.loaded(statement(first, off, f"2026010{number + 1};060000"))
        assert found(house, check)[:2] == (status, tolerance)


@pytest.mark.parametrize("check", ["cash_flow", "bridge"])
@pytest.mark.parametrize(("off", "status"), [("0", "not_evaluable"), ("0.01", "failed")])
def test_a_sum_whose_rounding_could_hide_half_a_cent_is_never_called_proved(
    house: House, check: str, off: str, status: str
) -> None:
    """Four hundred attributes over 36 years."""
    first = date(1990, 1, 2)
    house.loaded(statement(first, Decimal(off), more=dict.fromkeys((f"newThing{n}" for n in range(400)), "0")))
    became, tolerance, reason = found(house, check)
    assert tolerance >= Decimal("0.005")
    assert became == status
    if status == "not_evaluable":
        assert reason == f"over {(LAST - first).days + 1} days IBKR's rounding alone could add up to half a cent"


@pytest.mark.parametrize("check", ["cash_flow", "bridge"])
def test_the_tolerance_of_a_single_day_is_that_of_its_decimals(house: House, check: str) -> None:
    """One day's figures are rounded once."""
    terms = {"cash_flow": CASH_TERMS, "bridge": CHANGE_TERMS}[check]
    house.loaded(statement(LAST, Decimal(0)))
    assert found(house, check)[:2] == ("passed", NANO * (terms + 1))
