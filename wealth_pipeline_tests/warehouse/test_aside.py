"""A row of a side section that cannot be loaded is set aside: exactly that row, and what rests on it says so."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, Row, Value, cash, file, flex, lot, nav, position

from .conftest import House

CHANGE: Row = {"startingValue": "100", "endingValue": "110", "mtm": "10"}
ACCRUAL: Row = {"accountId": "U1", "currency": "USD", "conid": "1", "symbol": "ACME", "netAmount": "5"}
PAYMENT: Row = {"accountId": "U1", "currency": "USD", "transactionID": "7", "type": "Dividends", "amount": "5"}
TRADE: Row = {"accountId": "U1", "currency": "USD", "transactionID": "8", "quantity": "5", "reportDate": MONDAY}
ASIDE = "SELECT element, row, report_date, reason FROM rows_set_aside ORDER BY ALL"
PROVED = "SELECT status, reason FROM reconciliation WHERE check_name = ? AND report_date = '2025-03-10'"


def one(generated: str = "20250401;060000", **sections: Any) -> bytes:
    return file(flex(generated=generated, EquitySummaryInBase=[nav(dividendAccruals="5", total="105")], **sections))


def held(*rows: Row) -> dict[str, Any]:
    return {"OpenPositions": rows}


@pytest.mark.parametrize(
    ("proof", "bad", "good", "reason"),
    [
        (
            "dividends",
            {"OpenDividendAccruals": [ACCRUAL, {**ACCRUAL, "netAmount": "five"}]},
            {"OpenDividendAccruals": [ACCRUAL]},
            "a row of OpenDividendAccruals was set aside: netAmount='five' is not a number",
        ),
        (
            "lots",
            held(position(), lot(position="4"), lot(position="6,5,3")),
            held(position(), lot(positionValue="25"), lot(position="0", positionValue="25")),
            "a row of OpenPositions was set aside: position='6,5,3' is not a number",
        ),
        (
            "bridge",
            {"ChangeInNAV": {**CHANGE, "mtm": "ten"}},
            {"ChangeInNAV": CHANGE},
            "a row of ChangeInNAV was set aside: mtm='ten' is not a number",
        ),
    ],
)
def test_a_proof_over_a_section_that_lacks_a_row_is_not_evaluable_until_a_later_statement_has_it(
    new_house: Callable[[], House], proof: str, bad: Any, good: Any, reason: str
) -> None:
    """Whatever the order in which they come."""
    files = [one("20250401;060000", **bad), one("20250402;060000", **good)]
    for order in (files, files[::-1]):
        house = new_house()
        for n, data in enumerate(order):
            house.loaded(data)
            if order is files and n == 0:
                assert house.rows(PROVED, proof) == [("not_evaluable", reason)]
        assert house.rows(PROVED, proof)[0][1] != reason
    house = new_house()
    house.loaded(one("20250401;060000", **good))
    house.loaded(one("20250402;060000", **bad))
    assert house.rows(PROVED, proof) == [("not_evaluable", reason)]


@pytest.mark.parametrize(
    ("section", "rows", "aside"),
    [
        ("CashTransactions", [PAYMENT, {**PAYMENT, "amount": ""}], (2, "it has no amount")),
        ("CashTransactions", [{**PAYMENT, "amount": None}], (1, "it has no amount")),
        ("CashTransactions", [{**PAYMENT, "fxRateToBase": "-0.5"}, PAYMENT], (1, "its fxRateToBase is negative")),
        ("Trades", [TRADE, {**TRADE, "reportDate": "soon"}], (2, "reportDate='soon' is not a date in a format of the")),
        ("Trades", [{**TRADE, "quantity": "1.0000000000001"}], (1, "quantity='1.0000000000001' has more decimals")),
        (
            "InterestAccruals",
            [{"currency": "USD", "interestAccrued": "1"}, {"currency": "USD", "interestAccrued": "2"}],
            (2, "row 1 states the same account_id and from_date and to_date differently"),
        ),
        (
            "InterestAccruals",
            [{"currency": "USD", "interestAccrued": "1", "model": model} for model in "AAB"],
            (2, "it states a model of its account a second time"),
        ),
        ("SecuritiesInfo", [{"conid": "1", "symbol": symbol} for symbol in "AB"], (2, "conid 1 is listed a second")),
        ("SecuritiesInfo", [{"conid": "1"}, {"conid": "", "symbol": "B"}], (2, "it has no conid")),
        (
            "InterestAccruals",
            [{"currency": "USD"}, {"currency": "EUR", "fromDate": "20250311", "toDate": "20250310"}],
            (2, "it ends before it begins"),
        ),
    ],
)
def test_exactly_the_odd_row_is_set_aside(house: House, section: str, rows: list[Row], aside: tuple[int, str]) -> None:
    sections: dict[str, Any] = {section: rows}
    house.loaded(one(**sections))
    found = house.rows("SELECT row, reason FROM rows_set_aside")
    assert [row for row, _ in found] == [aside[0]]
    assert found[0][1].startswith(aside[1])
    table = {"InterestAccruals": "interest_accruals", "SecuritiesInfo": "securities"}.get(section) or (
        "trades" if section == "Trades" else "cash_transactions"
    )
    by_model = 2 if rows[0].get("model") else 1
    assert house.rows(f"SELECT count(*)::INT FROM {table}") == [((len(rows) - 1) // by_model,)]
    assert house.texts("SELECT total FROM nav") == [("105",)]


def test_a_change_of_the_nav_that_ends_before_it_begins_fails_no_proof(house: House) -> None:
    house.loaded(one(ChangeInNAV={**CHANGE, "fromDate": "20250311"}))
    assert [row[3] for row in house.rows(ASIDE)] == ["it ends before it begins"]
    assert house.rows("FROM nav_changes") == []
    assert house.rows(PROVED, "bridge") == [
        ("not_evaluable", "a row of ChangeInNAV was set aside: it ends before it begins")
    ]


def test_a_second_change_of_the_nav_that_differs_is_set_aside(house: House) -> None:
    other = '<ChangeInNAV startingValue="100" endingValue="110" mtm="11"/>'
    house.loaded(one(ChangeInNAV=CHANGE).replace(b"</FlexStatement>", f"{other}</FlexStatement>".encode()))
    assert house.texts("SELECT amount FROM nav_changes WHERE component = 'mtm'") == [("10",)]
    assert [row[:2] for row in house.rows(ASIDE)] == [("ChangeInNAV", 2)]


def test_a_lot_that_is_the_position_itself_refuses_the_file(house: House) -> None:
    """A query with lots only: the sum would lack it."""
    rows = [lot(position="4"), lot(position="six")]
    assert "OpenPosition row 2, a lot of a position without a SUMMARY row: position='six'" in house.refused(
        one(**held(*rows))
    )
    house.loaded(one(**held(*rows, position())))
    assert house.texts("SELECT quantity FROM positions") == [("10",)]
    assert house.texts("SELECT quantity FROM position_lots") == [("4",)]


@pytest.mark.parametrize("odd", [{"model": "A"}, {"conid": "", "symbol": ""}, {"model": "A", "position": "six"}])
def test_a_lot_that_may_be_of_a_position_beside_it_makes_none(house: House, odd: Row) -> None:
    """IBKR states lots beside the positions that they add up to."""
    house.loaded(one(**held(position(), lot(), lot(**odd))))
    assert house.texts("SELECT conid, quantity, from_lots FROM positions") == [("1", "10", "False")]
    assert house.texts("SELECT conid, quantity FROM position_lots") == [("1", "10")]
    assert house.rows("SELECT element, row FROM rows_set_aside") == [("OpenPosition", 3)]


@pytest.mark.parametrize(
    ("lacks", "summary"),
    [
        ({"conid": ""}, {}),
        ({"conid": "-", "symbol": "", "securityID": "US1"}, {"securityID": "US1"}),
        ({"symbol": ""}, {}),
        ({"securityID": "US1"}, {"conid": ""}),
        ({}, {"conid": ""}),
        ({"model": ""}, {"model": "A"}),
    ],
)
def test_a_lot_is_of_the_position_that_an_identifier_of_both_names(house: House, lacks: Row, summary: Row) -> None:
    """One of the two may lack the others."""
    lots = [lot(position="4", positionValue="20", costBasisMoney="16", fifoPnlUnrealized="4"),
            lot(position="6", positionValue="30", costBasisMoney="24", fifoPnlUnrealized="6")]  # fmt: skip
    house.loaded(one(**held(position(**summary), *({**row, **lacks} for row in lots))))
    assert house.texts("SELECT conid, model, symbol, quantity, from_lots FROM positions") == [
        ("1", summary.get("model"), "ACME", "10", "False")
    ]
    assert house.rows("FROM rows_set_aside") == []
    assert house.rows(PROVED, "lots") == [("passed", None)]


def test_a_contract_of_the_same_symbol_is_another_one(house: House) -> None:
    """Two contracts may share it; what names a lot better than the symbol decides."""
    house.loaded(one(**held(position(), position(conid="2"), lot(conid="3"), lot(conid="2"), lot(conid=""))))
    assert house.texts("SELECT conid, from_lots FROM positions ORDER BY 1") == [
        ("1", "False"), ("2", "False"), ("3", "True"),
    ]  # fmt: skip
    assert house.texts("SELECT conid FROM position_lots ORDER BY 1") == [("2",), ("3",)]
    assert house.rows("SELECT element, row FROM rows_set_aside") == [("OpenPosition", 5)]


def test_a_lot_of_a_contract_without_a_summary_row_is_its_position_and_refuses_the_file_where_it_is_odd(
    house: House,
) -> None:
    other = {"conid": "2", "symbol": "OTHER"}
    house.refused(one(**held(position(), lot(), lot(**other, position="six"))))
    house.loaded(one(**held(position(), lot(), lot(**other))))
    assert house.texts("SELECT conid, from_lots FROM positions ORDER BY 1") == [("1", "False"), ("2", "True")]
    assert house.rows("FROM rows_set_aside") == []


FINE = "1.0000000000001"


@pytest.mark.parametrize("account", ["-", "N/A", "", None])
@pytest.mark.parametrize(
    ("section", "rows"),
    [
        ("EquitySummaryInBase", [nav(), nav(total=FINE)]),
        ("OpenPositions", [position(), position(positionValue=FINE)]),
        ("CashReport", [cash(), cash(endingCash=FINE)]),
        ("CashTransactions", [PAYMENT, {**PAYMENT, "amount": FINE}]),
        ("OpenDividendAccruals", [ACCRUAL, {**ACCRUAL, "netAmount": "word"}]),
    ],
)
def test_a_sum_of_other_rows_is_left_out_whatever_it_states(
    house: House, account: str | None, section: str, rows: list[Row]
) -> None:
    """It is not loaded, and so neither refuses the file nor is set aside."""
    sections: Any = {"EquitySummaryInBase": [nav()], section: [{**rows[1], "accountId": account}, rows[0]]}
    house.loaded(file(flex(**sections)))
    assert sum(house.notes("summary_row_dropped").values()) == 1
    assert house.rows("FROM rows_set_aside") == []


@pytest.mark.parametrize("date", ["MULTI", "-", ""])
def test_a_nav_row_of_several_days_is_left_out_whatever_it_states(house: House, date: str) -> None:
    house.loaded(file(flex(EquitySummaryInBase=[nav(reportDate=date, total=FINE), nav()])))
    assert house.texts("SELECT total FROM nav") == [("100",)]
    assert house.notes("summary_row_dropped") == {"EquitySummaryByReportDateInBase": 1}


@pytest.mark.parametrize("odd", [{"total": FINE}, {"reportDate": "soon"}, {"reportDate": "soon", "total": FINE}])
def test_a_row_without_account_is_no_sum_where_the_field_is_not_ticked(house: House, odd: Row) -> None:
    rows = [{**nav(FRIDAY), "accountId": None}, {**nav(), "accountId": None, **odd}]
    assert "EquitySummaryByReportDateInBase row 2: " in house.refused(file(flex(EquitySummaryInBase=rows)))


@pytest.mark.parametrize(
    ("column", "attribute"),
    [("mark_price", "markPrice"), ("cost_basis_price", "costBasisPrice"), ("unrealized_pnl", "fifoPnlUnrealized")],
)
def test_a_figure_on_which_no_nav_rests_is_null_and_noted(house: House, column: str, attribute: str) -> None:
    text: Value = "4.12345678901234"
    house.loaded(one(**held(position(**{attribute: text}), position(conid="2"))))
    rows = house.rows(f"SELECT {column} IS NULL, nav_value_base IS NULL FROM positions ORDER BY conid")
    assert rows == [(True, False), (False, False)]
    assert house.rows("SELECT name, count, sample FROM statement_notes WHERE kind = 'unreadable_value'") == [
        (f"OpenPosition.{attribute}", 1, text)
    ]


def test_nothing_personal_is_kept_of_a_row_that_is_set_aside(house: House) -> None:
    """A shifted text could be a name, and an unknown attribute an address."""
    row = {**TRADE, "quantity": "Jane Sentinel", "accountTitle": "Sentinel", "brandNew": "Sentinel Street 1"}
    house.loaded(one(Trades=[row]))
    kept = house.rows("SELECT attributes->>'transactionID', attributes->>'quantity', reason FROM rows_set_aside")
    assert kept == [("8", "(a text)", "quantity=a value is not a number")]
    assert "sentinel" not in repr(house.contents()).lower()


def test_rows_without_account_beside_rows_that_have_one_are_sums(house: House) -> None:
    """IBKR: of a query over several accounts. Where no row has it, the field is not ticked."""
    sums = {"accountId": None, "transactionID": None, "amount": "50"}
    house.loaded(
        file(
            flex("U1", CashTransactions=[PAYMENT, {**PAYMENT, **sums}], EquitySummaryInBase=[nav()]),
            flex("U2", CashTransactions=[{**PAYMENT, **sums}], EquitySummaryInBase=[{**nav(), "accountId": None}]),
        )
    )
    assert house.texts("SELECT account_id, amount FROM cash_transactions") == [("U1", "5")]
    assert house.notes("summary_row_dropped") == {"CashTransaction": 2, "EquitySummaryByReportDateInBase": 1}


def test_a_nav_of_a_sunday_is_noted(house: House) -> None:
    house.loaded(file(flex(EquitySummaryInBase=[nav(MONDAY.replace(day=9)), nav()])))
    assert house.notes("weekend_row") == {"EquitySummaryByReportDateInBase.reportDate": 1}


# Events.


def events(generated: str, *rows: Row, first: Any = None, day: Any = MONDAY, account: str = "U1") -> bytes:
    return file(flex(account, day, first=first, generated=generated, CashTransactions=rows))


def in_every_order(new_house: Callable[[], House], files: list[bytes], query: str) -> list[Any]:
    """What is loaded of some files, the same whatever their order."""
    answers = []
    for order in itertools.permutations(files):
        house = new_house()
        for data in order:
            house.load(data)
        answers.append(house.texts(query))
    assert all(answer == answers[0] for answer in answers)
    return answers[0]


SHOWN = "SELECT row_id, amount, report_date, known_since FROM cash_transactions ORDER BY ALL"


@pytest.mark.parametrize("later", [[], [{"currency": "EUR", "endingAccrualBalance": "7"}]])
def test_accrued_interest_that_a_later_statement_does_not_show_is_gone(
    new_house: Callable[[], House], later: list[Row]
) -> None:
    """A section without rows says that nothing was accrued, one that is not there says nothing."""
    accrued: Row = {"currency": "USD", "endingAccrualBalance": "7"}
    files = [
        file(flex(generated="20250311;060000", InterestAccruals=[accrued])),
        file(flex(generated="20250312;060000", InterestAccruals=later)),
        file(flex(generated="20250313;060000"), flex(generated="20250313;060000", first=FRIDAY, InterestAccruals=[])),
    ]
    query = "SELECT currency FROM interest_accruals"
    assert in_every_order(new_house, files, query) == [(row["currency"],) for row in later]


@pytest.mark.parametrize("order", [1, -1])
def test_a_later_flexstatement_of_the_same_file_takes_the_old_payment_away_too(house: House, order: int) -> None:
    """Those of one period are united: nothing says that one of them is the whole."""
    paid = {**PAYMENT, "reportDate": MONDAY}
    older = flex(first=FRIDAY, generated="20250311;060000", CashTransactions=[{**paid, "amount": "1000"}])
    newer = flex(generated="20250312;060000", CashTransactions=[{**paid, "amount": "900", "transactionID": "9"}])
    again = flex(generated="20250313;060000", CashTransactions=[{**paid, "amount": "1", "transactionID": "10"}])
    house.loaded(file(*[older, newer, again][::order]))
    assert house.texts("SELECT amount FROM cash_transactions ORDER BY 1") == [("1",), ("900",)]


def test_a_corrected_payment_takes_the_old_one_away(new_house: Callable[[], House]) -> None:
    """IBKR gives the corrected row another id; the deposit counted twice."""
    deposit = {**PAYMENT, "type": "Deposits/Withdrawals", "reportDate": FRIDAY}
    files = [
        events("20250308;060000", {**deposit, "amount": "1000"}, day=FRIDAY),
        events("20250311;060000", {**deposit, "amount": "900", "transactionID": "9"}, first=FRIDAY),
        events("20250310;060000", {**deposit, "amount": "950"}, day=FRIDAY),
    ]
    assert in_every_order(new_house, files, SHOWN) == [("9", "900", "2025-03-07", "2025-03-11 10:00:00")]


def test_an_empty_section_takes_the_rows_of_its_days_away_and_an_absent_one_none(
    new_house: Callable[[], House],
) -> None:
    old = events("20250308;060000", {**PAYMENT, "reportDate": FRIDAY}, day=FRIDAY)
    absent = file(flex(first=FRIDAY, generated="20250311;060000"))
    assert len(in_every_order(new_house, [old, absent], SHOWN)) == 1
    assert in_every_order(new_house, [old, events("20250311;060000", first=FRIDAY)], SHOWN) == []
    assert len(in_every_order(new_house, [old, events("20250311;060000")], SHOWN)) == 1
    assert len(in_every_order(new_house, [old, events("20250311;060000", first=FRIDAY, account="U2")], SHOWN)) == 1


def test_rows_of_one_id_are_numbered_by_what_they_state(new_house: Callable[[], House]) -> None:
    """A cancellation keeps the id, perhaps on another day."""
    rows = [{**PAYMENT, "amount": amount, "reportDate": FRIDAY} for amount in ("-58", "58", "-58")]
    later = {**PAYMENT, "amount": "58", "reportDate": MONDAY}
    files = [events("20250308;060000", *rows, day=FRIDAY), events("20250311;060000", later)]
    found = in_every_order(new_house, files, "SELECT row_id, amount FROM cash_transactions ORDER BY ALL")
    assert [row for row, _ in found] == ["7/1", "7/2", "7/3", "7/4"]
    assert sorted(amount for _, amount in found) == ["-58", "-58", "58", "58"]
    assert found[3] == ("7/4", "58")


def test_two_flexstatements_of_one_account_and_period_unite_their_events(house: House) -> None:
    """Equal rows stand as often as in the one that has most of them; what differs is noted."""
    fee: Row = {"accountId": "U1", "currency": "USD", "amount": "-1", "type": "Other Fees", "levelOfDetail": "DETAIL"}
    first = flex(CashTransactions=[PAYMENT, fee, fee], EquitySummaryInBase=[nav()], ChangeInNAV=CHANGE)
    second = flex(
        generated="20250401;060001", CashTransactions=[fee, {**PAYMENT, "transactionID": "9"}],
        EquitySummaryInBase=[nav()], ChangeInNAV={**CHANGE, "mtm": "11"},
    )  # fmt: skip
    house.loaded(file(first, second))
    assert house.texts("SELECT amount FROM cash_transactions ORDER BY ALL") == [("-1",), ("-1",), ("5",), ("5",)]
    assert house.texts("SELECT amount FROM nav_changes WHERE component = 'mtm'") == [("11",)]
    assert house.notes("statements_differ") == {"CashTransaction": 1, "ChangeInNAV": 1}


def test_a_repeated_row_of_one_id_counts_once(house: House) -> None:
    house.loaded(one(CashTransactions=[PAYMENT, PAYMENT], Trades=[TRADE, TRADE]))
    assert house.rows("SELECT count(*)::INT FROM cash_transactions UNION ALL SELECT count(*)::INT FROM trades") == [
        (1,), (1,),
    ]  # fmt: skip
    assert house.notes("repeated_row") == {"cash_transactions": 1, "trades": 1}


def test_a_payment_outside_its_statements_days_is_there_once(new_house: Callable[[], House]) -> None:
    """Without its report date a dividend is dated by its time, which may lie before the window."""
    early = {**PAYMENT, "dateTime": "20250303;202000"}
    files = [events("20250310;060000", early, first=FRIDAY), events("20250311;060000", early, first=FRIDAY)]
    corrected = [files[0], events("20250312;060000", {**early, "amount": "6"}, first=FRIDAY)]
    query = "SELECT amount, event_date FROM cash_transactions"
    assert in_every_order(new_house, files, query) == [("5", "2025-03-03")]
    assert in_every_order(new_house, corrected, query) == [("6", "2025-03-03")]


def test_a_row_of_another_account_goes_with_the_flexstatement_that_stated_it(new_house: Callable[[], House]) -> None:
    """A sub-account without FlexStatement of its own."""
    foreign = {**PAYMENT, "accountId": "U1-P"}
    files = [events("20250311;060000", foreign), events("20250312;060000", PAYMENT)]
    assert in_every_order(new_house, files, "SELECT account_id, row_id FROM cash_transactions") == [("U1", "7")]


def test_cash_that_does_not_say_its_currency_still_refuses_the_file(house: House) -> None:
    """The NAV's cash rests on it."""
    rows = [cash(), cash("USD"), {**cash("EUR"), "currency": ""}]
    assert "CashReportCurrency row 3 has no currency. Nothing of this file" in house.refused(one(CashReport=rows))
