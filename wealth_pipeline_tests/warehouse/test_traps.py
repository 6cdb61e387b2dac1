"""What other readers of IBKR's statements stumbled over: forms that are rare, and real."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, Row, cash, file, flex, nav, position, rate

from .conftest import House

SATURDAY = date(2025, 3, 8)
TRADE: Row = {"transactionID": "1", "accountId": "U1", "currency": "USD", "symbol": "ACME", "tradeID": "9"}


@pytest.mark.parametrize(
    ("flows", "status"),
    [
        ({"deposits": "15", "withdrawals": "-5", "depositWithdrawals": "10"}, "passed"),
        ({"depositWithdrawals": "10"}, "passed"),
        ({"deposits": "10", "avgCreditBalance": "105", "avgDebitBalance": "-3"}, "passed"),
        ({"deposits": "10", "slbNetCash": "110", "slbEndingCashCollateral": "4", "slbNetSettledCash": "99"}, "passed"),
        ({"billPay": "-7", "carbonCredits": "2", "bondInterest": "15"}, "passed"),
        ({"deposits": "10", "depositsSec": "10", "endingCashIBUKL": "110", "startingCashPaxos": "1"}, "passed"),
        ({"deposits": "10", "salesTax": "-0.01"}, "not_evaluable"),
    ],
    ids=[
        "the sum of deposits and withdrawals", "that sum alone", "averages", "stock lending", "rare flows",
        "parts by segment", "a cent too little",
    ],
)  # fmt: skip
def test_each_flow_of_cash_counts_once(house: House, flows: Row, status: str) -> None:
    """Some figures of a cash row are sums, averages or parts of others, and move nothing."""
    row = {**cash(ending="110", startingCash="100"), **flows}
    house.loaded(file(flex(CashReport=[row], EquitySummaryInBase=[nav()])))
    assert house.proofs()["cash_flow"] == status


def test_a_statement_that_ends_on_a_saturday_takes_fridays_rate(house: House) -> None:
    """IBKR has rates from Sunday to Friday."""
    held = position(currency="EUR", fxRateToBase=None, reportDate=SATURDAY)
    about = {"accountId": "U1", "currency": "USD"}
    rates = [rate("EUR", "1.2", FRIDAY), rate("EUR", "1.3", FRIDAY - timedelta(days=1))]
    house.loaded(
        file(
            flex(
                day=SATURDAY, AccountInformation=about, OpenPositions=[held], CashReport=[cash("EUR")],
                ConversionRates=rates,
            )
        )
    )  # fmt: skip
    assert house.texts("SELECT position_value_base FROM positions") == [("60",)]
    assert house.texts("SELECT report_date, ending_cash_base FROM cash_balances") == [(str(SATURDAY), "120")]


def test_a_transaction_that_opened_a_position_marks_a_lot(house: House) -> None:
    """Neither the level nor the time nor the order need be ticked."""
    halves = {"position": "5", "positionValue": "25", "levelOfDetail": None, "openDateTime": None}
    rows = [position(originatingTransactionID=n, **halves) for n in ("7", "8")]
    house.loaded(file(flex(OpenPositions=rows)))
    assert house.texts("SELECT quantity, position_value FROM positions") == [("10", "50")]
    assert house.texts("SELECT originating_transaction_id FROM position_lots ORDER BY 1") == [("7",), ("8",)]


@pytest.mark.parametrize("kind", ["Bill Pay", "Carbon Credits", "Bond Interest Paid", "Bond Interest Received"])
def test_rare_payments_are_known(house: House, kind: str) -> None:
    """A note on each would teach people to overlook the notes."""
    paid = {"transactionID": "1", "accountId": "U1", "currency": "USD", "amount": "-5", "type": kind}
    house.loaded(file(flex(CashTransactions=[paid])))
    assert house.texts("SELECT type, amount FROM cash_transactions") == [(kind, "-5")]
    assert house.notes("unknown_value") == {}


def test_a_commission_has_a_currency_of_its_own(house: House) -> None:
    """A conversion between two currencies is charged in a third."""
    traded = {**TRADE, "symbol": "EUR.USD", "assetCategory": "CASH", "quantity": "1000", "ibCommission": "-2"}
    house.loaded(file(flex(Trades=[{**traded, "ibCommissionCurrency": "CHF"}])))
    assert house.texts("SELECT currency, commission, commission_currency FROM trades") == [("USD", "-2", "CHF")]


def test_a_cancellation_and_its_rebooking_share_the_trade_id(house: House) -> None:
    """Three rows of one trade: each has a transaction id of its own, where the query has that field."""
    rows = [
        {**TRADE, "transactionID": "1", "buySell": "BUY", "quantity": "5", "transactionType": "ExchTrade"},
        {**TRADE, "transactionID": "2", "buySell": "BUY (Ca.)", "quantity": "-5", "transactionType": "TradeCancel"},
        {**TRADE, "transactionID": "3", "buySell": "BUY", "quantity": "4", "transactionType": "ExchTrade"},
    ]
    for trades in (rows, [{**row, "accountId": "U2", "transactionID": None} for row in rows]):
        house.loaded(file(flex(str(trades[0]["accountId"]), Trades=trades)))
    stated = [("1", "BUY", "5"), ("2", "BUY (Ca.)", "-5"), ("3", "BUY", "4")]
    columns = "account_id, transaction_id, buy_sell, quantity"
    assert house.texts(f"SELECT {columns} FROM trades ORDER BY account_id, quantity = -5, quantity DESC") == [
        *(("U1", stated[n][0], *stated[n][1:]) for n in (0, 2, 1)),
        *(("U2", None, *stated[n][1:]) for n in (0, 2, 1)),
    ]


@pytest.mark.parametrize("notes", ["FP;P", "IA;P", "AFx", "A;Ep"])
def test_codes_are_kept_as_they_are(house: House, notes: str) -> None:
    """Readers with a list of codes stop at a new combination."""
    house.loaded(file(flex(Trades=[{**TRADE, "quantity": "5", "notes": notes}])))
    assert house.rows("SELECT notes FROM trades") == [(notes,)]


@pytest.mark.parametrize(
    ("section", "element", "row"),
    [
        (
            "OpenPositions", "OpenPosition",
            position(principalAdjustFactor="0.98", serialNumber="A1", fineness="0.0", weight="0.0 ()"),
        ),
        ("Trades", "Trade", {**TRADE, "quantity": "5", "initialInvestment": "Yes", "rtn": "", "weight": "0.0"}),
        ("SecuritiesInfo", "SecurityInfo", {"conid": "1", "initialInvestment": "Yes", "fineness": "0.0"}),
    ],
)  # fmt: skip
def test_attributes_that_others_stopped_at_are_noted(house: House, section: str, element: str, row: Row) -> None:
    """Known and without a column: neither an error nor news."""
    sections: dict[str, Any] = {section: [row]}
    house.loaded(file(flex(**sections)))
    stated = {"principalAdjustFactor", "serialNumber", "fineness", "weight", "initialInvestment", "rtn"} & row.keys()
    assert house.notes("attribute_not_loaded").keys() >= {f"{element}.{name}" for name in stated}
    assert house.notes("unknown_attribute") == {}


@pytest.mark.parametrize(
    ("section", "row"),
    [
        ("CFDCharges", '<CFDCharge activityDescription="Interest" total="-5"/>'),
        ("StmtFunds", '<StatementOfFundsLine levelOfDetail="BaseCurrency" amount="5"/>'),
        ("MutualFundDividendDetails", '<MutualFundDividendDetail amount="5"/>'),
        (
            "MTMPerformanceSummaryInBase",
            '<MTMPerformanceSummaryUnderlying symbol="" assetCategory="" description="Total (All Assets)"/>',
        ),
    ],
)
def test_sections_without_a_table_are_noted_with_their_rows(house: House, section: str, row: str) -> None:
    """Some sum up others, and one was new not long ago: none stops the file, none is passed over in silence."""
    sections: dict[str, Any] = {section: f"<{section}>{row}</{section}>"}
    house.loaded(file(flex(EquitySummaryInBase=[nav()], **sections)))
    assert house.notes("section_not_loaded") == {section: 1}
    assert house.notes("row_not_loaded") == {f"{section}/{row[1:].split(' ')[0]}": 1}
    assert house.texts("SELECT total FROM nav") == [("100",)]


def test_a_tiny_rest_of_a_currency_is_money_too(house: House) -> None:
    """Conversions leave a few ten-thousandths behind; the proof needs them."""
    rows = [cash(ending="100.0005824"), cash("USD", "100"), cash("CAD", "0.000832")]
    total = nav(total="100.0005824")
    house.loaded(file(flex(CashReport=rows, ConversionRates=[rate("CAD", "0.7")], EquitySummaryInBase=[total])))
    assert house.texts("SELECT ending_cash, ending_cash_base FROM cash_balances WHERE currency = 'CAD'") == [
        ("0.000832", "0.0005824")
    ]
    assert house.proofs()["cash"] == "passed"


@pytest.mark.parametrize(
    ("stated", "status"), [("62.905297533", "passed"), ("62.905297532", "passed"), ("62.915297533", "failed")]
)
def test_the_last_digit_of_ibkrs_floats_may_differ(house: House, stated: str, status: str) -> None:
    """IBKR computes in floats: a sum ends in 3 here and in 2 there, and a zero may be -1.655e-06."""
    rows = [cash(ending=stated, commissions="-1.655e-06")]
    house.loaded(file(flex(CashReport=rows, EquitySummaryInBase=[nav(total="62.905297533")])))
    assert house.proofs()["cash"] == status
    assert house.texts("SELECT amount FROM cash_flows WHERE component = 'commissions'") == [("-0.000001655",)]


def test_hundreds_of_missing_rates_are_two_notes(house: House) -> None:
    """A year's statement has -1 for a currency on every day before IBKR offered it."""
    days = [MONDAY - timedelta(days=n) for n in range(147)]
    none = [rate(currency, "-1", day) for day in days for currency in ("BGN", "RON")]
    house.loaded(
        file(flex(ConversionRates=[*none, rate("BGN", "0.56"), *(rate("EUR", "1.1", day) for day in days)][2:]))
    )
    assert house.notes("no_rate") == {"ConversionRate.BGN": 146, "ConversionRate.RON": 146}
    assert house.rows("SELECT from_currency, count(*)::INT FROM fx_rates GROUP BY ALL ORDER BY 1") == [
        ("BGN", 1),
        ("EUR", 147),
    ]
