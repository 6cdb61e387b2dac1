"""The right answers, day by day, computed from the books alone: each account's return and the household's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from wealth_pipeline_tests.returns import formulas
from wealth_pipeline_tests.returns.books import COMPONENTS, Account, AccountDay, Books, Flow, Timing

Status = Literal["shown", "ibkr", "withheld", "none"]
NOTHING = Fraction(0)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The right figures of a day, in base currency (the household's: in the reporting currency).

    invested: what the return is of. flow_in, flow_out: both positive; of the household's, an account that joins or
    leaves is in them. members: who has a NAV at the close,
    before anyone leaves. transit: money between two accounts at the close.
    """

    day: date
    previous: date | None
    status: Status
    start: Fraction
    end: Fraction
    flow_in: Fraction = NOTHING
    flow_out: Fraction = NOTHING
    factor: Fraction | None = None
    invested: Fraction = NOTHING
    reason: str = ""
    joined: Fraction = NOTHING
    left: Fraction = NOTHING
    transit: Fraction = NOTHING
    members: frozenset[str] = frozenset()

    @property
    def net_flow(self) -> Fraction:
        """Inflows less outflows."""
        return self.flow_in - self.flow_out

    @property
    def gain(self) -> Fraction:
        """What was earned, whatever was paid in or out."""
        return self.end - self.start - self.net_flow

    @property
    def return_percent(self) -> Fraction | None:
        """The day's return; None where the day has none."""
        return None if self.factor is None else (self.factor - 1) * 100


def account_days(books: Books, account: Account) -> list[Answer]:
    """The answer of each row of an account."""
    return [_account_day(books, account.rows[day]) for day in sorted(account.rows)]


def _account_day(books: Books, row: AccountDay) -> Answer:
    start, end = Fraction(row.start), Fraction(row.end)
    amounts = [] if start == end == 0 else [Fraction(amount) for amount in books.net_flow(row).values()]
    flow_in = sum((amount for amount in amounts if amount > 0), NOTHING)
    flow_out = -sum((amount for amount in amounts if amount < 0), NOTHING)
    reason = _no_return(row, start + flow_in - flow_out, flow_out)
    return Answer(
        day=row.day,
        previous=row.previous,
        status="none" if reason else "shown",
        start=start,
        end=end,
        flow_in=flow_in,
        flow_out=flow_out,
        factor=None if reason else formulas.factor(start, end, flow_in, flow_out, books.timing),
        invested=start + flow_in - (flow_out if books.timing == "start" else NOTHING),
        reason=reason,
    )


def _no_return(row: AccountDay, invested: Fraction, flow_out: Fraction) -> str:
    """Why a row has no return; empty where it has one."""
    if row.previous is None:
        return "the account's first row"
    if row.start == row.end == 0:
        return "nothing before and after"
    if invested <= 0 or row.end < 0 or (row.end == 0 and flow_out > 0):
        return "the end of a segment"
    return ""


def household_days(books: Books) -> list[Answer]:
    """The household's answer of each day, in the reporting currency."""
    return list(_Household(books).days())


@dataclass
class _Sums:
    """A day of the household while its members are added up."""

    start: Fraction = NOTHING
    end: Fraction = NOTHING
    flow_in: Fraction = NOTHING
    flow_out: Fraction = NOTHING
    at_the_end: Fraction = NOTHING
    joined: Fraction = NOTHING
    left: Fraction = NOTHING
    members: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    def flow(self, amount: Fraction, timing: Timing) -> None:
        """Count a flow; timing: where in the day it counts if it goes out."""
        self.flow_in += max(amount, NOTHING)
        self.flow_out += max(-amount, NOTHING)
        self.at_the_end += max(-amount, NOTHING) if timing == "end" else NOTHING


class _Household:
    """Adds up the members' values and flows of each day."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.transfers = _transfers(books)
        self.predecessors = {a.successor: a for a in books.accounts.values() if a.successor}
        self.rated = {day for account in books.accounts.values() for day in account.covered}

    def days(self) -> Iterator[Answer]:
        previous: date | None = None
        missing_before: set[str] = set()
        for day in self.books.days:
            sums = _Sums()
            for account in self.books.accounts.values():
                if not account.excluded:
                    self._add(sums, account, day, previous)
            if not sums.members or (previous is None and self._unrated(day)):
                continue
            yield self._answer(sums, day, previous, missing_before)
            previous, missing_before = day, sums.missing

    def _add(self, sums: _Sums, account: Account, day: date, previous: date | None) -> None:
        if day < account.first or _gone(account, day):
            return
        sums.members.add(account.name)
        row = account.rows.get(day)
        before = account if previous and previous >= account.first else self.predecessors.get(account.name)
        start = self._value(before, previous) if before and previous else NOTHING
        end = self._value(account, day)
        sums.start += start
        sums.end += end
        if day == account.first and before is None and not self._begins_with_nothing(account):
            sums.joined += end
        elif row:
            self._add_flows(sums, account, row)
        elif day not in account.holidays:
            sums.missing.add(account.name)
        if day == account.ended and not account.successor:
            sums.left += end

    def _begins_with_nothing(self, account: Account) -> bool:
        """Whether a Change in NAV says that an account was opened on its first day; else it joins at its close."""
        return account.opened and self.books.shape != "plain"

    def _add_flows(self, sums: _Sums, account: Account, row: AccountDay) -> None:
        """Count the flows of a row; money on its way to another account of the household stays the household's."""
        if row.start == row.end == 0:
            return
        rate = Fraction(self.books.rate(account.base, self.books.reporting, row.day))
        for component, amount in self.books.net_flow(row).items():
            if component != COMPONENTS["internal_transfer"]:
                sums.flow(Fraction(amount) * rate, self.books.timing)
        for flow in row.flows:
            if flow.kind == "internal_transfer" and not self._in_transit(flow):
                sums.flow(Fraction(flow.amount_base) * rate, "start" if self._matched(flow) else self.books.timing)

    def _value(self, account: Account, day: date) -> Fraction:
        """An account's NAV of a day, or of the last row before it, at the day's rate."""
        newest = max(known for known in account.rows if known <= day)
        rate = self.books.rate(account.base, self.books.reporting, day)
        return Fraction(account.rows[newest].end) * Fraction(rate)

    def _unrated(self, day: date) -> bool:
        """Whether an account of the household needs a rate on a day that nothing covers: none is stated of it."""
        if day in self.rated:
            return False
        accounts = [account for account in self.books.accounts.values() if not account.excluded]
        return any(a.first <= day and not _gone(a, day) and a.base != self.books.reporting for a in accounts)

    def _matched(self, flow: Flow) -> bool:
        return flow.transfer is not None and len(self.transfers[flow.transfer]) == 2

    def _in_transit(self, flow: Flow) -> bool:
        """Whether the other side of a transfer is booked on another day."""
        return self._matched(flow) and len({side.day for side in self.transfers[flow.transfer or 0]}) == 2

    def _transit(self, day: date) -> Fraction:
        """The money between two accounts at the close of a day; negative where it came before it left."""
        value = NOTHING
        for sides in self.transfers.values():
            if len(sides) == 2 and sides[0].day <= day < sides[1].day:
                rate = self.books.rate(sides[0].currency, self.books.reporting, day)
                value -= Fraction(sides[0].amount) * Fraction(rate)
        return value

    def _answer(self, sums: _Sums, day: date, previous: date | None, missing_before: set[str]) -> Answer:
        transit = self._transit(day)
        start = sums.start + (self._transit(previous) if previous else NOTHING)
        end = sums.end + transit - sums.left
        away = sorted(sums.missing | missing_before)
        unrated = [one for one in (previous, day) if one and self._unrated(one)]
        before = start + sums.flow_in - (sums.flow_out - sums.at_the_end)
        after = sums.end + transit - sums.joined + sums.at_the_end
        status: Status = "none" if previous is None or before <= 0 else "withheld" if away or unrated else "shown"
        return Answer(
            day=day,
            previous=previous,
            status=status,
            start=start,
            end=end,
            flow_in=sums.flow_in + sums.joined,
            flow_out=sums.flow_out + sums.left,
            factor=after / before if status == "shown" else None,
            invested=before,
            reason=f"no NAV of {', '.join(away)}" if away else "no conversion rate" if unrated else "",
            joined=sums.joined,
            left=sums.left,
            transit=transit,
            members=frozenset(sums.members),
        )


def _gone(account: Account, day: date) -> bool:
    """Whether an account has ended before a day: as accounts.toml says, or with a last total of 0."""
    emptied = day > account.last and account.rows[account.last].end == 0
    return emptied or (account.ended is not None and day > account.ended)


def _transfers(books: Books) -> dict[int, list[Flow]]:
    """The sides of each internal transfer, in the order of their days."""
    sides: dict[int, list[Flow]] = defaultdict(list)
    for account in books.accounts.values():
        for flow in account.flows():
            if flow.transfer is not None:
                sides[flow.transfer].append(flow)
    return {number: sorted(both, key=lambda flow: flow.day) for number, both in sides.items()}
