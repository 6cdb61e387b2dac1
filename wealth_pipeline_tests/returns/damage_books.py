"""Damage that is another history: days restated, accounts that move, leave or stay out, transfers that go astray."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from wealth_pipeline_tests.returns.books import ZERO, Account, AccountDay, Flow
from wealth_pipeline_tests.returns.damage import (
    BY_DAY,
    RIGHT_OR_WITHHELD,
    SHAPES,
    WITH_LISTS,
    WITHHELD,
    Impossible,
    World,
    kind,
)
from wealth_pipeline_tests.returns.statements import FlexFile, files


def _again(world: World, first: date, last: date, account: Account) -> None:
    """The statements of an account whose last day lies between two, generated again from the books as they are now."""
    for file in files(world.books):
        chosen = [one for one in file.statements if first <= one.last <= last and one.account == account.name]
        for statement in chosen:
            statement.generated += timedelta(days=40)
        if chosen:
            world.files.append(FlexFile(chosen))


def _filled(world: World, wanted: Callable[[AccountDay], bool] = lambda _: True) -> tuple[Account, AccountDay]:
    """A random day of an account that is never empty."""
    account, row = world.ordinary(wanted)
    if any(known.end == 0 for known in account.rows.values()):
        raise Impossible
    return account, row


@kind("A day is restated, and all statements from it on are generated again: the new figures are right.")
def day_restated(world: World) -> None:
    account, row = _filled(world)
    account.change(row.day, mtm=row.mtm + 3)
    _again(world, row.day, world.books.days[-1], account)


@kind("A day alone is restated: it is right, and the next, which begins with the old figure, is withheld.", BY_DAY)
def day_alone_restated(world: World) -> None:
    account, row = world.ordinary()
    account.rows[row.day] = replace(row, mtm=row.mtm + 3)
    _again(world, row.day, row.day, account)
    later = world.after(account, row.day)
    world.touch(account, [later], WITHHELD)
    world.touch(None, [later], WITHHELD)


@kind("A flow is restated, and all statements from it on are generated again: the new figures are right.")
def flow_restated(world: World) -> None:
    account, row = _filled(world, lambda day: any(flow.kind == "deposit" for flow in day.flows))
    flows = tuple(replace(f, amount=f.amount + 100) if f.kind == "deposit" else f for f in row.flows)
    account.change(row.day, flows=flows)
    _again(world, row.day, world.books.days[-1], account)


@kind("A deposit of a hundred times what there was: its day is right, and so are the days after it.")
def vast_deposit(world: World) -> None:
    account, row = _filled(world, lambda day: not day.flows)
    amount = (row.start * 100).quantize(Decimal("0.01"))
    account.change(row.day, flows=(Flow(kind="deposit", day=row.day, currency=account.base, amount=amount),))
    world.files = files(world.books)


@kind("Nearly everything is withdrawn: what remains has a return of its own.")
def vast_withdrawal(world: World) -> None:
    account, row = _filled(world, lambda day: not day.flows and day.start_cash > 50)
    amount = -(row.start_cash - 40).quantize(Decimal("0.01"))
    account.change(row.day, flows=(Flow(kind="withdrawal", day=row.day, currency=account.base, amount=amount),))
    if any(known.end <= 0 for known in account.rows.values()):
        raise Impossible
    world.files = files(world.books)


def _apart(world: World) -> Account:
    """An account that isn't the first, without transfers and without an end."""
    found = [
        account
        for account in list(world.books.accounts.values())[1:]
        if not account.ended and not account.late and len(account.rows) > 8 and not account.holidays
        if all(flow.transfer is None for flow in account.flows()) and all(row.end for row in account.rows.values())
    ]
    if not found:
        raise Impossible
    return world.rng.choice(found)


@kind("IBKR moves an account to another company: its successor goes on from the next weekday on.", BY_DAY)
def migration(world: World) -> None:
    old = _apart(world)
    days = sorted(old.rows)
    moved = days[len(days) // 2]
    new = Account(name=f"{old.name}N", base=old.base)
    new.rows = {day: row for day, row in old.rows.items() if day > moved}
    new.rows[new.first] = replace(new.rows[new.first], previous=None)
    old.rows = {day: row for day, row in old.rows.items() if day <= moved}
    old.ended, old.successor = moved, new.name
    world.books.accounts[new.name] = new
    world.files = files(world.books)


@kind("Nobody says that an account has left: it is late, and the household is withheld.")
def end_not_stated(world: World) -> None:
    found = [account for account in world.books.accounts.values() if account.ended]
    if not found:
        raise Impossible
    account = world.rng.choice(found)
    account.ended, account.late = None, True


@kind("An account leaves the household before its statements end: its last days are its own.")
def end_stated_early(world: World) -> None:
    account = _apart(world)
    account.ended = sorted(account.rows)[-3]


@kind("An account stays out of the household.")
def account_excluded(world: World) -> None:
    _apart(world).excluded = True


@kind("A master account reports 0 and repeats the deposits of another: they count nowhere.", WITH_LISTS)
def master_account(world: World) -> None:
    for file in world.files:
        for statement in [one for one in file.statements if one.account.endswith("0")]:
            master = deepcopy(statement)
            master.account = "F1"
            for name, rows in master.sections.items():
                for row in rows if name != "ConversionRates" else []:
                    row["accountId"] = "F1"
            master.sections.pop("ChangeInNAV", None)
            master.sections |= {"OpenPositions": [], "CashReport": []}
            for row in master.sections["EquitySummaryInBase"]:
                row |= {"cash": ZERO, "stock": ZERO, "total": ZERO}
            file.statements.append(master)


def _pairs(world: World) -> Iterator[tuple[AccountDay, Account, Flow, AccountDay, Account, Flow]]:
    """Transfers in one currency among accounts that are never empty: the side that sends, and the one that receives."""
    sides: dict[int, list[tuple[AccountDay, Account, Flow]]] = {}
    for account in world.books.accounts.values():
        for row in account.rows.values():
            for flow in row.flows:
                if flow.transfer is not None:
                    sides.setdefault(flow.transfer, []).append((row, account, flow))
    for both in sides.values():
        sender, receiver = sorted(both, key=lambda side: side[2].amount)
        accounts = (sender[1], receiver[1])
        filled = all(row.end > 0 for account in accounts for row in account.rows.values())
        if filled and sender[1].base == receiver[1].base:
            yield (*sender, *receiver)


def _one_pair(world: World) -> tuple[AccountDay, Account, Flow, AccountDay, Account, Flow]:
    found = list(_pairs(world))
    if not found:
        raise Impossible
    return world.rng.choice(found)


def _swap(account: Account, row: AccountDay, old: Flow, new: Flow | None) -> None:
    kept = tuple(flow for flow in row.flows if flow is not old)
    account.change(row.day, flows=(*kept, new) if new else kept)


@kind("Both sides of a transfer name accounts of someone else: they are outside flows.", WITH_LISTS)
def transfer_with_a_stranger(world: World) -> None:
    sent, sender, out, received, receiver, into = _one_pair(world)
    _swap(sender, sent, out, replace(out, counterparty="U999", transfer=None))
    _swap(receiver, received, into, replace(into, counterparty="U998", transfer=None))
    world.files = files(world.books)
    world.touch(None, [day for day in world.books.days if day >= min(sent.day, received.day)], RIGHT_OR_WITHHELD)


@kind("The other side of a transfer isn't there: withheld until it is, an outside flow after 5 weekdays.", WITH_LISTS)
def transfer_unmatched(world: World) -> None:
    sent, sender, out, received, receiver, into = _one_pair(world)
    _swap(sender, sent, out, replace(out, transfer=None))
    _swap(receiver, received, into, None)
    if any(row.end <= 0 for row in receiver.rows.values()):
        raise Impossible
    world.files = files(world.books)
    after = [day for day in world.books.days if day >= sent.day]
    world.touch(None, after, WITHHELD if len(after) <= 5 else RIGHT_OR_WITHHELD)


@kind("A transfer is 7 weekdays on its way: both sides are outside flows.", WITH_LISTS)
def transfer_too_long_on_its_way(world: World) -> None:
    sent, sender, out, received, receiver, into = _one_pair(world)
    days = sorted(receiver.rows)
    place = days.index(received.day) + 7 + world.books.days.index(sent.day) - world.books.days.index(received.day)
    if not days.index(received.day) < place < len(days) - 1 or receiver.holidays:
        raise Impossible
    later = receiver.rows[days[place]]
    if any(flow.kind == "internal_transfer" for flow in later.flows):
        raise Impossible
    _swap(sender, sent, out, replace(out, transfer=None))
    _swap(receiver, received, into, None)
    moved = replace(into, day=later.day, transfer=None)
    receiver.change(later.day, flows=(*receiver.rows[later.day].flows, moved))
    if any(row.end <= 0 for row in receiver.rows.values()):
        raise Impossible
    world.files = files(world.books)
    world.touch(None, [day for day in world.books.days if day >= sent.day], RIGHT_OR_WITHHELD)


@kind("Every statement is generated again with all its figures: everything is the same.", SHAPES)
def everything_generated_again(world: World) -> None:
    for account in world.books.accounts.values():
        _again(world, world.books.days[0], world.books.days[-1], account)
