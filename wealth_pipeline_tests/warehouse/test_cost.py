"""The currency of cost basis and unrealised result: IBKR states them in the position's currency or in base."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, Row, cash, file, flex, lot, nav, position, rate

from .conftest import House

GENERATED = ["20250401;060000", "20250402;060000", "20250403;060000"]


def held(conid: str, value: str, cost: str, result: str, fx: str | None = "0.8", **other: Any) -> Row:
    """A position of an account in pounds; in dollars unless the rate is 1."""
    currency = "GBP" if fx == "1" else "USD"
    return position(conid=conid, symbol=f"S{conid}", currency=currency, fxRateToBase=fx, positionValue=value,
                    costBasisMoney=cost, fifoPnlUnrealized=result, **other)  # fmt: skip


#: The same position in both forms: 4 shares of 250 dollars at 0.8.
BASE = held("1", "1000.00", "600.00", "200.00")
POSITION = held("1", "1000.00", "750.00", "250.00")
AT_HOME = held("2", "50", "40", "10", "1")
WORTHLESS = held("3", "0", "5", "-5")


def loaded(house: House, *rows: Row, generated: str = GENERATED[0], **sections: Any) -> None:
    """Load Monday's positions."""
    house.loaded(
        file(
            flex(
                generated=generated,
                AccountInformation={"currency": "GBP"},
                EquitySummaryInBase=[{**nav(), "currency": "GBP"}],
                OpenPositions=list(rows),
                **sections,
            )
        )
    )


def costs(house: House) -> dict[str | None, tuple[str | None, ...]]:
    """The cost currency of each position, and its cost and result in base."""
    rows = house.texts("SELECT conid, cost_currency, cost_basis_base, unrealized_pnl_base FROM positions")
    return {row[0]: row[1:] for row in rows}


def proof(house: House) -> tuple[str, str | None]:
    """The status and the reason of the proof `cost`."""
    ((status, reason),) = house.rows("SELECT status, reason FROM reconciliation WHERE check_name = 'cost'")
    return status, reason


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([BASE], {"1": ("base", "600", "200")}),
        ([POSITION], {"1": ("position", "600", "200")}),
        # Where both forms hold, or neither, the other rows decide.
        (
            [BASE, AT_HOME, WORTHLESS],
            {"1": ("base", "600", "200"), "2": ("base", "40", "10"), "3": ("base", "5", "-5")},
        ),
        (
            [POSITION, AT_HOME, WORTHLESS],
            {"1": ("position", "600", "200"), "2": ("position", "40", "10"), "3": ("position", "4", "-4")},
        ),
        (
            [BASE, held("4", "100", "50", "1")],
            {"1": ("base", "600", "200"), "4": ("base", "50", "1")},
        ),
        ([POSITION, held("4", "100", "50", "1")], {"1": ("position", "600", "200"), "4": ("position", "40", "0.8")}),
        # Nobody decides: what does not depend on it is stated all the same.
        ([AT_HOME, WORTHLESS], {"2": (None, "40", "10"), "3": (None, None, None)}),
        ([AT_HOME], {"2": (None, "40", "10")}),
        ([held("4", "100", "50", "1")], {"4": (None, None, None)}),
        # Two that contradict each other; the majority of three.
        ([BASE, {**POSITION, "conid": "4"}], {"1": (None, None, None), "4": (None, None, None)}),
        (
            [BASE, {**BASE, "conid": "5"}, {**POSITION, "conid": "4"}],
            {"1": ("base", "600", "200"), "4": ("base", "750", "250"), "5": ("base", "600", "200")},
        ),
        # Short, in a far currency, with the rounding of nine decimals.
        ([held("1", "-5000000", "-30000", "-3350", "0.00667")], {"1": ("base", "-30000", "-3350")}),
        (
            [held("1", "333.33", "100.123456789", "233.206543211")],
            {"1": ("position", "80.0987654312", "186.5652345688")},
        ),
        # A bond decides where nothing else does, and not against a stock.
        ([{**BASE, "assetCategory": "BOND"}], {"1": ("base", "600", "200")}),
        (
            [{**BASE, "conid": "9", "assetCategory": "BOND"}, POSITION],
            {"9": ("position", "480", "160"), "1": ("position", "600", "200")},
        ),
    ],
)  # fmt: skip
def test_the_rows_of_a_statement_tell_the_currency_together(
    house: House, rows: list[Row], expected: dict[str, tuple[str | None, ...]]
) -> None:
    loaded(house, *rows)
    assert costs(house) == expected


@pytest.mark.parametrize(
    ("rows", "noted"),
    [([AT_HOME], 0), ([AT_HOME, WORTHLESS], 1), ([BASE, WORTHLESS], 0), ([BASE, {**POSITION, "conid": "4"}], 2)],
)
def test_what_cannot_be_told_is_noted(house: House, rows: list[Row], noted: int) -> None:
    loaded(house, *rows)
    assert sum(house.notes("cost_currency_unknown").values()) == noted


def test_each_account_and_each_day_is_told_by_itself(house: House) -> None:
    """One statement may hold accounts of both kinds."""
    gbp = {"currency": "GBP"}
    friday = [{**POSITION, "reportDate": FRIDAY}]
    house.loaded(
        file(
            flex("U1", AccountInformation=gbp, OpenPositions=[BASE]),
            flex("U2", AccountInformation=gbp, OpenPositions=[{**POSITION, "accountId": "U2"}]),
            flex("U1", FRIDAY, AccountInformation=gbp, OpenPositions=friday),
        )
    )
    assert house.rows("SELECT account_id, report_date, cost_currency FROM positions ORDER BY ALL") == [
        ("U1", FRIDAY, "position"), ("U1", MONDAY, "base"), ("U2", MONDAY, "position"),
    ]  # fmt: skip


def test_the_value_in_base_that_a_row_states_is_taken_before_value_times_rate(house: House) -> None:
    """It is exact, where the rate has few decimals: a cent tells the forms apart."""
    row = {**held("1", "1000000", "600000.01", "200000", "0.8"), "positionValueInBase": "800000.01"}
    loaded(house, row, {**BASE, "conid": "2", "positionValueInBase": "800.01"})
    assert costs(house)["1"] == ("base", "600000.01", "200000")
    assert proof(house)[0] == "passed"


def test_the_newer_attributes_are_loaded(house: House) -> None:
    more = {"positionValueInBase": "800", "unrealizedCapitalGainsPnl": "150", "unrealizedlFxPnl": "50"}
    loaded(house, {**BASE, **more})
    columns = "stated_value_base, unrealized_capital_gains_pnl, unrealized_fx_pnl"
    assert house.texts(f"SELECT {columns} FROM positions") == [("800", "150", "50")]


def test_a_position_made_of_its_lots_adds_up_the_newer_attributes(house: House) -> None:
    more = {"positionValueInBase": "400", "unrealizedCapitalGainsPnl": "75", "unrealizedlFxPnl": "25"}
    half = lot(symbol="ACME", fxRateToBase="0.8", positionValue="500", costBasisMoney="300", fifoPnlUnrealized="100",
               **more)  # fmt: skip
    loaded(house, half, {**half, "openDateTime": "20250103;093000"})
    columns = "cost_currency, cost_basis_base, stated_value_base, unrealized_capital_gains_pnl, unrealized_fx_pnl"
    assert house.texts(f"SELECT {columns} FROM positions") == [("base", "600", "800", "150", "50")]


def test_a_cfd_counts_with_its_result_in_the_currency_that_it_is_in(house: House) -> None:
    cfd = {**BASE, "conid": "7", "assetCategory": "CFD"}
    loaded(house, BASE, cfd)
    assert house.texts("SELECT nav_value_base FROM positions WHERE conid = '7'") == [("200",)]
    loaded(house, POSITION, {**cfd, "costBasisMoney": "750", "fifoPnlUnrealized": "250"}, generated=GENERATED[1])
    assert house.texts("SELECT nav_value_base FROM positions WHERE conid = '7'") == [("200",)]


def test_a_cost_by_price_tells_the_currency_as_well(house: House) -> None:
    """From a query without the cost basis' money."""
    loaded(house, {**BASE, "position": "4", "costBasisMoney": None, "costBasisPrice": "150"})
    assert costs(house)["1"] == ("base", "600", "200")


def off(row: Row, attribute: str, difference: str) -> Row:
    """The row with one figure wrong."""
    return {**row, attribute: str(Decimal(str(row[attribute])) + Decimal(difference))}


FINE = {"costBasisMoney": "612.3456", "fifoPnlUnrealized": "187.6544"}


@pytest.mark.parametrize(
    ("rows", "status", "reason"),
    [
        ([BASE, AT_HOME], "passed", None),
        ([POSITION, AT_HOME], "passed", None),
        ([BASE, off(AT_HOME, "costBasisMoney", "0.1")], "failed", "S2 in GBP"),
        ([POSITION, off(AT_HOME, "costBasisMoney", "0.1")], "failed", "S2 in GBP"),
        ([POSITION, off(WORTHLESS, "costBasisMoney", "0.1")], "failed", "S3 in USD"),
        ([BASE, off(WORTHLESS, "fifoPnlUnrealized", "0.1")], "failed", "S3 in GBP"),
        ([{**BASE, **FINE}, off({**BASE, "conid": "9", "symbol": "S9"}, "costBasisMoney", "1")], "failed", "S9 in GBP"),
        ([off(BASE, "costBasisMoney", "1")], "not_evaluable", "nothing tells the currency of the cost of S1"),
        ([AT_HOME, WORTHLESS], "not_evaluable", "nothing tells the currency of the cost of S3"),
        ([AT_HOME], "not_evaluable", "every rate is 1"),
        ([], "not_evaluable", "no positions"),
        ([{**BASE, "costBasisMoney": None, "costBasisPrice": None}], "not_evaluable", "no position states"),
        ([BASE, {**AT_HOME, "fifoPnlUnrealized": None}], "passed", "1 of 2 positions lack value, cost basis or"),
        ([BASE, off({**AT_HOME, "assetCategory": "FUT"}, "costBasisMoney", "3")], "passed", "by another rule: S2"),
    ],
)
def test_the_proof_of_the_cost(house: House, rows: list[Row], status: str, reason: str | None) -> None:
    """It says nothing of the NAV: that is proved, or not, by the others."""
    loaded(house, *rows)
    found, why = proof(house)
    assert found == status
    assert (reason or "") in (why or "")
    assert house.rows("SELECT proof FROM nav_history") == [("not_evaluable",)]


def test_a_cost_that_fails_leaves_the_nav_proved(house: House) -> None:
    house.loaded(
        file(
            flex(
                EquitySummaryInBase=[nav(total="200", cash="100", stock="100")],
                CashReport=[cash()],
                OpenPositions=[
                    position(currency="EUR", fxRateToBase="1.25", positionValue="40", costBasisMoney="30"),
                    position(conid="2", costBasisMoney="41"),
                ],
            )
        )
    )
    assert house.proofs()["cost"] == "failed"
    assert house.rows("SELECT proof FROM nav_history") == [("passed",)]


@pytest.mark.parametrize(("day", "status"), [(FRIDAY, "not_evaluable"), (MONDAY, "failed")])
def test_a_rate_of_another_day_makes_no_cost_fail(house: House, day: Any, status: str) -> None:
    """In a query without the rows' own rates."""
    right = {**held("1", "1000", "600", "200", None), "positionValueInBase": "800"}
    wrong = {**held("2", "1000", "600", "203", None), "symbol": "OTHER"}
    loaded(house, right, wrong, ConversionRates=[rate("USD", "0.8", day, "GBP")])
    found, reason = proof(house)
    assert found == status
    assert ("USD is converted at the rate of" in (reason or "")) is (status == "not_evaluable")


def test_a_rate_that_comes_late_tells_the_currency(house: House) -> None:
    loaded(house, {**BASE, "fxRateToBase": None})
    assert costs(house)["1"] == (None, None, None)
    loaded(house, generated=GENERATED[1], ConversionRates=[rate("USD", "0.8", MONDAY, "GBP")])
    loaded(house, {**BASE, "fxRateToBase": None}, generated=GENERATED[2])
    assert costs(house)["1"] == ("base", "600", "200")


_ROWS: list[list[Row]] = [[BASE, AT_HOME], [{**POSITION, "fxRateToBase": None}], [WORTHLESS, AT_HOME]]
_DAYS = [
    file(
        flex(
            generated=GENERATED[n],
            AccountInformation={"currency": "GBP"},
            OpenPositions=rows,
            ConversionRates=[rate("USD", "0.8", MONDAY, "GBP")] if n == 1 else [],
        )
    )
    for n, rows in enumerate(_ROWS)
]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_neither_the_order_nor_repetition_of_statements_matters(
    new_house: Callable[[], House], data: st.DataObject
) -> None:
    """A version of a day follows from its own rows, whatever came before."""
    house, other = new_house(), new_house()
    for content in _DAYS:
        house.load(content)
    for content in data.draw(st.permutations([*_DAYS, *data.draw(st.lists(st.sampled_from(_DAYS), max_size=2))])):
        other.load(content)
    assert other.contents() == house.contents()
    forms = "SELECT DISTINCT cost_currency FROM positions_versions ORDER BY known_from"
    assert house.rows(forms) == [("base",), ("position",), (None,)]
