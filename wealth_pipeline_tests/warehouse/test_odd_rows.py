"""Rows that a query's settings make odd: no ids, null markers, models, summaries, other sections, second versions."""

from __future__ import annotations

from typing import Any

import pytest

from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, Row, cash, file, flex, lot, nav, position, rate

from .conftest import House

FEE: Row = {"type": "Other Fees", "currency": "USD", "amount": "-10", "description": "SNAPSHOT FEE"}


def one(**sections: Any) -> bytes:
    return file(flex(**sections))


def days(*rows: tuple[Any, Row]) -> bytes:
    """A FlexStatement for each day, with a payment."""
    return file(*(flex(day=day, CashTransactions=[row]) for day, row in rows))


@pytest.mark.parametrize("marker", ["-", "--", "N/A", "MULTI", ""])
def test_a_null_marker_is_no_id(house: House, marker: str) -> None:
    """Two contracts would become one, and a summary a lot."""
    first, second = lot(conid=marker, symbol="A"), lot(conid=marker, symbol="B", securityID=marker, model=marker)
    house.loaded(one(OpenPositions=[first, second]))
    assert house.texts("SELECT symbol, quantity, model FROM positions ORDER BY 1") == [
        ("A", "10", None), ("B", "10", None),
    ]  # fmt: skip


@pytest.mark.parametrize("marker", ["-", "--", "N/A"])
def test_a_null_marker_is_no_currency(house: House, marker: str) -> None:
    """The base currency is another row's then, and a position's value in base currency unknown."""
    trade: Row = {"transactionID": "8", "currency": "USD", "quantity": "5", "reportDate": MONDAY}
    house.loaded(
        one(
            AccountInformation={"accountId": "U1", "currency": marker},
            EquitySummaryInBase=[nav()],
            OpenPositions=[position(currency=marker, fxRateToBase="", assetCategory=marker)],
            ConversionRates=[rate(marker, "2")],
            Trades=[{**trade, "ibCommissionCurrency": marker}, {**trade, "transactionID": "9", "currency": marker}],
            CashTransactions=[{**FEE, "currency": marker}],
            Transfers=[{**trade, "currency": marker}, {**trade, "account": marker}],
            OpenDividendAccruals=[{"conid": "1", "currency": marker, "netAmount": "5"}],
            InterestAccruals=[{"currency": marker, "endingAccrualBalance": "5"}],
        )
    )
    assert house.rows("SELECT base_currency FROM accounts") == [("USD",)]
    assert house.texts("SELECT currency, asset_class, quantity, position_value_base FROM positions") == [
        (None, None, "10", None)
    ]
    assert house.notes("no_currency") == {"OpenPosition.currency": 1}
    assert house.rows("FROM fx_rates") == []
    assert house.rows("SELECT transaction_id, commission_currency FROM trades") == [("8", None)]
    assert house.rows("SELECT counterparty_account FROM transfers") == [(None,)]
    assert house.rows("SELECT element FROM rows_set_aside WHERE reason = 'it has no currency' ORDER BY 1") == [
        ("CashTransaction",), ("InterestAccrualsCurrency",), ("OpenDividendAccrual",), ("Trade",), ("Transfer",),
    ]  # fmt: skip


@pytest.mark.parametrize("marker", ["-", "--", "N/A"])
def test_rows_whose_account_is_a_null_marker_are_sums(house: House, marker: str) -> None:
    house.loaded(
        one(EquitySummaryInBase=[nav(), nav(accountId=marker)], OpenPositions=[position(), position(accountId=marker)])
    )
    assert house.rows("SELECT account_id FROM accounts") == [("U1",)]
    assert house.rows("SELECT account_id FROM positions") == [("U1",)]
    assert house.notes("summary_row_dropped") == {"EquitySummaryByReportDateInBase": 1, "OpenPosition": 1}


def test_a_null_marker_in_an_opening_id_makes_no_lot(house: House) -> None:
    summary = {**position(originatingOrderID="-", originatingTransactionID="--"), "levelOfDetail": None}
    house.loaded(one(OpenPositions=[summary, lot(position="4"), lot(position="6")]))
    assert house.texts("SELECT quantity, from_lots FROM positions") == [("10", "False")]


def test_payments_with_a_marker_for_their_id_are_told_apart_by_what_they_state(house: House) -> None:
    rows = [{**FEE, "transactionID": "N/A", "reportDate": day} for day in (FRIDAY, MONDAY)]
    house.loaded(days((FRIDAY, rows[0]), (MONDAY, rows[1])))
    assert house.texts("SELECT amount FROM cash_transactions") == [("-10",), ("-10",)]


@pytest.mark.parametrize("dated", ["reportDate", "settleDate"])
def test_a_fee_that_recurs_on_another_day_is_another_fee(house: House, dated: str) -> None:
    """A monthly fee states the same each time, but for its day."""
    house.loaded(days((FRIDAY, {**FEE, dated: FRIDAY}), (MONDAY, {**FEE, dated: MONDAY})))
    assert house.rows("SELECT count(*)::INT FROM cash_transactions") == [(2,)]
    house.loaded(file(flex(generated="20250501;060000", day=MONDAY, CashTransactions=[{**FEE, dated: MONDAY}])))
    assert house.rows("SELECT count(*)::INT FROM cash_transactions") == [(2,)]


def test_an_id_belongs_to_its_account(house: House) -> None:
    """Whether IBKR gives one id to two accounts is unknown; a payment must not vanish if it does."""
    payment = {**FEE, "transactionID": "77"}
    house.loaded(
        file(flex("U1", CashTransactions=[payment]), flex("U2", CashTransactions=[{**payment, "amount": "10"}]))
    )
    assert house.texts("SELECT account_id, amount FROM cash_transactions ORDER BY 1") == [("U1", "-10"), ("U2", "10")]


def test_the_figures_of_several_models_are_added_up(house: House) -> None:
    """NAV, cash and what changed them come once a model; the account's figure is their sum."""
    cash_rows = [cash(model="A", ending="60"), cash(model="B", ending="40")]
    changes = [{"startingValue": "40", "endingValue": "50", "mtm": "10", "model": model} for model in "AB"]
    house.loaded(
        one(
            EquitySummaryInBase=[nav(total="60", model="A"), nav(total="40", model="B")],
            CashReport=cash_rows,
            ChangeInNAV=changes[0],
        ).replace(b"</FlexStatement>", _element("ChangeInNAV", changes[1]) + b"</FlexStatement>")
    )
    assert house.texts("SELECT total, cash FROM nav") == [("100", "100")]
    assert house.texts("SELECT amount FROM nav_components WHERE component = 'total'") == [("100",)]
    assert house.texts("SELECT ending_cash FROM cash_totals") == [("100",)]
    assert house.texts("SELECT amount FROM nav_changes WHERE component = 'mtm'") == [("20",)]
    assert house.notes("models_added_up")["EquitySummaryByReportDateInBase"] == 2


def _element(tag: str, row: Row) -> bytes:
    stated = " ".join(f'{name}="{value}"' for name, value in row.items())
    return f"<{tag} {stated}/>".encode()


def test_one_model_alone_is_the_account(house: House) -> None:
    house.loaded(one(EquitySummaryInBase=[nav(total="60", model="A")]))
    assert house.texts("SELECT total FROM nav") == [("60",)]
    assert house.notes("models_added_up") == {}


def test_a_model_that_is_there_twice_is_refused(house: House) -> None:
    rows = [nav(total="60", model="A"), nav(total="60", model="A"), nav(total="40", model="B")]
    assert "states a model of its account a second time" in house.refused(one(EquitySummaryInBase=rows))


def test_two_flexstatements_of_one_account_and_period_that_differ_are_refused(house: House) -> None:
    """Two accounts may share an alias; nobody can choose one."""
    twice = [flex(EquitySummaryInBase=[nav(total=total)]) for total in ("60", "40")]
    assert "are both of account 'U1'" in house.refused(file(*twice))
    flows = [flex(CashReport=[cash("USD", deposits=a, withdrawals=b)]) for a, b in (("5", "0"), ("0", "5"))]
    assert "are both of account 'U1'" in house.refused(file(*flows))
    house.loaded(file(flex(OpenPositions=[position()]), flex(CashReport=[cash()])))
    house.loaded(file(twice[0], twice[0]))
    assert house.texts("SELECT total FROM nav") == [("60",)]


@pytest.mark.parametrize(
    ("section", "rows"),
    [
        ("ConversionRates", [rate("EUR", "1.1"), rate("EUR", "1.2")]),
        ("OpenPositions", [position(), position(assetCategory="FUND")]),
    ],
)
def test_two_flexstatements_that_differ_in_what_the_nav_rests_on_are_refused(
    house: House, section: str, rows: list[Row]
) -> None:
    sections: list[dict[str, Any]] = [{section: [row]} for row in rows]
    assert "are both of account 'U1'" in house.refused(file(*(flex(**stated) for stated in sections)))


def test_more_conversion_rates_contradict_none(house: House) -> None:
    house.loaded(file(flex(ConversionRates=[rate("EUR", "1.1")]), flex(ConversionRates=[rate("GBP", "1.3")])))
    assert house.rows("SELECT from_currency FROM fx_rates ORDER BY 1") == [("EUR",), ("GBP",)]
    assert house.notes("statements_differ") == {}


@pytest.mark.parametrize("odd", [{"fifoPnlUnrealized": "0"}, {"costBasisMoney": "30"}, {"subCategory": "ETF"}])
def test_two_flexstatements_that_differ_in_what_else_a_position_states_are_noted(house: House, odd: Row) -> None:
    """The later one counts."""
    house.loaded(file(flex(OpenPositions=[position(**odd)]), flex(OpenPositions=[position()])))
    assert house.texts("SELECT unrealized_pnl, cost_basis, sub_category FROM positions") == [("10", "40", None)]
    assert house.notes("statements_differ") == {"OpenPosition": 1}


@pytest.mark.parametrize(
    "summary",
    [
        {"transactionID": "", "acctAlias": "-"},
        {"transactionID": ""},
        {"transactionID": "2", "acctAlias": "-"},
    ],
)
def test_a_summary_is_known_without_its_level(house: House, summary: Row) -> None:
    """The query may tick neither the account nor the level of detail."""
    house.loaded(one(CashTransactions=[{**FEE, "transactionID": "1"}, {**FEE, **summary}]))
    assert house.rows("SELECT transaction_id FROM cash_transactions") == [("1",)]
    assert house.notes("summary_row_dropped") == {"CashTransaction": 1}


def test_summaries_of_transfers_are_left_out_and_counted(house: House) -> None:
    transfer = {"transactionID": "1", "currency": "USD", "quantity": "5", "type": "ACATS"}
    house.loaded(one(Transfers=[transfer, {**transfer, "transactionID": "", "levelOfDetail": "SUMMARY"}]))
    assert house.rows("SELECT count(*)::INT FROM transfers") == [(1,)]
    assert house.notes("summary_row_dropped") == {"Transfer": 1}


def test_a_level_that_nobody_knows_is_loaded_and_noted(house: House) -> None:
    """A new word must not make trades vanish."""
    trade = {"transactionID": "1", "currency": "USD", "quantity": "5"}
    house.loaded(one(Trades=[{**trade, "levelOfDetail": "Execution"}]))
    assert house.rows("SELECT count(*)::INT FROM trades") == [(1,)]
    assert house.notes("unknown_value") == {"Trade.levelOfDetail=Execution": 1}


@pytest.mark.parametrize(
    ("column", "lacking"),
    [("cost_basis", {"costBasisMoney": "", "costBasisPrice": ""}), ("position_value", {"positionValue": ""}),
     ("unrealized_pnl", {"fifoPnlUnrealized": ""})],
)  # fmt: skip
def test_lots_of_which_one_lacks_a_figure_make_a_position_without_it(house: House, column: str, lacking: Row) -> None:
    """Half a cost basis is a wrong one."""
    house.loaded(one(OpenPositions=[lot(), lot(**lacking)]))
    assert house.texts(f"SELECT quantity, {column}, from_lots FROM positions") == [("20", None, "True")]


def test_a_start_of_the_holding_period_marks_a_lot(house: House) -> None:
    row = {**position(holdingPeriodDateTime="20250102;093000"), "levelOfDetail": None}
    house.loaded(one(OpenPositions=[row]))
    assert house.rows("SELECT count(*)::INT FROM position_lots") == [(1,)]


def test_a_level_that_had_to_be_guessed_is_noted(house: House) -> None:
    """Lots of 3, 1 and 2 look like a summary of 3 and its lots."""
    rows = [{**position(position=n, positionValue="", costBasisMoney="", costBasisPrice="", fifoPnlUnrealized=""),
             "levelOfDetail": None} for n in "312"]  # fmt: skip
    house.loaded(one(OpenPositions=rows))
    assert house.notes("level_guessed") == {"OpenPosition": 3}


@pytest.mark.parametrize("text", ["&#10;", " 5", "a" * 5000])
def test_a_reason_is_one_short_line_whatever_the_file_says(house: House, text: str) -> None:
    """Reasons go to the terminal, the event log and a database: a value is quoted, and cut after 40 letters."""
    twice = [flex("U1", EquitySummaryInBase=[{**nav(total=total), "accountId": ""}]) for total in "12"]
    whole = file(*(statement.replace('accountId="U1"', f'accountId="{text}"') for statement in twice))
    of_a_type = file(root=f'queryName="q" type="{text}"')
    for data in (whole, of_a_type):
        reason = house.refused(data)
        assert len(reason) < 400
        assert reason.isprintable()
        assert "  " not in reason


def test_a_base_currency_that_is_stated_in_two_ways_is_noted(house: House) -> None:
    house.loaded(one(AccountInformation={"currency": "EUR"}, EquitySummaryInBase=[nav(currency="USD", total="1")]))
    assert house.notes("base_currency_differs") == {"EquitySummaryByReportDateInBase.currency": 1}


def test_a_row_in_another_section_is_noted_and_not_loaded(house: House) -> None:
    """IBKR: Prior Period Positions has rows of the same name."""
    prior = b"<PriorPeriodPositions>" + _element("OpenPosition", {"symbol": "OLD"}) + b"</PriorPeriodPositions>"
    house.loaded(one(OpenPositions=[position()]).replace(b"</FlexStatement>", prior + b"</FlexStatement>"))
    assert house.rows("SELECT count(*)::INT FROM positions") == [(1,)]
    assert house.notes("row_not_loaded") == {"PriorPeriodPositions/OpenPosition": 1}


def test_personal_attributes_of_any_row_are_listed_without_values(house: House) -> None:
    """A name is no amount, and no sample."""
    stated: dict[str, Any] = {
        "accountOwnerName": "John Sentinel",
        "accountRepPhone": "15550009999",
        "beneficiary": "Sentinel",
    }
    transfer = {"currency": "USD", "quantity": "1", "note": "for John Sentinel", "accountTitle": "Sentinel"}
    house.loaded(one(EquitySummaryInBase=[nav(**stated)], Transfers=[transfer]))
    everything = repr(house.contents()) + repr(house.rows("FROM statement_notes"))
    assert "sentinel" not in everything.lower()
    assert "15550009999" not in everything
    assert house.notes("personal_attribute").keys() == {
        *(f"EquitySummaryByReportDateInBase.{name}" for name in stated), "Transfer.accountTitle",
    }  # fmt: skip


def test_a_shifted_name_is_told_neither_in_a_note_nor_in_an_error(house: House) -> None:
    house.loaded(one(OpenPositions=[position(assetCategory="John Doe, Bahnhofstrasse 1")]))
    assert house.notes("unknown_value") == {"OpenPosition.assetCategory=(a text)": 1}
    assert "Doe" not in house.refused(one(OpenPositions=[position(position="John Doe")]))


@pytest.mark.parametrize("amount", ["5.0000000000001", "1e20"])
def test_an_unknown_amount_that_cannot_be_kept_exactly_is_refused(house: House, amount: str) -> None:
    """It would be missing in the parts of the total without a word."""
    assert "newAccruals" in house.refused(one(EquitySummaryInBase=[nav(newAccruals=amount)]))


def test_a_word_in_one_row_does_not_hide_the_amount_of_another(house: House) -> None:
    house.loaded(one(EquitySummaryInBase=[nav(FRIDAY, newAccruals="5"), nav(newAccruals="abc")]))
    assert house.texts("SELECT amount FROM nav_components WHERE component = 'newAccruals'") == [("5",)]


def test_unknown_attributes_of_the_frame_and_rates_of_minus_one_are_noted(house: House) -> None:
    data = one(OpenPositions=[position(fxRateToBase="-1")]).replace(b"<OpenPositions", b'<OpenPositions mood="good"')
    house.loaded(data.replace(b"<FlexStatement ", b'<FlexStatement color="red" '))
    assert house.notes("unknown_attribute") == {"FlexStatement.color": 1, "OpenPositions.mood": 1}
    assert house.notes("no_rate") == {"OpenPosition.fxRateToBase": 1}


def test_a_position_without_its_currency_keeps_its_quantity(house: House) -> None:
    """What it is worth in base currency is unknown, whatever the rate."""
    house.loaded(one(OpenPositions=[position(currency=""), position(conid="2")], EquitySummaryInBase=[nav(stock="50")]))
    assert house.texts(
        "SELECT quantity, position_value, position_value_base, nav_value_base, cost_basis_base FROM positions"
        " ORDER BY conid"
    ) == [("10", "50", None, None, None), ("10", "50", "50", "50", "40")]
    assert house.notes("no_currency") == {"OpenPosition.currency": 1}
    assert house.rows("SELECT status, reason FROM reconciliation WHERE check_name = 'positions'") == [
        ("not_evaluable", "no currency is stated for ACME")
    ]


def test_a_field_to_tick_is_named_only_where_no_row_has_it(house: House) -> None:
    rows = [position(), position(conid="2", position="")]
    assert "OpenPosition row 2 has no position. Nothing of this file" in house.refused(one(OpenPositions=rows))
    assert "OpenPosition row 1 has no position. Tick that field" in house.refused(one(OpenPositions=rows[1:]))
    undated = [{**nav(), "reportDate": None}, {**nav(), "reportDate": ""}]
    assert "has no reportDate. Tick that field" in house.refused(one(EquitySummaryInBase=undated))
