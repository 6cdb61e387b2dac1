"""Damage to what is covered: days, statements, sections and rates that are missing, late, or there twice."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta

from wealth_pipeline_tests.returns.books import Account
from wealth_pipeline_tests.returns.damage import (
    ANY,
    BY_DAY,
    LISTED,
    RIGHT,
    RIGHT_OR_WITHHELD,
    SHAPES,
    WITH_LISTS,
    WITHHELD,
    Impossible,
    World,
    kind,
)
from wealth_pipeline_tests.returns.statements import FlexFile, files


def _without_row(world: World, account: Account, day: date) -> None:
    """Take the NAV row of a day out of every statement."""
    for statement in world.statements(account):
        rows = statement.sections["EquitySummaryInBase"]
        statement.sections["EquitySummaryInBase"] = [row for row in rows if row["reportDate"] != day]


@kind("The statement of a day is missing, and the next one has its row: withheld, without its flows.", BY_DAY)
def statement_missing(world: World) -> None:
    account, row = world.ordinary()
    world.drop(lambda statement: statement.account == account.name and statement.covers(row.day))
    world.touch(account, [row.day], WITHHELD)


@kind("The statement of a day and its row are missing: a hole; the day has no row, and the next is withheld.", BY_DAY)
def hole(world: World) -> None:
    account, row = world.ordinary()
    world.drop(lambda statement: statement.account == account.name and statement.covers(row.day))
    _without_row(world, account, row.day)
    world.touch(account, [row.day, world.after(account, row.day)], WITHHELD)


@kind("Two days in a row are missing; the second has a row: both are withheld.", BY_DAY)
def hole_of_two_days(world: World) -> None:
    account, row = world.ordinary()
    later = world.after(account, row.day)
    world.drop(lambda s: s.account == account.name and (s.covers(row.day) or s.covers(later)))
    world.touch(account, [row.day, later], WITHHELD)


@kind("A window of weeks is missing: its days are withheld, and what follows is right.", LISTED)
def window_missing(world: World) -> None:
    account, row = world.ordinary()
    days = world.window(account, row.day)
    if days[0] in sorted(account.rows)[:2]:
        raise Impossible  # its history would begin later: a household without it before
    world.drop(lambda statement: statement.account == account.name and statement.covers(row.day))
    world.touch(account, days, WITHHELD)


@kind("A day's Change in NAV is missing: what the other sections prove, or withheld.", BY_DAY)
def change_in_nav_missing(world: World) -> None:
    account, row = world.ordinary()
    for statement in world.statements(account, row.day):
        del statement.sections["ChangeInNAV"]
    timing_matters = world.books.timing == "end" and sum(amount < 0 for amount in world.books.net_flow(row).values())
    if timing_matters or row.component("grantActivity"):
        raise Impossible
    world.touch(account, [row.day], RIGHT_OR_WITHHELD)


@kind("The Change in NAV isn't ticked: right by the other sections, or withheld.", frozenset({"both"}))
def change_in_nav_unticked(world: World) -> None:
    if world.books.timing == "end" or any(f.kind == "grant" for a in world.books.accounts.values() for f in a.flows()):
        raise Impossible
    for statement in world.statements():
        statement.sections.pop("ChangeInNAV", None)
    _touch_all(world)


def _touch_all(world: World) -> None:
    for account in world.books.accounts.values():
        world.touch(account, sorted(account.rows), RIGHT_OR_WITHHELD)


@kind("Cash Transactions aren't ticked: right by the Change in NAV by day, withheld elsewhere.", WITH_LISTS)
def cash_transactions_unticked(world: World) -> None:
    _untick(world, "CashTransactions")


@kind("Transfers aren't ticked: as cash transactions.", WITH_LISTS)
def transfers_unticked(world: World) -> None:
    _untick(world, "Transfers")


def _untick(world: World, section: str) -> None:
    """Money in transit can't be seen without Transfers, so that the household may be withheld anywhere."""
    for statement in world.statements():
        statement.sections.pop(section, None)
    if section == "Transfers":
        if world.books.shape == "both" and world.books.timing == "end":
            raise Impossible
        world.touch(None, world.books.days, RIGHT_OR_WITHHELD)
        world.unjudged |= {("household", day) for day in world.books.days}
    if world.books.shape != "both":
        _touch_all(world)


@kind("Deposits aren't ticked in Cash Transactions: windows that hold some are withheld.", WITH_LISTS)
def type_unticked(world: World) -> None:
    for statement in world.statements():
        rows = statement.sections["CashTransactions"]
        kept = [row for row in rows if not str(row["type"]).startswith("Deposits")]
        statement.sections["CashTransactions"] = kept
        if len(kept) < len(rows) and world.books.shape != "both":
            account = world.books.accounts[statement.account]
            inside = [day for day in account.rows if statement.covers(day)]
            world.touch(account, inside, RIGHT_OR_WITHHELD)
            moved = [d for d in inside if any(f.kind in ("deposit", "withdrawal") for f in account.rows[d].flows)]
            # The Change in NAV of a window of one day tells its flow.
            world.touch(account, moved, WITHHELD if len(inside) > 1 or world.books.shape == "plain" else RIGHT)


@kind("The rates of a day are missing: the household's day is withheld, and so is the next.")
def rate_missing(world: World) -> None:
    _lose_rates(world, None)


@kind("IBKR states -1 for the rates of a day: it has none.")
def rate_of_minus_one(world: World) -> None:
    _lose_rates(world, "-1")


def _lose_rates(world: World, rate: str | None) -> None:
    _, row = world.ordinary()
    for statement in world.statements(None, row.day):
        for rated in statement.sections["ConversionRates"]:
            if rated["reportDate"] == row.day and rate:
                rated["rate"] = rate
        if not rate:
            rows = statement.sections["ConversionRates"]
            statement.sections["ConversionRates"] = [one for one in rows if one["reportDate"] != row.day]
    accounts = world.books.accounts.values()
    if all(account.base == world.books.reporting for account in accounts):
        return
    abroad = [a for a in accounts if a.base != world.books.reporting and a.first <= row.day]
    later = min(day for day in world.books.days if day > row.day)
    world.touch(None, [row.day, later], WITHHELD if any(row.day < a.last for a in abroad) else RIGHT_OR_WITHHELD)


@kind("The rates of the accounts that aren't in the reporting currency are missing: nothing rests on them.")
def other_rates_missing(world: World) -> None:
    for statement in world.statements():
        if world.books.accounts[statement.account].base != world.books.reporting:
            statement.sections["ConversionRates"] = []


@kind("The last days of one account aren't there yet: the household is withheld on them, never a loss.", BY_DAY)
def late_account(world: World) -> None:
    found = [a for a in world.books.accounts.values() if not a.ended and a.last == world.books.days[-1] and a.rows]
    account = world.rng.choice(found[1:] or found)
    cut = sorted(account.rows)[-world.rng.randrange(1, 4)]
    if any(flow.transfer is not None for flow in account.flows()) or account.name.endswith("0"):
        raise Impossible
    world.drop(lambda statement: statement.account == account.name and statement.last >= cut)
    account.rows = {day: row for day, row in account.rows.items() if day < cut}
    account.late = True
    if account.rows[account.last].end == 0:
        raise Impossible


@kind("An account begins without the row before its first statement: it joins at the close of its first row.", BY_DAY)
def joining_without_history(world: World) -> None:
    found = [account for account in world.books.accounts.values() if not account.opened and len(account.rows) > 5]
    account = world.rng.choice(found)
    first, second = sorted(account.rows)[:2]
    _without_row(world, account, first)
    del account.rows[first]
    account.change(second, previous=None)
    world.touch(None, [second], ANY)
    world.unjudged.add(("household", second))
    world.touch(account, [second], frozenset({"none", "withheld"}))


@kind("The statement of a holiday is missing: the day after may be withheld.", BY_DAY)
def statement_of_a_holiday_missing(world: World) -> None:
    found = [account for account in world.books.accounts.values() if account.holidays]
    if not found:
        raise Impossible
    account = world.rng.choice(found)
    day = max(account.holidays)
    world.drop(lambda statement: statement.account == account.name and statement.covers(day))
    later = world.after(account, day)
    world.touch(account, [later], RIGHT_OR_WITHHELD)
    world.touch(None, [day, later], RIGHT_OR_WITHHELD)


@kind("The files arrive in another order: everything is the same.")
def files_in_another_order(world: World) -> None:
    world.rng.shuffle(world.files)


@kind("The newest file arrives first: everything is the same.")
def files_in_reverse(world: World) -> None:
    world.files.reverse()


@kind("A file is loaded twice, generated again: everything is the same.")
def file_twice(world: World) -> None:
    again = deepcopy(world.rng.choice(world.files))
    for statement in again.statements:
        statement.generated += timedelta(days=30)
    world.files.append(again)


@kind("Each account comes in a file of its own: everything is the same.")
def file_of_each_account(world: World) -> None:
    world.files = [
        FlexFile([one for one in file.statements if one.account == name])
        for file in world.files
        for name in dict.fromkeys(one.account for one in file.statements)
    ]


@kind("The statements of a file stand in another order: everything is the same.")
def statements_in_another_order(world: World) -> None:
    for file in world.files:
        world.rng.shuffle(file.statements)


@kind("Windows over the same days are loaded besides: everything is the same.", frozenset({"both"}))
def windows_besides(world: World) -> None:
    world.books.shape = "window"
    besides = files(world.books)
    world.books.shape = "both"
    world.files = [*besides, *world.files] if world.rng.randrange(2) else [*world.files, *besides]


@kind("An older generation of a file, with another NAV, arrives last: it changes nothing.", SHAPES)
def stale_file(world: World) -> None:
    stale = deepcopy(world.rng.choice(world.files))
    for statement in stale.statements:
        statement.generated -= timedelta(hours=5)
        for row in statement.sections["EquitySummaryInBase"]:
            row["total"] = row["cash"] = "1"
            row["stock"] = "0"
    world.files.append(stale)
