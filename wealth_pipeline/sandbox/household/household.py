"""The simulated household: its accounts, and what their owners do.

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
from wealth_pipeline.sandbox.household.records import AccountDay
from wealth_pipeline.sandbox.household.rolls import Roll
from wealth_pipeline.sandbox.household.scenario import DEFAULT, Scenario

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
        first_day: when the first accounts are opened (the Monday after, if it is on a weekend).
        late_fees: fees booked besides the usual; without any, nothing was restated.
        scenario: the accounts, and what happens in them.
        known: the weekday, counted from 0, up to which the scenario's corrections are known; None for all of them.

    Attributes:
        first_day: the weekday on which the first accounts were opened.
        accounts: of the scenario; by default U1000001 (base USD) and U1000002 (base EUR).
        market: prices and exchange rates.

    Raises:
        ValueError: a late fee on a day without a statement.

    """

    def __init__(
        self,
        seed: int = DEFAULT_SEED,
        first_day: date = DEFAULT_FIRST_DAY,
        late_fees: Sequence[LateFee] = (),
        *,
        scenario: Scenario = DEFAULT,
        known: int | None = None,
    ) -> None:
        self.first_day = weekday_on_or_after(first_day)
        self.market = Market(seed, self.first_day)
        self.scenario = scenario
        self.accounts = scenario.accounts
        self._late_fees = tuple(late_fees)
        for fee in self._late_fees:
            if not is_weekday(fee.day) or fee.day < self.first_day:
                raise ValueError(f"no statement of {fee.day} that a late fee could change")
        latest = max(scenario.corrections, default=0) if known is None else known
        self._books = {
            account.account_id: Book(account, self.market, position_fx=scenario.position_fx, known=latest)
            for account in self.accounts
        }
        self._days: dict[str, dict[date, AccountDay]] = {account.account_id: {} for account in self.accounts}
        self._closed: dict[str, date] = {}
        self._contracts: dict[tuple[str, str], Instrument] = {}
        self._trading_days = 0
        self._next_day = self.first_day
        self._lock = Lock()

    def day(self, account_id: str, day: date) -> AccountDay:
        """One account at the close of a weekday on which it was open (else KeyError)."""
        return self._until(account_id, day)[day]

    def days(self, account_id: str, first: date, last: date) -> list[AccountDay]:
        """One account on each weekday from `first` to `last`, both included, on which it was open."""
        known = self._until(account_id, last)
        return [known[day] for day in weekdays(max(first, self.first_day), last) if day in known]

    def day_before(self, account_id: str, day: date) -> AccountDay | None:
        """The account on the weekday before, or None on its first day."""
        return self._until(account_id, day).get(weekday_before(day))

    def days_shown(self, account_id: str, first: date, last: date, today: date) -> list[AccountDay]:
        """The same as `days`, without those whose statements come late and are not there yet."""
        days = self.days(account_id, first, last)
        late = self.scenario.late.get(account_id)
        if late is None:
            return days
        late_from, late_to = (add_weekdays(self.first_day, number) for number in late)
        # The day after the latest of them is still shown in the usual way, before them.
        there = today >= add_weekdays(late_to, 2)
        return [day for day in days if there or not late_from <= day.day <= late_to]

    def opened(self, account_id: str) -> date:
        """The day on which an account of which days were shown was opened."""
        return next(iter(self._days[account_id]))

    def closed(self, account_id: str) -> date | None:
        """The day on which an account was closed; None if it wasn't on any day that was asked for so far."""
        return self._closed.get(account_id)

    def _until(self, account_id: str, day: date) -> dict[date, AccountDay]:
        """The account's days, simulated up to this one."""
        with self._lock:
            while self._next_day <= day:
                self._simulate(self._next_day)
                self._next_day = add_weekdays(self._next_day, 1)
        return self._days[account_id]

    def _is_open(self, account_id: str) -> bool:
        return self.scenario.joins.get(account_id, 0) <= self._trading_days and account_id not in self._closed

    def _simulate(self, day: date) -> None:
        trading = is_trading_day(day)
        self._trading_days += trading
        for account in self.accounts:
            if not self._is_open(account.account_id):
                continue
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
            if self.scenario.leaves.get(account.account_id) == self._trading_days:
                self._closed[account.account_id] = day

    def _act(self, book: Book, day: date) -> None:
        account_id, plan = book.account.account_id, self.scenario
        for act in plan.opening[account_id].get(self._trading_days, ()):
            act(book)
        for roll in plan.rolls.get(account_id, ()):
            self._roll(book, roll, day)
        # The yearly round begins when the account is set up.
        if self._trading_days > len(plan.opening[account_id]) + 3:
            for months, number, act in plan.every_year.get(account_id, ()):
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
    seed: int = DEFAULT_SEED,
    first_day: date = DEFAULT_FIRST_DAY,
    late_fees: tuple[LateFee, ...] = (),
    scenario: Scenario = DEFAULT,
    known: int | None = None,
) -> Household:
    """A household that others may use too: one never differs from another of the same arguments.

    A year and a half takes about 0.4 s to simulate, and the FlexStatements rendered last are kept.
    """
    return _shared_household(seed, first_day, late_fees, scenario, known)


@lru_cache(maxsize=8)
def _shared_household(
    seed: int, first_day: date, late_fees: tuple[LateFee, ...], scenario: Scenario, known: int | None
) -> Household:
    return Household(seed, first_day, late_fees, scenario=scenario, known=known)
