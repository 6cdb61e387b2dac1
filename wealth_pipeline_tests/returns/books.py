"""The books of a household: what its accounts held, earned and moved, day by day, in exact decimals.

Statements are rendered from them (statements.py) and the right answers computed from them (oracle.py), so that neither
knows of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

#: What a household's statements hold. day: ChangeInNAV by day, with twr. window: one ChangeInNAV over weeks, with Cash
#: Transactions and Transfers. plain: these without ChangeInNAV. both: ChangeInNAV by day and all of them.
Shape = Literal["day", "window", "plain", "both"]
Timing = Literal["start", "end"]
#: `grant` is undecided: whether IBKR's twr counts it differs by household.
Kind = Literal["deposit", "withdrawal", "internal_transfer", "asset_transfer", "card", "bill_pay", "grant"]

ZERO = Decimal(0)
NINE_PLACES = Decimal("1e-9")
#: The last quarter of a year, so that MTD and YTD have a base of their own.
BEGINNING = date(2025, 10, 1)
#: IBKR: the component of the Change in NAV of each kind of flow.
COMPONENTS: dict[Kind, str] = {
    "deposit": "depositsWithdrawals",
    "withdrawal": "depositsWithdrawals",
    "internal_transfer": "internalCashTransfers",
    "asset_transfer": "assetTransfers",
    "card": "debitCardActivity",
    "bill_pay": "billPay",
    "grant": "grantActivity",
}
#: The kinds that move securities, not cash.
IN_KIND: frozenset[Kind] = frozenset({"asset_transfer", "grant"})


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Money or securities that cross the border of an account.

    amount: signed, in its currency. rate: of the currency to the account's base. counterparty: the other account of the
    household. transfer: the number that both sides of a transfer share.
    """

    kind: Kind
    day: date
    currency: str
    amount: Decimal
    rate: Decimal = Decimal(1)
    counterparty: str | None = None
    transfer: int | None = None

    @property
    def amount_base(self) -> Decimal:
        """Its amount in the account's base currency."""
        return self.amount * self.rate


@dataclass(frozen=True, kw_only=True)
class AccountDay:
    """One account's day at its close, in its base currency.

    previous: the date of the row before; None for the account's first row. covered: whether a statement covers the day;
    the row of the day before the first statement is there without one. bought: securities bought less sold.
    """

    day: date
    previous: date | None
    covered: bool
    start_cash: Decimal
    start_stock: Decimal
    flows: tuple[Flow, ...] = ()
    mtm: Decimal = ZERO
    dividends: Decimal = ZERO
    fees: Decimal = ZERO
    bought: Decimal = ZERO

    @property
    def cash(self) -> Decimal:
        """Cash at the close."""
        moved = sum((flow.amount_base for flow in self.flows if flow.kind not in IN_KIND), ZERO)
        return self.start_cash + moved + self.dividends + self.fees - self.bought

    @property
    def stock(self) -> Decimal:
        """Securities at the close."""
        moved = sum((flow.amount_base for flow in self.flows if flow.kind in IN_KIND), ZERO)
        return self.start_stock + moved + self.mtm + self.bought

    @property
    def start(self) -> Decimal:
        """The NAV before the day."""
        return self.start_cash + self.start_stock

    @property
    def end(self) -> Decimal:
        """The NAV at the close."""
        return self.cash + self.stock

    def component(self, name: str) -> Decimal:
        """The sum of its flows of one component of the Change in NAV."""
        return sum((flow.amount_base for flow in self.flows if COMPONENTS[flow.kind] == name), ZERO)


@dataclass(kw_only=True)
class Account:
    """One account: a row for each of its days.

    ended: its last day in the household, as accounts.toml says it; what it holds then leaves. successor: the account
    that goes on with what it holds from the next weekday on. late: its statements end before the others'. holidays:
    days that a statement covers and for which IBKR reported no row. excluded: whether it stays out of the household.
    """

    name: str
    base: str
    rows: dict[date, AccountDay] = field(default_factory=dict, repr=False)
    ended: date | None = None
    successor: str | None = None
    late: bool = False
    excluded: bool = False
    holidays: set[date] = field(default_factory=set)

    @property
    def first(self) -> date:
        """The date of its first row."""
        return min(self.rows)

    @property
    def last(self) -> date:
        """The date of its last row."""
        return max(self.rows)

    @property
    def opened(self) -> bool:
        """Whether its first row is the day on which it was opened and funded: it had nothing before."""
        row = self.rows[self.first]
        return row.covered and row.start == 0

    @property
    def covered(self) -> list[date]:
        """The days that its statements cover, holidays among them."""
        return sorted({day for day, row in self.rows.items() if row.covered} | self.holidays)

    def flows(self) -> Iterator[Flow]:
        """All its flows, in the order of their days."""
        for day in sorted(self.rows):
            yield from self.rows[day].flows

    def change(self, day: date, **other: object) -> None:
        """Change a day and carry cash and securities on through the days after it."""
        self.rows[day] = replace(self.rows[day], **other)  # type: ignore[arg-type]
        days = sorted(self.rows)
        for before, after in pairwise(days):
            if before >= day:
                held = self.rows[before]
                self.rows[after] = replace(self.rows[after], start_cash=held.cash, start_stock=held.stock)


@dataclass(kw_only=True)
class Books:
    """A household's books.

    days: the weekdays; the first is the row before the first statement. timing: where in the day IBKR's twr counts
    outflows. grant_counts: whether it counts a grant as a flow. rates: EUR.USD and USD.EUR, as IBKR states them.
    """

    seed: int
    shape: Shape
    reporting: str
    timing: Timing
    grant_counts: bool
    days: list[date]
    rates: dict[tuple[str, str, date], Decimal] = field(default_factory=dict, repr=False)
    accounts: dict[str, Account] = field(default_factory=dict)

    @classmethod
    def made(
        cls, seed: int, accounts: int = 4, days: int = 40, shape: Shape = "both", beginning: date = BEGINNING
    ) -> Books:
        """Random books of so many accounts over so many weekdays, of which the first is at most 85 days after a day."""
        from wealth_pipeline_tests.returns.bookkeeper import Bookkeeper

        return Bookkeeper(seed, accounts, days, shape, beginning).books

    def rate(self, currency: str, other: str, day: date) -> Decimal:
        """The rate of a day, as IBKR states it."""
        return Decimal(1) if currency == other else self.rates[currency, other, day]

    def net_flow(self, row: AccountDay) -> dict[str, Decimal]:
        """The flows of a row that IBKR's twr counts, by component of the Change in NAV; those of 0 left out."""
        counted = {name for kind, name in COMPONENTS.items() if self.grant_counts or kind != "grant"}
        sums = {name: row.component(name) for name in sorted(counted)}
        return {name: amount for name, amount in sums.items() if amount}
