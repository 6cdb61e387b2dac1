"""The sections CashTransactions and Transfers: what came and went without a trade."""

from __future__ import annotations

from html import escape

from wealth_pipeline.sandbox.household.records import AccountDay, CashTransaction, Transfer
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
    """Transfers: positions that came from another broker, without a cost basis."""
    return container("Transfers", [_transfer(day, transfer) for day in days for transfer in day.transfers])


def _transfer(day: AccountDay, transfer: Transfer) -> str:
    rate = day.rates[transfer.instrument.currency]
    return element(
        "Transfer",
        account_attributes(day.account),
        attributes(currency=transfer.instrument.currency, fxRateToBase=number(rate)),
        security_attributes(transfer.instrument),
        attributes(
            reportDate=day_text(day.day),
            date=day_text(day.day),
            dateTime=f"{day_text(day.day)};202500",
            settleDate=day_text(day.day),
            type="ACATS",
            direction="IN",
            company="--",
            account="EX-00417",
            accountName="",
            deliveringBroker="0000",
            quantity=number(transfer.quantity),
            transferPrice="0",
            positionAmount=number(transfer.value),
            positionAmountInBase=number(transfer.value * rate),
            **dict.fromkeys(("pnlAmount", "pnlAmountInBase", "capitalGainsPnl", "fxPnl", "cashTransfer"), "0"),
            code="",
            clientReference="",
            transactionID=str(transfer.transaction_id),
            levelOfDetail="TRANSFER",
            positionInstructionID="",
            positionInstructionSetID="",
        ),
        attributes(**BOOKKEEPING),
    )
