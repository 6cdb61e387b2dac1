"""Draws random books: first who is a member when, then the transfers, then each account's days."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from wealth_pipeline_tests.returns.books import NINE_PLACES, ZERO, Account, AccountDay, Books, Flow, Kind, Shape

_CENT = Decimal("0.01")


@dataclass
class _Plan:
    """An account's life, as indices of the days: its first row, its last, and when it is emptied and refunded."""

    account: Account
    first: int
    last: int
    opened: bool
    emptied: int | None = None
    refunded: int | None = None


def weekdays(first: date, count: int) -> list[date]:
    """So many weekdays from a date on."""
    days = (first + timedelta(days=n) for n in range(count * 2 + 7))
    return [day for day in days if day.weekday() < 5][:count]


class Bookkeeper:
    """Makes one household's books."""

    def __init__(self, seed: int, accounts: int, days: int, shape: Shape, beginning: date) -> None:
        self.rng = random.Random(f"{seed} {accounts} {days} {shape}")
        self.books = Books(
            seed=seed,
            shape=shape,
            reporting=self.rng.choice(("USD", "EUR")),
            timing="start" if shape == "plain" else self.rng.choice(("start", "end")),
            grant_counts=self.rng.choice((True, False)),
            days=weekdays(beginning + timedelta(days=self.rng.randrange(85)), days + 1),
        )
        self.grants = shape in ("day", "both") and self.rng.choice((True, False))
        self._make_rates()
        self.plans = [self._plan(number) for number in range(accounts)]
        self.books.accounts = {plan.account.name: plan.account for plan in self.plans}
        self.planned: dict[tuple[str, date], list[Flow]] = defaultdict(list)
        self._plan_transfers()
        for plan in self.plans:
            self._make_rows(plan)

    def _make_rates(self) -> None:
        rate = Decimal("1.08")
        for day in self.books.days:
            rate += Decimal(self.rng.randrange(-900, 900)).scaleb(-5)
            self.books.rates["EUR", "USD", day] = rate
            self.books.rates["USD", "EUR", day] = (1 / rate).quantize(Decimal("0.00001"))

    # Members.

    def _plan(self, number: int) -> _Plan:
        """The first account is in the reporting currency and a member throughout: its statements state the rates."""
        rng, end = self.rng, len(self.books.days) - 1
        base = self.books.reporting if number == 0 else rng.choice(("USD", "EUR"))
        account = Account(name=f"U{self.books.seed % 10000:04d}{number}", base=base)
        plan = _Plan(account, first=0, last=end, opened=False)
        if number == 0 or end < 12:
            return plan
        beginning = rng.choice(("throughout", "throughout", "opened", "joined"))
        if beginning != "throughout":
            plan.first, plan.opened = rng.randrange(2, end // 3), beginning == "opened"
        ending = rng.choice(("stays", "stays", "left", "late", "emptied", "refunded"))
        if ending == "left":
            plan.last = rng.randrange(end * 2 // 3, end)
            account.ended = self.books.days[plan.last]
        elif ending == "late":
            plan.last, account.late = end - rng.randrange(1, 4), True
        elif ending in ("emptied", "refunded"):
            plan.emptied = rng.randrange(end // 2, end - 5)
            plan.refunded = plan.emptied + rng.randrange(1, 4) if ending == "refunded" else None
            plan.last = end if ending == "refunded" else plan.emptied
        self._give_holidays(plan)
        return plan

    def _give_holidays(self, plan: _Plan) -> None:
        """One account may have holidays; never its first days, its last one, or one about its emptying."""
        if self.rng.randrange(3) == 0 and plan.emptied is None and plan.last - plan.first > 6:
            day = self.rng.randrange(plan.first + 2, plan.last - 1)
            plan.account.holidays = {self.books.days[day]}

    # Transfers.

    def _moves(self, plan: _Plan, index: int) -> bool:
        """Whether an account can take part in a transfer on a day."""
        inside = plan.first + 2 <= index <= plan.last and self.books.days[index] not in plan.account.holidays
        return inside and not (plan.emptied and plan.emptied <= index <= (plan.refunded or index))

    def _plan_transfers(self) -> None:
        rng, days = self.rng, self.books.days
        for number in range(len(days) // 8 if len(self.plans) > 1 else 0):
            sender, receiver = rng.sample(self.plans, 2)
            foreign = sender.account.base != receiver.account.base
            listed = self.books.shape != "day"
            if foreign and not listed:
                continue
            out = rng.randrange(1, len(days))
            # Without Transfers nothing shows that money is in transit; among currencies it moves on one day.
            lag = rng.choice((0, 0, 1, 2, 3, -1)) if listed and not foreign else 0
            within = 0 <= out + lag < len(days)
            if within and self._moves(sender, out) and self._moves(receiver, out + lag):
                self._transfer(number, (sender.account, days[out]), (receiver.account, days[out + lag]))

    def _transfer(self, number: int, sender: tuple[Account, date], receiver: tuple[Account, date]) -> None:
        """Book both sides of a transfer, unless one of the accounts has one on its day already."""
        (source, out), (target, into) = sender, receiver
        if self.planned[source.name, out] or self.planned[target.name, into]:
            return
        amount = self._amount(50, 900)
        for account, day, signed, other in ((source, out, -amount, target), (target, into, amount, source)):
            flow = Flow(
                kind="internal_transfer",
                day=day,
                currency=source.base,
                amount=signed,
                rate=self.books.rate(source.base, account.base, day),
                counterparty=other.name,
                transfer=number,
            )
            self.planned[account.name, day].append(flow)

    # Days.

    def _make_rows(self, plan: _Plan) -> None:
        account, rows, held = plan.account, plan.account.rows, None
        for index in range(plan.first, plan.last + 1):
            day = self.books.days[index]
            if day in account.holidays:
                continue
            if held is None and not plan.opened:
                rows[day] = AccountDay(
                    day=day,
                    previous=None,
                    covered=False,
                    start_cash=self._amount(3000, 20000),
                    start_stock=self._amount(2000, 50000),
                )
            else:
                rows[day] = self._row(plan, index, held)
            held = rows[day]

    def _row(self, plan: _Plan, index: int, held: AccountDay | None) -> AccountDay:
        row = AccountDay(
            day=self.books.days[index],
            previous=held.day if held else None,
            covered=True,
            start_cash=held.cash if held else ZERO,
            start_stock=held.stock if held else ZERO,
        )
        if index == plan.emptied:
            return self._emptied(plan.account, row)
        if plan.emptied and plan.emptied < index < (plan.refunded or len(self.books.days)):
            return row
        if held is None or index == plan.refunded:
            return replace(row, flows=(self._flow(plan.account, row.day, "deposit", self._amount(4000, 9000)),))
        return self._ordinary(plan.account, row)

    def _ordinary(self, account: Account, row: AccountDay) -> AccountDay:
        rng = self.rng
        flows = [*self.planned[account.name, row.day], *self._flows(account, row)]
        row = replace(row, flows=tuple(flows))
        return replace(
            row,
            mtm=(row.start_stock * Decimal(rng.randrange(-30000, 31000)).scaleb(-6)).quantize(NINE_PLACES),
            dividends=self._amount(1, 40) if rng.randrange(9) == 0 else ZERO,
            fees=-self._amount(1, 9) if rng.randrange(6) == 0 else ZERO,
            bought=self._amount(1, 900) - 450 if rng.randrange(3) == 0 and row.cash > 1000 else ZERO,
        )

    def _emptied(self, account: Account, row: AccountDay) -> AccountDay:
        """All is sold and withdrawn, but for what a fee may take."""
        fees = -self.rng.choice((ZERO, Decimal(10)))
        row = replace(row, bought=-row.start_stock, fees=fees)
        return replace(row, flows=(self._flow(account, row.day, "withdrawal", -row.cash),))

    # Flows.

    def _flows(self, account: Account, row: AccountDay) -> list[Flow]:
        """None on most days; at most one of each component."""
        if self.rng.randrange(4):
            return []
        incoming = self._flow(account, row.day, "deposit", self._amount(100, 4000))
        small = -self._amount(5, 90)
        choices = [incoming, self._foreign(account, row.day), self._flow(account, row.day, "card", small),
                   self._flow(account, row.day, "bill_pay", small),
                   self._flow(account, row.day, "asset_transfer", self._amount(50, 700)),
                   self._flow(account, row.day, "asset_transfer", -(row.start_stock / 5).quantize(_CENT))]  # fmt: skip
        if row.start_cash > 2000:
            share = Decimal(self.rng.randrange(1, 60)) / 100
            choices += [self._flow(account, row.day, "withdrawal", -(row.start_cash * share).quantize(_CENT))] * 2
        if self.grants:
            choices.append(self._flow(account, row.day, "grant", self._amount(20, 300)))
        drawn = self.rng.sample(choices, self.rng.choice((1, 1, 2)))
        return list({kind_of(flow): flow for flow in drawn if flow.amount}.values())

    def _flow(self, account: Account, day: date, kind: Kind, amount: Decimal) -> Flow:
        return Flow(kind=kind, day=day, currency=account.base, amount=amount)

    def _foreign(self, account: Account, day: date) -> Flow:
        """A deposit in the other currency, converted on its day."""
        other = "EUR" if account.base == "USD" else "USD"
        rate = self.books.rate(other, account.base, day)
        return Flow(kind="deposit", day=day, currency=other, amount=self._amount(100, 2000), rate=rate)

    def _amount(self, least: int, most: int) -> Decimal:
        return Decimal(self.rng.randrange(least * 100, most * 100)).scaleb(-2)


def kind_of(flow: Flow) -> str:
    """What can be there once a day: deposits and withdrawals are one component."""
    return "deposit" if flow.kind == "withdrawal" else flow.kind
