"""The simulated household: two accounts, and what their owners do.

Deterministic: a day's figures follow from the seed, the first day and the day itself, never from when or with which
window they are asked for. Days are simulated when they are first asked for, and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from threading import Lock

from wealth_pipeline.sandbox.household.accounts import EU_ACCOUNT, US_ACCOUNT
from wealth_pipeline.sandbox.household.days import (
    add_weekdays,
    is_trading_day,
    is_weekday,
    trading_day_of_month,
    weekday_before,
    weekday_on_or_after,
    weekdays,
)
from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.ledger import Book
from wealth_pipeline.sandbox.household.market import Market
from wealth_pipeline.sandbox.household.plans import EVERY_YEAR, OPENING
from wealth_pipeline.sandbox.household.records import AccountDay
from wealth_pipeline.sandbox.household.rolls import ROLLS, Roll

DEFAULT_SEED = 1
DEFAULT_FIRST_DAY = date(2025, 1, 2)


@dataclass(frozen=True)
class LateFee:
    """A fee that IBKR books on a past day after that day's statement was made: it restates the day and all later.

    `amount` is positive, in the account's base currency.
    """

    account_id: str
    day: date
    amount: Decimal = Decimal("1.25")


class Household:
    """The accounts' figures, day by day.

    Args:
        seed: the same seed and first day always give the same figures.
        first_day: when both accounts are opened (the Monday after, if it is on a weekend).
        late_fees: fees booked besides the usual; without any, nothing was restated.

    Attributes:
        first_day: the weekday on which both accounts were opened.
        accounts: U1000001 (base USD) and U1000002 (base EUR).
        market: prices and exchange rates.

    Raises:
        ValueError: a late fee on a day without a statement.

    """

    def __init__(
        self, seed: int = DEFAULT_SEED, first_day: date = DEFAULT_FIRST_DAY, late_fees: Sequence[LateFee] = ()
    ) -> None:
        self.first_day = weekday_on_or_after(first_day)
        self.market = Market(seed, self.first_day)
        self.accounts = (US_ACCOUNT, EU_ACCOUNT)
        self._late_fees = tuple(late_fees)
        for fee in self._late_fees:
            if not is_weekday(fee.day) or fee.day < self.first_day:
                raise ValueError(f"no statement of {fee.day} that a late fee could change")
        self._books = {account.account_id: Book(account, self.market) for account in self.accounts}
        self._days: dict[str, dict[date, AccountDay]] = {account.account_id: {} for account in self.accounts}
        self._contracts: dict[tuple[str, str], Instrument] = {}
        self._trading_days = 0
        self._next_day = self.first_day
        self._lock = Lock()

    def day(self, account_id: str, day: date) -> AccountDay:
        """One account at the close of one weekday, not before the first day (else KeyError)."""
        with self._lock:
            while self._next_day <= day:
                self._simulate(self._next_day)
                self._next_day = add_weekdays(self._next_day, 1)
        return self._days[account_id][day]

    def days(self, account_id: str, first: date, last: date) -> list[AccountDay]:
        """One account on each weekday from `first` to `last`, both included, none before the first day."""
        return [self.day(account_id, day) for day in weekdays(max(first, self.first_day), last)]

    def day_before(self, account_id: str, day: date) -> AccountDay | None:
        """The account on the weekday before, or None on its first day."""
        before = weekday_before(day)
        return self.day(account_id, before) if before >= self.first_day else None

    def _simulate(self, day: date) -> None:
        trading = is_trading_day(day)
        self._trading_days += trading
        for account in self.accounts:
            book = self._books[account.account_id]
            book.open_day(day)
            if trading:
                self._act(book, day)
            for fee in self._late_fees:
                if fee.account_id == account.account_id and fee.day == day:
                    # A number of its own: the numbers of all other bookings must stay what they were.
                    number = 5_000_000_000 + day.toordinal()
                    book.charge("Other Fees", account.base, -fee.amount, "LATE CORRECTION OF A FEE", number=number)
            self._days[account.account_id][day] = book.close_day()

    def _act(self, book: Book, day: date) -> None:
        account_id = book.account.account_id
        for act in OPENING[account_id].get(self._trading_days, ()):
            act(book)
        for roll in ROLLS[account_id]:
            self._roll(book, roll, day)
        # The yearly round begins when the account is set up.
        if self._trading_days > len(OPENING[account_id]) + 3:
            for months, number, act in EVERY_YEAR[account_id]:
                if day.month in months and trading_day_of_month(day) == number:
                    act(book)

    def _roll(self, book: Book, roll: Roll, day: date) -> None:
        held = self._contracts.get((book.account.account_id, roll.name))
        if held is not None and held.expiry is not None and day >= held.expiry:
            price = self.market.price(held, day)
            repaid = held.asset_category == "BILL" or (held.asset_category == "OPT" and not price)
            book.trade(held, -roll.quantity, price=price, expires=repaid)
            held = None
        if held is None and self._trading_days >= roll.first:
            held = roll.choose(self.market, day)
            book.trade(held, roll.quantity)
            self._contracts[book.account.account_id, roll.name] = held


def shared_household(
    seed: int = DEFAULT_SEED, first_day: date = DEFAULT_FIRST_DAY, late_fees: tuple[LateFee, ...] = ()
) -> Household:
    """A household that others may use too: one never differs from another of the same arguments.

    A year and a half takes about 0.4 s to simulate, and the FlexStatements rendered last are kept.
    """
    return _shared_household(seed, first_day, late_fees)


@lru_cache(maxsize=8)
def _shared_household(seed: int, first_day: date, late_fees: tuple[LateFee, ...]) -> Household:
    return Household(seed, first_day, late_fees)
