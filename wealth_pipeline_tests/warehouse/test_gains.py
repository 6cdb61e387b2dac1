"""What each security earned: from which section each part comes, and where nobody can know it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, TUESDAY, Row, file, flex, nav, position

from .conftest import House

NEW_YEAR, NEW_YEARS_EVE = date(2025, 1, 1), date(2024, 12, 31)
SUMMARY = "FIFOPerformanceSummaryInBase"
#: Of both accounts, one of which states cost in base currency.
FIRST, LAST = date(2025, 6, 18), date(2025, 7, 15)


def performance(realized: str, conid: str | None = "1", **other: Any) -> Row:
    """A row of the summary: a gain of the long term, if it is one."""
    gain = Decimal(realized or 0)
    return {
        "conid": conid, "symbol": conid and "ACME", "assetCategory": "STK", "realizedSTProfit": "0",
        "realizedSTLoss": f"{min(gain, 0)}", "realizedLTProfit": f"{max(gain, 0)}", "realizedLTLoss": "0",
        "totalRealizedPnl": realized, "totalUnrealizedPnl": "10", **other,
    }  # fmt: skip


def sale(realized: str, **other: Any) -> Row:
    """A trade that closed something."""
    return {
        "conid": "1", "symbol": "ACME", "assetCategory": "STK", "currency": "USD", "fxRateToBase": "1",
        "reportDate": MONDAY, "quantity": "-1", "proceeds": "9", "ibCommission": "-1", "ibCommissionCurrency": "USD",
        "taxes": "0", "fifoPnlRealized": realized, "transactionID": f"{realized}{other}", **other,
    }  # fmt: skip


def period(first: date, last: date, *days: date, **sections: Any) -> str:
    """A FlexStatement of a period with the NAV of some of its days, and all sections that gains rest on."""
    about: dict[str, Any] = {
        "AccountInformation": {"currency": "USD"},
        "EquitySummaryInBase": [nav(day, **{"cash": "50", "stock": "50"}) for day in days],
        "OpenPositions": [position()], "Trades": [], "CashTransactions": [], SUMMARY: [],
    }  # fmt: skip
    return flex(day=last, first=first, **about | sections)


def gains(house: House, *columns: str) -> list[tuple[str | None, ...]]:
    """These columns of every row."""
    return house.texts(f"SELECT {', '.join(columns)} FROM gains ORDER BY account_id, conid, symbol")


def sandbox() -> bytes:
    generated = datetime(2025, 8, 1, 6)  # noqa: DTZ001 - the sandbox takes New York time without a zone
    return b"".join(Statement(Household(), FULL, FIRST, LAST, "", generated).render())


def stated(data: bytes, element: str, attribute: str, day: date | None = None) -> Counter[tuple[str, str]]:
    """The sums of an attribute by account and conid, of all FlexStatements or of those of a day."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in etree.fromstring(data).iter(element):
        if row.get("conid") and (day is None or row.get("reportDate") == f"{day:%Y%m%d}"):
            sums[row.get("accountId", ""), row.get("conid", "")] += Decimal(row.get(attribute, ""))  # type: ignore[assignment]
    return sums


def test_in_the_sandbox_each_part_is_the_sum_of_what_its_section_states(house: House) -> None:
    data = sandbox()
    house.loaded(data)
    rows = house.rows(
        "SELECT account_id, conid, realized_pnl_base, realized_this_year_base, short_term_this_year_base"
        " + long_term_this_year_base, unrealized_pnl_base, unrealized_price_base + unrealized_fx_base, realized_pnl,"
        " total_base - dividends_base - withholding_tax_base, reason FROM gains"
    )
    realized = stated(data, "FIFOPerformanceSummaryUnderlying", "totalRealizedPnl")
    unrealized = stated(data, "FIFOPerformanceSummaryUnderlying", "totalUnrealizedPnl", LAST)
    by_trades = stated(data, "Trade", "fifoPnlRealized")
    assert len([amount for amount in realized.values() if amount]) > 5
    assert {tuple(row[:2]) for row in rows} >= realized.keys()
    for account, conid, *figures, reason in rows:
        key = account, conid
        gain, profit = realized[key], unrealized[key]
        assert figures[:4] == [gain, gain, gain, profit]
        assert figures[4] in (None, profit)
        assert figures[5:] == [by_trades[key], gain + profit]
        assert reason is None
    # In another currency than the base what the trades say, at any one rate, is another figure.
    assert any(by_trades[key] and realized[key] != by_trades[key] for key in realized)


def test_without_the_summary_the_rest_is_the_same_and_what_it_tells_is_not_known(house: House, new_house: Any) -> None:
    data = sandbox()
    house.loaded(data)
    without = new_house()
    without.loaded(
        re.sub(rb"<(FIFOPerformanceSummaryInBase)>.*?</\1>|<FIFOPerformanceSummaryInBase />", b"", data, flags=re.S)
    )
    same = ("conid", "unrealized_pnl_base", "realized_pnl", "dividends_base", "costs_base", "total")
    assert gains(without, *same) == gains(house, *same)
    lacking = ("realized_pnl_base", "realized_this_year_base", "long_term_this_year_base", "total_base", "reason")
    assert {*gains(without, *lacking)} == {
        (None, None, None, None, "the FIFO Performance Summary does not cover every year whole")
    }


@pytest.mark.parametrize(
    ("periods", "realized"),
    [
        ([(FRIDAY, FRIDAY), (MONDAY, MONDAY)], "4"),
        ([(FRIDAY, FRIDAY), (MONDAY, MONDAY), (FRIDAY, MONDAY)], "4"),
        ([(NEW_YEAR, MONDAY), (FRIDAY, MONDAY)], "2"),
        ([(NEW_YEAR, FRIDAY), (FRIDAY, MONDAY)], None),
        ([(MONDAY, MONDAY)], None),
    ],
    ids=["days", "days beside their sum", "the longest", "an overlap", "a hole"],
)
def test_no_sale_counts_twice(house: House, periods: list[tuple[date, date]], realized: str | None) -> None:
    navs = [nav(day) for day in (NEW_YEARS_EVE, FRIDAY, MONDAY)]
    about: dict[str, Any] = {"AccountInformation": {"currency": "USD"}, "EquitySummaryInBase": navs}
    first = flex(day=MONDAY, first=NEW_YEAR, Trades=[], CashTransactions=[], **about)
    sections: dict[str, Any] = {SUMMARY: [performance("2")]}
    summed = (flex(day=b, first=a, **sections) for a, b in periods)
    house.loaded(file(first, *summed))
    found = gains(house, "realized_pnl_base", "realized_this_year_base", "long_term_this_year_base")
    assert found == ([(realized,) * 3] if realized else [])


def test_this_year_is_that_of_the_newest_nav_and_a_year_without_the_summary_is_not_known(house: House) -> None:
    old, eve = date(2024, 12, 30), NEW_YEARS_EVE
    house.loaded(
        file(
            period(eve, eve, old, eve, **{SUMMARY: [performance("-3")], "Trades": [sale("-3", reportDate=eve)]}),
            period(NEW_YEAR, MONDAY, MONDAY, **{SUMMARY: [performance("5")], "Trades": [sale("5")]}),
        )
    )
    asked = (
        "realized_pnl_base",
        "realized_this_year_base",
        "realized_pnl",
        "realized_this_year",
        "total_base",
        "reason",
    )
    assert gains(house, *asked) == [("2", "5", "2", "5", "12", None)]
    house.con.execute("UPDATE statement_accounts SET sections = list_filter(sections, lambda s: s <> ?)"
                      " WHERE to_date = ?", [SUMMARY, eve])  # fmt: skip
    reason = "the FIFO Performance Summary does not cover every year whole"
    assert gains(house, *asked) == [(None, "5", "2", "5", None, reason)]


def test_the_row_that_adds_all_up_is_left_out_and_one_that_is_set_aside_is_lacking(house: House) -> None:
    rows = [performance("5"), performance("7", conid=None, description="Total (All Assets)")]
    house.loaded(file(period(MONDAY, MONDAY, FRIDAY, MONDAY, **{SUMMARY: rows})))
    assert gains(house, "conid", "realized_pnl_base") == [("1", "5")]
    assert house.notes("summary_row_dropped") == {"FIFOPerformanceSummaryUnderlying": 1}
    twice = [performance("5"), performance("6")]
    house.loaded(
        file(period(TUESDAY, TUESDAY, TUESDAY, **{SUMMARY: twice, "OpenPositions": [position(reportDate=TUESDAY)]}))
    )
    assert gains(house, "realized_pnl_base", "total_base", "reason") == [
        (None, None, "the FIFO Performance Summary does not cover every year whole")
    ]


def test_a_profit_that_is_not_ready_is_not_known(house: House) -> None:
    message = "<Message>Realized P/L is not ready and has been disabled for this statement.</Message>"
    unready = [performance("0", totalUnrealizedPnl="0")]
    made = period(MONDAY, MONDAY, FRIDAY, MONDAY, Message=message, **{
        SUMMARY: unready, "OpenPositions": [position(fifoPnlUnrealized="0")], "Trades": [sale("0")]})  # fmt: skip
    house.loaded(file(made))
    assert gains(house, "realized_pnl_base", "realized_pnl", "unrealized_pnl_base", "reason") == [
        (None, None, None, "its unrealised result is not known; a trade states no realised result; the FIFO Performance"
         " Summary does not cover every year whole")
    ]  # fmt: skip


def test_what_a_security_cost_and_paid_stands_beside_its_results(house: House) -> None:
    """Commissions are in IBKR's results already: the total does not subtract them again."""
    paid = {
        "type": "Dividends",
        "currency": "USD",
        "fxRateToBase": "1",
        "amount": "4",
        "reportDate": MONDAY,
        "conid": "1",
    }
    rows = [paid, {**paid, "type": "Withholding Tax", "amount": "-1"}]
    house.loaded(file(period(MONDAY, MONDAY, FRIDAY, MONDAY, **{
        SUMMARY: [performance("5")], "Trades": [sale("5", taxes="-0.5")], "CashTransactions": rows})))  # fmt: skip
    asked = ("value", "cost_basis", "unrealized_pnl", "realized_pnl", "dividends", "withholding_tax", "costs", "total")
    assert gains(house, *asked) == [("50", "40", "10", "5", "4", "-1", "-1.5", "18")]
    assert gains(house, *(f"{name}_base" for name in asked)) == [("50", "40", "10", "5", "4", "-1", "-1.5", "18")]


def test_sums_of_several_currencies_are_not_added(house: House) -> None:
    trades = [sale("5"), sale("3", currency="EUR", fxRateToBase="1.1", ibCommissionCurrency="EUR")]
    house.loaded(file(period(MONDAY, MONDAY, FRIDAY, MONDAY, **{SUMMARY: [performance("8")], "Trades": trades})))
    assert gains(house, "currency", "total", "total_base", "costs_base") == [("USD", None, "18", "-2.1")]


def test_price_and_currency_are_apart_where_ibkr_states_them(house: House) -> None:
    held = position(currency="EUR", fxRateToBase="1.2", positionValue="50", costBasisMoney="45", fifoPnlUnrealized="15",
                    positionValueInBase="60", unrealizedCapitalGainsPnl="11", unrealizedlFxPnl="4")  # fmt: skip
    house.loaded(file(period(MONDAY, MONDAY, FRIDAY, MONDAY, OpenPositions=[held])))
    asked = ("unrealized_pnl_base", "unrealized_price_base", "unrealized_fx_base", "cost_basis_base", "cost_basis")
    assert gains(house, *asked) == [("15", "11", "4", "45", None)]


@pytest.mark.parametrize("shown", [None, [position(reportDate=FRIDAY)]], ids=["no section", "of an older day"])
def test_without_positions_of_the_newest_day_nothing_is_said_of_what_is_held(
    house: House, shown: list[Row] | None
) -> None:
    """A security that is not among them may be held."""
    sections: dict[str, Any] = {SUMMARY: [performance("5")], "Trades": [sale("5")], "OpenPositions": shown or ""}
    house.loaded(file(period(MONDAY, MONDAY, FRIDAY, MONDAY, **sections)))
    assert gains(house, "quantity", "value", "unrealized_pnl", "total_base", "realized_pnl_base", "reason") == [
        (None, None, None, None, "5", "the positions of the newest day are not there")
    ]


def test_what_names_no_contract_is_one_security_by_its_symbol(house: House) -> None:
    paid = {"type": "Dividends", "currency": "USD", "fxRateToBase": "1", "amount": "4", "symbol": "ACME", "isin": "X"}
    sections: dict[str, Any] = {
        SUMMARY: [performance("5", conid=None, symbol="ACME", isin="X")],
        "Trades": [sale("5", conid=None, isin="X", taxes=None)],
        "CashTransactions": [{**paid, "reportDate": MONDAY}],
        "OpenPositions": [position(conid=None, isin="X")],
    }
    house.loaded(file(period(MONDAY, MONDAY, FRIDAY, MONDAY, **sections)))
    # Without the field of taxes nobody knows the costs.
    assert gains(house, "symbol", "total_base", "costs_base") == [("ACME", "19", None)]
