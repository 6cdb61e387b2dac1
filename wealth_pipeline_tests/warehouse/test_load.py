"""What a statement's rows become: each trap of IBKR's form has a test of its own."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from wealth_pipeline_tests.flexml import (
    FRIDAY,
    MONDAY,
    TUESDAY,
    Row,
    Value,
    cash,
    file,
    flex,
    lot,
    nav,
    position,
    rate,
)

from .conftest import House

#: What identifies a payment, a trade or a transfer.
PAYMENT: Row = {"transactionID": "1", "accountId": "U1", "currency": "USD"}
HELD = "SELECT symbol, quantity, position_value, nav_value_base FROM positions ORDER BY symbol"


def holding(*rows: Row, **other: Any) -> bytes:
    return file(flex(OpenPositions=list(rows), **other))


def flex_with(section: str, *rows: Row) -> str:
    sections: dict[str, Any] = {section: rows}
    return flex(**sections)


def no_level(row: Row, **other: Value) -> Row:
    return {name: value for name, value in row.items() if name not in ("levelOfDetail", "openDateTime")} | other


# Positions.


@pytest.mark.parametrize(
    ("rows", "quantity", "lots"),
    [
        ([position(), lot(position="4"), lot(position="6")], "10", 2),
        ([lot(position="4", positionValue="20"), lot(position="6", positionValue="30")], "10", 2),
        ([position()], "10", 0),
        ([no_level(position())], "10", 0),
        ([no_level(position(), openDateTime="20250102;093000")], "10", 1),
        ([no_level(position()), no_level(position(), openDateTime="20250102;093000")], "10", 1),
        ([no_level(position()), no_level(position())], "10", 1),
        (
            [
                no_level(position(), position=q, positionValue=v, costBasisMoney=c, fifoPnlUnrealized=p)
                for q, v, c, p in (("10", "50", "40", "10"), ("4", "20", "15", "5"), ("6", "30", "25", "5"))
            ],
            "10",
            2,
        ),
        (
            [
                no_level(position(), position="5", positionValue="25", costBasisMoney=c, fifoPnlUnrealized=p)
                for c, p in (("15", "10"), ("25", "0"))
            ],
            "10",
            2,
        ),
        (
            [
                no_level(position(), originatingOrderID="7", position="5", positionValue="25"),
                no_level(position(), originatingOrderID="8", position="5", positionValue="25"),
            ],
            "10",
            2,
        ),
    ],
    ids=[
        "both levels",
        "lots only",
        "summary only",
        "no level, one row",
        "no level, an opening time",
        "no level, summary and lot by opening time",
        "no level, summary and its only lot",
        "no level, summary and two lots",
        "no level, two lots of one size",
        "no level, lots by their order",
    ],
)
def test_a_position_is_counted_once_at_any_level_of_detail(
    house: House, rows: list[Row], quantity: str, lots: int
) -> None:
    """SUMMARY and LOT rows state the same quantity twice; the level may be missing."""
    house.loaded(holding(*rows))
    assert house.texts("SELECT quantity, position_value FROM positions") == [(quantity, "50")]
    assert house.rows("SELECT count(*)::INT FROM position_lots") == [(lots,)]


def test_a_position_made_of_lots_takes_no_price_where_the_lots_differ(house: House) -> None:
    """One lot's cost price is not the position's."""
    house.loaded(holding(lot(costBasisPrice="3"), lot(costBasisPrice="5")))
    assert house.rows("SELECT cost_basis_price FROM positions") == [(None,)]


@pytest.mark.parametrize(
    ("row", "value", "counts"),
    [
        (position(assetCategory="FUT", position="-2", positionValue="-400000"), "-400000", "0"),
        (position(assetCategory="CFD", positionValue="9000", fifoPnlUnrealized="-12.5"), "9000", "-12.5"),
        (
            position(assetCategory="BOND", position="2000", markPrice="63.709", positionValue="1274.18"),
            "1274.18",
            "1274.18",
        ),
        (
            position(assetCategory="FOP", position="-1", multiplier="125000", markPrice="0.0008", positionValue="-100"),
            "-100",
            "-100",
        ),
        (position(position="-10", positionValue="-50", side="Short"), "-50", "-50"),
        (position(fxRateToBase="1.1", positionValue="50"), "50", "55"),
        (position(position="0.123456789", positionValue="0.617283945"), "0.617283945", "0.617283945"),
        (position(assetCategory="NEW", positionValue="50"), "50", None),
        (position(assetCategory=None, positionValue="50"), "50", None),
        (position(positionValue=None), None, None),
    ],
    ids=[
        "a future is notional",
        "a CFD counts its result",
        "a bond is in percent",
        "a futures option has a value",
        "a short is negative",
        "the row's own rate",
        "fractions",
        "an unknown class",
        "no class",
        "no value",
    ],
)
def test_what_a_position_adds_to_the_nav(house: House, row: Row, value: str | None, counts: str | None) -> None:
    """By IBKR's own value, never recomputed from the price; what is not known stays unknown."""
    house.loaded(holding(row))
    assert house.texts("SELECT position_value, nav_value_base FROM positions") == [(value, counts)]


def test_an_unknown_asset_category_is_noted_and_nothing_is_claimed_of_it(house: House) -> None:
    """IBKR adds categories; the position is kept, the proof says what it cannot do."""
    house.loaded(holding(position(assetCategory="NEW"), EquitySummaryInBase=[nav(stock="50")]))
    assert house.notes("unknown_value") == {"OpenPosition.assetCategory=NEW": 1}
    assert house.proofs()["positions"] == "not_evaluable"


@pytest.mark.parametrize(
    ("section", "row", "noted"),
    [
        ("OpenPositions", position(side="Sideways"), "OpenPosition.side=Sideways"),
        ("OpenPositions", position(putCall="X"), "OpenPosition.putCall=X"),
        ("CashTransactions", {"currency": "USD", "amount": "1", "type": "Air Drop"}, "CashTransaction.type=Air Drop"),
        ("Trades", {"currency": "USD", "quantity": "1", "buySell": "SWAP"}, "Trade.buySell=SWAP"),
        ("Trades", {"currency": "USD", "quantity": "1", "openCloseIndicator": "Z"}, "Trade.openCloseIndicator=Z"),
        ("Transfers", {"currency": "USD", "quantity": "1", "type": "BEAM"}, "Transfer.type=BEAM"),
        ("Transfers", {"currency": "USD", "quantity": "1", "direction": "UP"}, "Transfer.direction=UP"),
    ],
)
def test_a_value_that_ibkr_was_not_seen_to_write_is_loaded_and_noted(
    house: House, section: str, row: Row, noted: str
) -> None:
    """Somebody's query that counts on the known ones would miss it."""
    sections: dict[str, Any] = {section: [row, row]}
    house.loaded(file(flex(**sections)))
    assert house.notes("unknown_value") == {noted: 2}


def test_option_symbols_keep_their_padding(house: House) -> None:
    """OCC symbols are padded; collapsing the spaces makes another symbol."""
    house.loaded(holding(position(symbol="ASML  260130P00930000", assetCategory="OPT")))
    assert house.rows("SELECT symbol FROM positions") == [("ASML  260130P00930000",)]


def test_one_contract_in_two_models_is_two_positions(house: House) -> None:
    """A position may be split over model portfolios."""
    house.loaded(holding(position(model="Growth"), position(model="Independent", position="3")))
    assert house.texts("SELECT model, quantity FROM positions ORDER BY model") == [
        ("Growth", "10"),
        ("Independent", "3"),
    ]


def test_a_position_without_conid_is_known_by_its_security_id_or_symbol(house: House) -> None:
    """The field may not be ticked."""
    house.loaded(holding(position(conid=None), lot(conid=None), position(conid="", symbol="B", securityID="X1")))
    assert [row[0] for row in house.rows(HELD)] == ["ACME", "B"]
    assert house.rows("SELECT count(*)::INT FROM position_lots") == [(1,)]


def test_an_etf_is_a_stock_of_that_sub_category(house: House) -> None:
    """IBKR has no asset category ETF; where the statement does not say, nothing is guessed."""
    house.loaded(holding(position(subCategory="ETF"), position(conid="2", symbol="B")))
    assert house.rows("SELECT asset_class, sub_category FROM positions ORDER BY symbol") == [
        ("STK", "ETF"),
        ("STK", None),
    ]


@pytest.mark.parametrize(
    ("row", "basis", "derived"),
    [
        (position(costBasisMoney="40"), "40", False),
        (position(costBasisMoney="0"), "0", False),
        (position(costBasisMoney=None), "40", True),
        (
            position(costBasisMoney=None, assetCategory="OPT", position="-2", multiplier="100", costBasisPrice="1.5"),
            "-300",
            True,
        ),
        (position(costBasisMoney=None, assetCategory="BOND", position="2000", costBasisPrice="60"), "1200", True),
        (position(costBasisMoney=None, costBasisPrice=None), None, False),
    ],
)
def test_cost_basis_is_ibkrs_or_marked_as_derived(house: House, row: Row, basis: str | None, derived: bool) -> None:
    """A basis of 0 is IBKR's word on transferred positions, not a gap to fill."""
    house.loaded(holding(row))
    assert house.texts("SELECT cost_basis FROM positions") == [(basis,)]
    assert house.rows("SELECT cost_basis_derived FROM positions") == [(derived,)]


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([rate("EUR", "1.25")], "1.25"),
        ([rate("EUR", "1.25", MONDAY - timedelta(days=5)), rate("EUR", "2", MONDAY - timedelta(days=6))], "1.25"),
        ([rate("EUR", "1.25", MONDAY - timedelta(days=6))], None),
        ([rate("EUR", "1.25", TUESDAY)], None),
        ([rate("EUR", "-1"), rate("EUR", "1.2", FRIDAY)], "1.2"),
        ([rate("EUR", "0.9", to_currency="CHF")], None),
    ],
    ids=["the day's", "of five days before", "too old", "of a later day", "-1 is no rate", "to another currency"],
)
def test_a_missing_rate_is_ibkrs_conversion_rate(house: House, rates: list[Row], expected: str | None) -> None:
    """fxRateToBase is a field that need not be ticked; -1 means that there is no rate."""
    house.loaded(
        holding(
            position(currency="EUR", fxRateToBase=None),
            AccountInformation={"accountId": "U1", "currency": "USD"},
            ConversionRates=rates,
        )
    )
    assert house.texts("SELECT fx_rate_to_base FROM positions") == [(expected,)]
    assert house.rows("SELECT fx_rate_derived, position_value_base IS NULL FROM positions") == [
        (expected is not None, expected is None)
    ]


def test_no_rate_is_counted_by_currency_and_makes_no_row(house: House) -> None:
    """Multiplying by -1 turned assets into debts elsewhere."""
    house.loaded(file(flex(ConversionRates=[rate("BGN", "-1"), rate("BGN", "-1", FRIDAY), rate("EUR", "1.1")])))
    assert house.rows("SELECT from_currency FROM fx_rates") == [("EUR",)]
    assert house.notes("no_rate") == {"ConversionRate.BGN": 2}


@pytest.mark.parametrize("bad", ["-0.5", "-2"])
def test_a_negative_rate_is_refused(house: House, bad: str) -> None:
    """It can only be damage."""
    assert "ConversionRate row 2: rate" in house.refused(
        file(flex(ConversionRates=[rate("EUR", "1.1"), rate("GBP", bad)]))
    )
    assert "OpenPosition row 1: fxRateToBase" in house.refused(holding(position(fxRateToBase=bad)))


def test_an_odd_or_empty_currency_code_does_not_stop_the_file(house: House) -> None:
    """Real files have RUS, CNH and a row without a code."""
    house.loaded(file(flex(ConversionRates=[rate("RUS", "0.01"), rate("CNH", "0.14"), rate("", "1")])))
    assert house.rows("SELECT from_currency FROM fx_rates ORDER BY 1") == [("CNH",), ("RUS",)]
    assert house.notes("row_without_id") == {"ConversionRate": 1}


def test_two_accounts_of_one_base_state_the_same_rates_once(house: House) -> None:
    """Rates are no account's; each FlexStatement repeats them."""
    house.loaded(
        file(flex("U1", ConversionRates=[rate("EUR", "1.1")]), flex("U2", ConversionRates=[rate("EUR", "1.1")]))
    )
    assert house.texts("SELECT rate FROM fx_rates") == [("1.1",)]


# NAV.


def test_a_one_day_window_brings_the_prior_day_too_and_the_days_own_statement_wins(house: House) -> None:
    """Both FlexStatements of a broken-out file are generated in the same minute, the later day a second later."""
    house.loaded(
        file(
            flex(day=FRIDAY, generated="20250401;060000", EquitySummaryInBase=[nav(FRIDAY, "101")]),
            flex(day=MONDAY, generated="20250401;060001", EquitySummaryInBase=[nav(FRIDAY, "100"), nav(MONDAY, "110")]),
        )
    )
    assert house.texts("SELECT report_date, total, day_change FROM nav_history ORDER BY 1") == [
        (str(FRIDAY), "101", None),
        (str(MONDAY), "110", "9"),
    ]


def test_a_later_file_wins_whatever_its_window(house: House) -> None:
    """Across files the time of generation decides: IBKR restates days."""
    house.loaded(file(flex(day=FRIDAY, EquitySummaryInBase=[nav(FRIDAY, "101")])))
    house.loaded(file(flex(generated="20250402;060000", EquitySummaryInBase=[nav(FRIDAY, "102"), nav(MONDAY, "110")])))
    assert house.texts("SELECT total FROM nav WHERE report_date = '2025-03-07'") == [("102",)]


def test_components_of_a_component_are_kept_and_not_counted(house: House) -> None:
    """The *Component attributes are inside cash and interest: adding them counts twice."""
    house.loaded(file(flex(EquitySummaryInBase=[nav(brokerCashComponent="100", incentiveCouponAccruals="3")])))
    assert dict(house.rows("SELECT component, counted FROM nav_components")) == {
        "cash": True,
        "total": False,
        "brokerCashComponent": False,
        "incentiveCouponAccruals": False,
    }
    assert house.rows("SELECT status, reason FROM reconciliation WHERE check_name = 'parts'") == [
        ("passed", "other components: incentiveCouponAccruals 3")
    ]


def test_a_row_of_several_dates_is_no_day(house: House) -> None:
    """reportDate MULTI marks a summary."""
    house.loaded(file(flex(EquitySummaryInBase=[nav(), {**nav(total="9"), "reportDate": "MULTI"}])))
    assert house.texts("SELECT total FROM nav") == [("100",)]
    assert house.notes("summary_row_dropped") == {"EquitySummaryByReportDateInBase": 1}


def test_rows_of_a_consolidated_summary_are_left_out_and_counted(house: House) -> None:
    """accountId "-" stands for all accounts together: each figure would be there twice."""
    house.loaded(file(flex(EquitySummaryInBase=[nav(), {**nav(total="9"), "accountId": "-"}])))
    assert house.texts("SELECT account_id, total FROM nav") == [("U1", "100")]
    assert house.notes("summary_row_dropped") == {"EquitySummaryByReportDateInBase": 1}


def test_rows_without_account_or_date_take_those_of_their_flexstatement(house: House) -> None:
    """The fields need not be ticked."""
    house.loaded(
        file(
            flex(
                "U7",
                EquitySummaryInBase=[{**nav(), "accountId": None, "currency": None}],
                OpenPositions=[position(accountId=None, reportDate=None)],
                CashReport=[cash(accountId=None)],
                ChangeInNAV={"startingValue": "1", "endingValue": "1"},
            )
        )
    )
    for table in ("nav", "positions", "cash_totals"):
        assert house.rows(f"SELECT account_id, report_date FROM {table}") == [("U7", MONDAY)]
    assert house.rows("SELECT DISTINCT account_id, from_date, to_date FROM nav_changes") == [("U7", MONDAY, MONDAY)]


@pytest.mark.parametrize("name", ["U1", "DU1", "U7654321F", "Savings of 2025", "U***"])
def test_an_account_may_be_called_anything(house: House, name: str) -> None:
    """Paper accounts, sub-accounts, aliases in place of ids, masks."""
    house.loaded(file(flex(name, EquitySummaryInBase=[{**nav(), "accountId": name}])))
    assert house.rows("SELECT account_id, base_currency FROM nav_history") == [(name, "USD")]


def test_the_base_currency_comes_from_where_it_is_stated(house: House) -> None:
    """The account's own section, else its NAV rows, else the currency that the rates lead to."""
    house.loaded(
        file(
            flex("A", AccountInformation={"currency": "CHF"}, EquitySummaryInBase=[{**nav(), "accountId": "A"}]),
            flex("B", EquitySummaryInBase=[{**nav(), "accountId": "B", "currency": "EUR"}]),
            flex("C", ConversionRates=[rate("EUR", "1.5", to_currency="SGD")]),
            flex("D"),
        )
    )
    assert house.rows("SELECT account_id, base_currency FROM accounts ORDER BY 1") == [
        ("A", "CHF"),
        ("B", "EUR"),
        ("C", "SGD"),
        ("D", None),
    ]


def test_a_year_broken_out_by_day_is_one_load(house: House) -> None:
    """Hundreds of FlexStatements, nearly all of them empty."""
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(366)]
    statements = [flex(day=d, EquitySummaryInBase=[nav(d)], OpenPositions=[]) for d in days if d.weekday() < 5]
    outcome = house.loaded(file(*statements))
    assert len(outcome.changed) == len(statements) == 262
    assert house.rows("SELECT count(*)::INT FROM nav_history") == [(262,)]


# Cash.


def test_the_base_summary_is_no_currency(house: House) -> None:
    """Adding it to the currencies counts all cash twice."""
    rows = [cash(ending="162.5"), cash("USD", "100"), cash("EUR", "50")]
    house.loaded(
        file(flex(CashReport=rows, ConversionRates=[rate("EUR", "1.25")], EquitySummaryInBase=[nav(total="162.5")]))
    )
    assert house.texts("SELECT currency, ending_cash, ending_cash_base FROM cash_balances ORDER BY 1") == [
        ("EUR", "50", "62.5"),
        ("USD", "100", "100"),
    ]
    assert house.texts("SELECT ending_cash FROM cash_totals") == [("162.5",)]
    assert house.proofs()["cash"] == "passed"


def test_the_base_summary_is_known_by_its_currency_alone(house: House) -> None:
    """levelOfDetail need not be ticked."""
    house.loaded(file(flex(CashReport=[no_level(cash()), no_level(cash("USD"))])))
    assert house.rows("SELECT currency FROM cash_balances") == [("USD",)]
    assert house.rows("SELECT count(*)::INT FROM cash_totals") == [(1,)]


def test_cash_without_a_currency_is_refused(house: House) -> None:
    """Nobody knows what it is worth; it must not vanish either."""
    row = {"accountId": "U1", "currency": None, "levelOfDetail": "Currency"}
    assert "CashReportCurrency row 2 has no currency" in house.refused(file(flex(CashReport=[cash(), row])))


# Sections of activity.


def test_summaries_of_cash_transactions_are_left_out_and_counted(house: House) -> None:
    """With Summary ticked besides Detail each comes twice."""
    detail: Row = {"transactionID": "1", "accountId": "U1", "currency": "USD", "amount": "5", "levelOfDetail": "DETAIL"}
    summary: Row = {**detail, "transactionID": "", "accountId": "-", "levelOfDetail": "SUMMARY"}
    house.loaded(file(flex(CashTransactions=[detail, summary])))
    assert house.texts("SELECT amount FROM cash_transactions") == [("5",)]
    assert house.notes("summary_row_dropped") == {"CashTransaction": 1}


def test_trades_are_executions_only(house: House) -> None:
    """Orders and summaries describe the same trades."""
    trade: Row = {
        "transactionID": "1",
        "accountId": "U1",
        "currency": "USD",
        "quantity": "5",
        "levelOfDetail": "EXECUTION",
    }
    rest = "".join(f"<{tag} quantity='5'/>" for tag in ("Order", "Lot", "SymbolSummary"))
    rows = "".join(
        f"<Trade {' '.join(f'{k}={v!r}' for k, v in row.items())}/>"
        for row in (trade, {**trade, "transactionID": "2", "levelOfDetail": "ORDER"})
    )
    house.loaded(file(flex(Trades=f"<Trades>{rows}{rest}</Trades>")))
    assert house.rows("SELECT transaction_id FROM trades") == [("1",)]
    assert house.notes("summary_row_dropped") == {"Trade": 1}
    assert house.notes("row_not_loaded") == {"Trades/Order": 1, "Trades/Lot": 1, "Trades/SymbolSummary": 1}


def test_rows_without_ibkrs_id_are_known_by_what_they_state(house: House) -> None:
    """The field need not be ticked; an overlapping statement must not bring them a second time."""
    fee: Row = {"accountId": "U1", "currency": "USD", "amount": "-5", "type": "Other Fees", "dateTime": "20250310"}
    trade: Row = {"accountId": "U1", "currency": "USD", "tradeID": "9", "quantity": "5", "dateTime": "20250310;100000"}
    move: Row = {"accountId": "U1", "currency": "USD", "type": "ACATS", "quantity": "5", "date": "20250310"}
    for generated in ("20250401;060000", "20250402;060000"):
        house.loaded(
            file(
                flex(
                    generated=generated,
                    CashTransactions=[fee, fee, {**fee, "amount": "-6"}],
                    Trades=[trade],
                    Transfers=[move],
                )
            )
        )
    assert house.texts("SELECT amount, transaction_id FROM cash_transactions ORDER BY 1") == [
        ("-6", None),
        ("-5", None),
        ("-5", None),
    ]
    assert house.rows("SELECT count(*)::INT FROM trades UNION ALL SELECT count(*)::INT FROM transfers") == [(1,), (1,)]


# The file as a whole.


@pytest.mark.parametrize("order", [1, -1])
def test_a_section_with_rows_of_another_account_alone_says_none_of_its_own(
    new_house: Callable[[], House], order: int
) -> None:
    """Else a position that a newer statement shows under a sub-account's name is there twice."""
    accrual: dict[str, Any] = {"accountId": "U1", "currency": "USD", "conid": "1", "netAmount": "5"}
    files = [
        file(
            flex(generated=generated, OpenPositions=[position(accountId=account)],
                 OpenDividendAccruals=[{**accrual, "accountId": account}])
        )
        for generated, account in (("20250401;060000", "U1"), ("20250402;060000", "U1-P"))
    ]  # fmt: skip
    house = new_house()
    for data in files[::order]:
        house.loaded(data)
    assert house.texts("SELECT account_id, quantity FROM positions") == [("U1-P", "10")]
    assert house.texts("SELECT account_id FROM dividend_accruals") == [("U1-P",)]


def test_an_empty_section_says_none_and_an_absent_one_nothing(house: House) -> None:
    """No positions is an observation, no section is ignorance."""
    house.loaded(holding(position()))
    house.loaded(file(flex(generated="20250402;060000", EquitySummaryInBase=[nav()])))
    assert len(house.rows(HELD)) == 1
    house.loaded(holding(EquitySummaryInBase=[nav(stock="0")], generated="20250403;060000"))
    assert house.rows(HELD) == []
    assert house.proofs()["positions"] == "passed"


@pytest.mark.parametrize(
    ("section", "row", "other"),
    [
        ("EquitySummaryInBase", nav(), nav(total="101")),
        ("OpenPositions", position(), position(position="11")),
        ("CashReport", cash("USD"), cash("USD", "101")),
        ("ConversionRates", rate("EUR", "1.1"), rate("EUR", "1.2")),
    ],
)
def test_a_row_that_is_there_twice_counts_once_and_two_that_differ_are_refused(
    house: House, section: str, row: Row, other: Row
) -> None:
    """Neither counted twice nor chosen from silently."""
    assert "both state the same" in house.refused(file(flex_with(section, row, other)))
    house.loaded(file(flex_with(section, row, row)))
    tables = ("nav", "positions", "cash_balances", "fx_rates")
    assert sum(house.rows(f"SELECT count(*)::INT FROM {t}")[0][0] for t in tables) == 1
    assert house.notes("repeated_row") != {}


@pytest.mark.parametrize(
    "data",
    [
        file(flex(EquitySummaryInBase=[nav()]))[:-60],
        file(flex(EquitySummaryInBase=[nav()], OpenPositions=[position(position="ten")])),
        file(flex(EquitySummaryInBase=[nav()]), root='type="TCF"'),
        b'<!DOCTYPE FlexQueryResponse [<!ENTITY a "b">]>' + file(flex(EquitySummaryInBase=[nav()])),
        file(flex(EquitySummaryInBase=[nav()], OpenPositions=[position(position=None)])),
        file(flex(OpenPositions=[position(positionValue="9" * 16, fxRateToBase="99999999")])),
        file(flex(OpenPositions=[lot(position="9" * 16), lot(position="9" * 16)])),
    ],
    ids=[
        "cut off",
        "a word for a number",
        "trade confirmations",
        "a document type",
        "no quantity",
        "too large a product",
        "too large a sum",
    ],
)
def test_a_rejected_file_changes_no_figure_and_is_listed_with_the_reason(house: House, data: bytes) -> None:
    """Whole or not at all; the archive keeps it for a newer version of the software."""
    house.loaded(file(flex(day=FRIDAY, EquitySummaryInBase=[nav(FRIDAY)], OpenPositions=[position(reportDate=FRIDAY)])))
    assert house.refused(data)


def test_a_rejected_file_is_tried_again_and_a_loaded_one_is_known(house: House) -> None:
    """A newer version may understand it."""
    bad, good = file(flex())[:-30], file(flex())
    assert [house.load(data).status for data in (bad, bad, good, good)] == ["rejected", "rejected", "loaded", "known"]
    assert house.rows("SELECT status FROM statements ORDER BY 1") == [("loaded",), ("rejected",)]


def test_nothing_personal_enters_any_table(house: House) -> None:
    """Names and addresses stay in the archive, where only the owner reads."""
    them = {"name": "Jane Sentinel", "street": "Sentinel 1", "primaryEmail": "sentinel@x.org", "city": "Sentinelton"}
    house.loaded(file(flex(AccountInformation={"accountId": "U1", "currency": "USD", **them, "petName": "Sentinel"})))
    house.load(file(flex(AccountInformation={"accountId": "U1", "dateOpened": "Sentinel", **them})))
    everything = [*house.contents().items(), house.rows("FROM statements")]
    assert "sentinel" not in repr(everything).lower()
    assert house.notes("personal_attribute").keys() >= {f"AccountInformation.{name}" for name in them}


def test_a_newer_description_of_an_account_wins_field_by_field(house: House) -> None:
    """A query with fewer fields ticked does not erase what another one said."""
    house.loaded(file(flex(AccountInformation={"accountId": "U1", "currency": "USD", "accountType": "Individual"})))
    house.loaded(file(flex(generated="20250402;060000", AccountInformation={"accountId": "U1", "acctAlias": "mine"})))
    house.loaded(
        file(flex(day=FRIDAY, generated="20250308;060000", AccountInformation={"accountId": "U1", "acctAlias": "old"}))
    )
    assert house.rows("SELECT alias, base_currency, account_type FROM accounts") == [("mine", "USD", "Individual")]


def test_a_damaged_archive_object_is_told_from_a_bad_statement(new_house: Callable[[], House]) -> None:
    """IBKR's statement is all right then: it must not be listed as rejected, and importing it again mends it."""
    from wealth_pipeline.warehouse.archive import ArchiveError
    from wealth_pipeline.warehouse.load import load

    house = new_house()
    data = file(flex(EquitySummaryInBase=[nav(day=MONDAY - timedelta(days=n)) for n in range(300)]))
    sha256 = house.archive.add(io.BytesIO(data), source="import").sha256
    packed = house.archive.path(sha256)
    whole = packed.read_bytes()
    other = file(flex(EquitySummaryInBase=[nav(total="999")]))  # valid, and not what the name says
    flipped = data.replace(b"accountId", b"accountIe", 1)
    for damaged in (
        whole[:-20],
        whole[:100] + b"\x00\xff" + whole[102:],
        whole[:-6] + b"\x00" + whole[-5:],
        b"",
        gzip.compress(other),
        gzip.compress(flipped),
        gzip.compress(data + b" "),
    ):
        packed.write_bytes(damaged)
        with pytest.raises(ArchiveError, match="cannot be read"):
            load(house.con, house.archive, sha256)
        assert house.rows("FROM statements") == []
        assert house.rows("FROM nav_versions") == []
    assert house.load(data).status == "loaded"


def test_an_account_whose_rows_stand_in_another_ones_statement_counts_as_well(house: House) -> None:
    """Its rows are loaded; without a description it would be left out of the net worth."""
    other: Row = {**nav(total="7"), "accountId": "U2", "currency": "USD"}
    house.loaded(file(flex(EquitySummaryInBase=[nav(), other], AccountInformation={"currency": "USD"})))
    assert house.rows("SELECT account_id, base_currency FROM accounts ORDER BY 1") == [("U1", "USD"), ("U2", "USD")]
    assert house.texts("SELECT total, accounts FROM net_worth") == [("107", "2")]


def test_a_statement_that_announces_more_than_it_holds_is_noted(house: House) -> None:
    """An account that is lacking would otherwise be lacking without a word."""
    house.loaded(file(flex(EquitySummaryInBase=[nav()])).replace(b'count="1"', b'count="2"'))
    assert house.notes("wrong_count") == {"FlexStatements": 1}


def test_a_statement_for_which_the_memory_limit_leaves_no_room_takes_what_the_machine_has(house: House) -> None:
    """The limit is ours: a statement of unusual form is loaded all the same."""
    house.con.execute("SET memory_limit = '6MB'")
    house.loaded(file(flex(EquitySummaryInBase=[nav()], OpenPositions=[position()])))
    assert house.rows("SELECT current_setting('memory_limit')") != [("5.7 MiB",)]
    assert house.rows("SELECT count(*)::INT FROM positions") == [(1,)]
