"""The sections CashTransactions and Transfers: what came and went without a trade."""

from __future__ import annotations

from html import escape

from wealth_pipeline.sandbox.household.records import AccountDay, CashTransaction, CashTransfer, Transfer
from wealth_pipeline.sandbox.statement.markup import (
    BOOKKEEPING,
    Days,
    attributes,
    container,
    day_text,
    element,
    number,
    time_text,
)
from wealth_pipeline.sandbox.statement.subjects import SUMMARY_ACCOUNT, account_attributes, security_attributes


def cash_transactions(days: Days) -> str:
    """CashTransactions: DETAIL rows, then each once more as a SUMMARY row that names no account and no id."""
    bookings = [(day, booking) for day in days for booking in day.cash_transactions]
    details = [_booking(day, booking, account_attributes(day.account), "DETAIL") for day, booking in bookings]
    summaries = [_booking(day, booking, SUMMARY_ACCOUNT, "SUMMARY") for day, booking in bookings]
    return container("CashTransactions", details + summaries)


def _booking(day: AccountDay, booking: CashTransaction, account: str, level: str) -> str:
    return element(
        "CashTransaction",
        account,
        attributes(currency=booking.currency, fxRateToBase=number(day.rates[booking.currency])),
        security_attributes(booking.instrument, booking.description),
        attributes(
            dateTime=time_text(booking.when),
            settleDate=day_text(booking.settles),
            availableForTradingDate="",
            amount=number(booking.amount),
            type=escape(booking.type),
            tradeID="",
            code="",
            transactionID=str(booking.transaction_id) if level == "DETAIL" else "",
            reportDate=day_text(day.day),
            exDate="",
            clientReference="",
            actionID="",
            levelOfDetail=level,
        ),
        attributes(**BOOKKEEPING),
    )


def transfers(days: Days) -> str:
    """Transfers: positions that came from another broker, without a cost basis, and cash of other accounts."""
    positions = [_transfer(day, one) for day in days for one in day.transfers if one.part == "assetTransfers"]
    return container("Transfers", positions + [_cash_transfer(day, one) for day in days for one in day.cash_transfers])


def _transfer(day: AccountDay, transfer: Transfer) -> str:
    currency = transfer.instrument.currency
    return _row(
        day,
        currency,
        security_attributes(transfer.instrument),
        type="ACATS",
        direction="IN",
        account="EX-00417",
        deliveringBroker="0000",
        quantity=number(transfer.quantity),
        positionAmount=number(transfer.value),
        positionAmountInBase=number(transfer.value * day.rates[currency]),
        transactionID=str(transfer.transaction_id),
    )


def _cash_transfer(day: AccountDay, transfer: CashTransfer) -> str:
    return _row(
        day,
        transfer.currency,
        security_attributes(None).replace('assetCategory=""', 'assetCategory="CASH"'),
        type="INTERNAL",
        direction="IN" if transfer.amount > 0 else "OUT",
        account=transfer.counterparty,
        deliveringBroker="",
        cashTransfer=number(transfer.amount),
        transactionID=str(transfer.transaction_id),
    )


#: A row's attributes beside its account, security and date, in IBKR's order.
_TRANSFER = {
    "type": "",
    "direction": "",
    "company": "--",
    "account": "",
    "accountName": "",
    "deliveringBroker": "",
    "quantity": "0",
    "transferPrice": "0",
    "positionAmount": "0",
    "positionAmountInBase": "0",
    **dict.fromkeys(("pnlAmount", "pnlAmountInBase", "capitalGainsPnl", "fxPnl", "cashTransfer"), "0"),
    "code": "",
    "clientReference": "",
    "transactionID": "",
    "levelOfDetail": "TRANSFER",
    "positionInstructionID": "",
    "positionInstructionSetID": "",
}


def _row(day: AccountDay, currency: str, security: str, **values: str) -> str:
    today = day_text(day.day)
    return element(
        "Transfer",
        account_attributes(day.account),
        attributes(currency=currency, fxRateToBase=number(day.rates[currency])),
        security,
        attributes(reportDate=today, date=today, dateTime=f"{today};202500", settleDate=today, **_TRANSFER | values),
        attributes(**BOOKKEEPING),
    )
