"""Damage to the Change in NAV, its twr, and the NAV beside it."""

from __future__ import annotations

from decimal import Decimal

from wealth_pipeline_tests.returns.books import Shape
from wealth_pipeline_tests.returns.damage import (
    ANY,
    BY_DAY,
    IBKR_OR_WITHHELD,
    RIGHT_OR_WITHHELD,
    Impossible,
    World,
    kind,
)
from wealth_pipeline_tests.returns.sections import change_in_nav

CHANGED: frozenset[Shape] = frozenset({"day", "both", "window"})


@kind("A figure of the Change in NAV can't be read: its row is set aside.", CHANGED)
def change_unreadable(world: World) -> None:
    account, row = world.ordinary()
    days = world.window(account, row.day)
    for change in world.rows("ChangeInNAV", account, row.day):
        change["mtm"] = "about 12"
    matters = any(world.books.timing == "end" or account.rows[day].component("grantActivity") for day in days)
    if matters and any(account.rows[day].flows for day in days):
        raise Impossible
    world.touch(account, days, RIGHT_OR_WITHHELD)


@kind("The twr of a day isn't stated: ours is right where no outflow's place has to be known.", BY_DAY)
def twr_missing(world: World) -> None:
    account, row = world.ordinary(lambda day: not day.flows)
    for change in world.rows("ChangeInNAV", account, row.day):
        change["twr"] = None


@kind("The twr isn't ticked: where outflows count can't be known, and the start is assumed.", CHANGED)
def twr_unticked(world: World) -> None:
    grants = any(flow.kind == "grant" for a in world.books.accounts.values() for flow in a.flows())
    if world.books.timing == "end" or grants:
        raise Impossible
    for change in world.rows("ChangeInNAV"):
        change["twr"] = None


@kind("IBKR's twr isn't what the figures give: its figure, named, or withheld; never ours.", BY_DAY)
def twr_of_another_figure(world: World) -> None:
    account, row = world.ordinary()
    for change in world.rows("ChangeInNAV", account, row.day):
        world.ibkr[account.name, row.day] = Decimal(str(change["twr"])) + Decimal("0.01")
        change["twr"] = world.ibkr[account.name, row.day]
    world.touch(account, [row.day], IBKR_OR_WITHHELD)
    world.unjudged |= {("household", row.day)}


@kind("A window's twr isn't what its days give: they are withheld.", frozenset({"window"}))
def twr_of_a_window_of_another_figure(world: World) -> None:
    account, row = world.ordinary()
    for change in world.rows("ChangeInNAV", account, row.day):
        if change["twr"] is None:
            raise Impossible
        change["twr"] = Decimal(str(change["twr"])) + Decimal("0.01")
    world.touch(account, world.window(account, row.day), RIGHT_OR_WITHHELD)


@kind("Components of 0 aren't stated in the Change in NAV: they count as 0, since the rest adds up.", CHANGED)
def components_of_zero_missing(world: World) -> None:
    for change in world.rows("ChangeInNAV"):
        for name in [name for name, value in change.items() if isinstance(value, Decimal) and not value]:
            if name not in ("startingValue", "endingValue", "twr"):
                del change[name]


@kind("A flow isn't stated in the Change in NAV, so that it doesn't add up: the flow isn't known from it.", BY_DAY)
def component_missing(world: World) -> None:
    account, row = world.ordinary(lambda day: bool(day.component("depositsWithdrawals")))
    for change in world.rows("ChangeInNAV", account, row.day):
        del change["depositsWithdrawals"]
    world.touch(account, [row.day], ANY)


@kind("A part of a flow stands in a component that nobody knows: IBKR's twr decides.", BY_DAY)
def unknown_component(world: World) -> None:
    account, row = world.ordinary(lambda day: bool(day.component("depositsWithdrawals")))
    for change in world.rows("ChangeInNAV", account, row.day):
        change["newKindOfChange"] = Decimal(1)
        change["depositsWithdrawals"] = Decimal(str(change["depositsWithdrawals"])) - 1
    world.touch(account, [row.day], ANY)


@kind("A part of the result is called otherIncome: it is no flow.", CHANGED)
def other_income(world: World) -> None:
    for change in world.rows("ChangeInNAV"):
        change["otherIncome"] = Decimal("0.5")
        change["mtm"] = Decimal(str(change["mtm"])) - Decimal("0.5")


@kind("The result stands in realized and changeInUnrealized instead of mtm: the same.", CHANGED)
def result_in_its_other_form(world: World) -> None:
    for change in world.rows("ChangeInNAV"):
        mtm = Decimal(str(change["mtm"]))
        change |= {"mtm": Decimal(0), "realized": Decimal(1), "changeInUnrealized": mtm - 1}


@kind("A day's Change in NAV begins a day too early: it isn't the day's step, and its flows are of two days.", BY_DAY)
def change_over_two_days(world: World) -> None:
    moved = {(account.name, flow.day) for account in world.books.accounts.values() for flow in account.flows()}
    after = {
        id(row)
        for account in world.books.accounts.values()
        for row in account.rows.values()
        if row.previous and not row.flows and (account.name, row.previous) in moved
    }
    account, row = world.ordinary(lambda day: id(day) in after)
    assert row.previous
    window = [row.previous, row.day]
    for statement in world.statements(account, row.day):
        rows = [account.rows[day] for day in window]
        statement.sections["ChangeInNAV"] = [change_in_nav(world.books, account, rows, window)]
    world.touch(account, [row.day], ANY)


@kind("NAV rows state no currency: nothing rests on it.")
def currency_of_the_nav_unticked(world: World) -> None:
    for row in world.rows("EquitySummaryInBase"):
        del row["currency"]


@kind("The NAV of a day is a cent off its Change in NAV: that day and the next are IBKR's, or withheld.", BY_DAY)
def nav_a_cent_off(world: World) -> None:
    account, row = world.ordinary()
    for statement in world.statements(account):
        for stated in statement.sections["EquitySummaryInBase"]:
            if stated["reportDate"] == row.day:
                stated["total"] = row.end + Decimal("0.01")
                stated["cash"] = row.cash + Decimal("0.01")
    days = [row.day, world.after(account, row.day)]
    world.touch(account, days, IBKR_OR_WITHHELD)
    world.unjudged |= {("household", day) for day in days}  # its members' NAVs add up with the cent


@kind("The row before a day's statement restates the NAV, and no statement of that NAV's day does: not used.", BY_DAY)
def nav_restated_in_the_row_before(world: World) -> None:
    account, row = world.ordinary()
    later = world.after(account, row.day)
    newest = max(world.statements(account, later), key=lambda one: one.generated)
    for stated in newest.sections["EquitySummaryInBase"]:
        if stated["reportDate"] == row.day:
            stated["total"] = row.end + 1
            stated["cash"] = row.cash + 1
    world.touch(account, [row.day], RIGHT_OR_WITHHELD)
    world.touch(account, [later], ANY)
