"""What the published database says of income: the questions of the asset `income`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from wealth_pipeline.published.reading import Reader

#: How many days of declared and expected income are shown.
COMING_DAYS = 90


@dataclass(frozen=True)
class IncomeDay:
    """What was booked on a report date, in the account's base currency; None: nothing, or a rate is missing.

    bookings: how many rows there are. tax: negative.
    """

    account_id: str
    report_date: date
    currency: str
    bookings: int
    gross: Decimal | None
    tax: Decimal | None
    net: Decimal | None


@dataclass(frozen=True)
class IncomeMonth:
    """What was paid in a month, in the account's base currency, of what has a rate.

    month: its first day. unrated: how many payments have no rate, and are in no sum.
    """

    account_id: str
    month: date
    currency: str
    gross: Decimal | None
    tax: Decimal | None
    net: Decimal | None
    unrated: int


@dataclass(frozen=True)
class IncomeToCome:
    """A payment that is declared, or expected (an estimate). net: None where it is not known."""

    account_id: str
    pay_date: date | None
    symbol: str
    state: str
    net: Decimal | None
    currency: str
    net_base: Decimal | None
    base_currency: str


class Income(Reader):
    """The questions, one method each. Each raises as `reading` does."""

    def income_days(
        self, accounts: Iterable[str], days: Collection[date], sha256s: Collection[str] = ()
    ) -> list[IncomeDay]:
        """What was booked on these days, and on those that statements changed, for each NAV there is."""
        found = self.records("income_days", accounts=list(accounts), days=list(days), sha256s=list(sha256s))
        return [IncomeDay(**row) for row in found]

    def income_months(self, accounts: Iterable[str]) -> list[IncomeMonth]:
        """What was paid in the last 12 months of each account, the newest first."""
        return [IncomeMonth(**row) for row in self.records("income_months", accounts=list(accounts))]

    def income_coming(self, accounts: Iterable[str]) -> list[IncomeToCome]:
        """What is declared and expected in the next days of each account."""
        found = self.records("income_coming", accounts=list(accounts), days=COMING_DAYS)
        return [IncomeToCome(**row) for row in found]
