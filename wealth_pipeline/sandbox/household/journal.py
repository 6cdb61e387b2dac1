"""What is booked in one account on one day, before the day is closed."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time
from decimal import Decimal

from wealth_pipeline.sandbox.household.currencies import CURRENCIES
from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.records import (
    BASE_SUMMARY,
    CashTransaction,
    CashTransfer,
    DividendChange,
    Trade,
    Transfer,
)

#: The flow of the cash report to which a cash transaction of a type belongs.
_FLOW_OF_TYPE = {
    "Dividends": "dividends",
    "Withholding Tax": "withholdingTax",
    "Broker Interest Received": "brokerInterest",
    "Broker Interest Paid": "brokerInterest",
    "Bond Interest Received": "bondInterest",
    "Bond Interest Paid": "bondInterest",
    "Other Fees": "otherFees",
    "Debit Card Activity": "debitCardActivity",
    "Bill Pay": "billPay",
}

#: Amounts by the name of a flow, or by currency; what is not there is zero.
Sums = defaultdict[str, Decimal]


def new_sums() -> Sums:
    """Nothing yet."""
    return defaultdict(Decimal)


def new_flows() -> dict[str, Sums]:
    """The flows of the cash report, nothing yet: per currency, and in base under BASE_SUMMARY."""
    return {currency: new_sums() for currency in (BASE_SUMMARY, *CURRENCIES)}


class Numbers:
    """The numbers of an account's bookings.

    Args:
        first: the number before the first one.

    Attributes:
        last: the number that was given last.

    """

    def __init__(self, first: int) -> None:
        self.last = first

    def next(self) -> int:
        """A number that no other booking has."""
        self.last += 1
        return self.last


class Journal:
    """One day's bookings, and the sums of its trades from which the day's close is made.

    Args:
        day: the day.
        numbers: of the account.

    Attributes:
        flows: per currency and column of the cash report; in base, under BASE_SUMMARY, nothing before the close.
        unsettled: what the day's trades put into cash, with the day on which it settles and its currency.
        fx_legs: what exchanges of currencies put into cash and took out of it, per currency.
        fx_commissions: their commissions, per currency.
        security_proceeds: proceeds of trades that are paid in full (not futures, not CFDs), per currency.
        future_proceeds: proceeds of trades in futures, per currency.

    """

    def __init__(self, day: date, numbers: Numbers) -> None:
        self.day = day
        self.flows = new_flows()
        self.trades: list[Trade] = []
        self.bookings: list[CashTransaction] = []
        self.transfers: list[Transfer] = []
        self.cash_transfers: list[CashTransfer] = []
        self.dividend_changes: list[DividendChange] = []
        self.unsettled: list[tuple[date, str, Decimal]] = []
        self.fx_legs = new_sums()
        self.fx_commissions = new_sums()
        self.security_proceeds = new_sums()
        self.future_proceeds = new_sums()
        self._numbers = numbers

    def number(self) -> int:
        """The next booking's number."""
        return self._numbers.next()

    def clock(self, hour: int, minute: int) -> datetime:
        """A time of the day at or after this one, another one for each trade."""
        return datetime.combine(self.day, time(hour, minute + len(self.trades) % 20, self._numbers.last % 60))

    def flow(self, currency: str, name: str, amount: Decimal) -> None:
        """Cash flows in or, if negative, out; `name` is a column of the cash report."""
        self.flows[currency][name] += amount

    def book(
        self,
        kind: str,
        currency: str,
        amount: Decimal,
        *,
        description: str,
        instrument: Instrument | None = None,
        number: int | None = None,
    ) -> None:
        """A row of the cash transactions, and the flow that belongs to it.

        Args:
            kind: one of IBKR's types.
            currency: of the amount.
            amount: signed.
            description: the row's text.
            instrument: what it was paid for, if for a security.
            number: overrides the next number.

        """
        paid = "deposits" if amount > 0 else "withdrawals"
        self.flow(currency, paid if kind.startswith("Deposits") else _FLOW_OF_TYPE[kind], amount)
        self.bookings.append(
            CashTransaction(
                type=kind,
                currency=currency,
                amount=amount,
                description=description,
                instrument=instrument,
                when=datetime.combine(self.day, time(20, 20)),
                settles=self.day,
                transaction_id=number or self.number(),
            )
        )
