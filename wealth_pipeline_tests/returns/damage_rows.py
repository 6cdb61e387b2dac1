"""Damage to rows and attributes: doubled, lost, unreadable, misdated, or in another form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from wealth_pipeline_tests.returns.books import Account, Shape
from wealth_pipeline_tests.returns.damage import (
    RIGHT_OR_WITHHELD,
    WITH_LISTS,
    Impossible,
    World,
    kind,
)
from wealth_pipeline_tests.returns.sections import Row
from wealth_pipeline_tests.returns.statements import Statement

_PAID = ("Deposits", "Debit", "Bill")
BOTH: frozenset[Shape] = frozenset({"both"})


def _listed(
    world: World, section: str = "CashTransactions", wanted: Callable[[Account, Row], bool] = lambda *_: True
) -> tuple[Account, Statement, Row]:
    """A random row of a flow, and where it stands; none that a second file holds as well."""
    found = [
        (world.books.accounts[statement.account], statement, row)
        for statement in world.statements()
        for row in statement.sections.get(section, [])
        if section == "Transfers" or str(row["type"]).startswith(_PAID)
        if len(list(world.statements(world.books.accounts[statement.account], _day(row)))) == 1
    ]
    found = [(account, statement, row) for account, statement, row in found if wanted(account, row)]
    if not found:
        raise Impossible
    return world.rng.choice(found)


def _day(row: Row) -> date:
    assert isinstance(row["reportDate"], date)
    return row["reportDate"]


def _distrust(world: World, account: Account, statement: Statement) -> None:
    """The lists of a statement no longer agree with its sums: only a Change in NAV by day can tell its flows."""
    inside = [day for day in sorted(account.rows) if statement.covers(day)]
    world.touch(account, inside, RIGHT_OR_WITHHELD)
    if "Transfers" in statement.sections:
        world.touch(None, inside, RIGHT_OR_WITHHELD)


@kind("A cash transaction is there twice under two ids: the sums disagree.", WITH_LISTS)
def row_doubled(world: World) -> None:
    account, statement, row = _listed(world)
    statement.sections["CashTransactions"].append(row | {"transactionID": "999"})
    _distrust(world, account, statement)


@kind("A cash transaction is there twice under one id: a row of its own, or the same.", WITH_LISTS)
def row_doubled_with_its_id(world: World) -> None:
    account, statement, row = _listed(world)
    statement.sections["CashTransactions"].append(dict(row))
    _distrust(world, account, statement)


@kind("A cash transaction is missing: the sums disagree.", WITH_LISTS)
def row_lost(world: World) -> None:
    account, statement, row = _listed(world)
    statement.sections["CashTransactions"].remove(row)
    _distrust(world, account, statement)


@kind("A transfer is missing on one side: the sums disagree.", WITH_LISTS)
def transfer_lost(world: World) -> None:
    account, statement, row = _listed(world, "Transfers")
    statement.sections["Transfers"].remove(row)
    _distrust(world, account, statement)
    _unsure_of_transfers(world)


def _unsure_of_transfers(world: World) -> None:
    """What is matched has changed, and with it where the household's outflows count."""
    world.touch(None, world.books.days, RIGHT_OR_WITHHELD)
    world.unjudged |= {("household", day) for day in world.books.days}


@kind("The amount of a cash transaction can't be read: its row is set aside.", WITH_LISTS)
def amount_unreadable(world: World) -> None:
    account, statement, row = _listed(world)
    row["amount"] = "about 12"
    _distrust(world, account, statement)


@kind("The amount of a transfer can't be read: its row is set aside.", WITH_LISTS)
def transfer_unreadable(world: World) -> None:
    account, statement, row = _listed(world, "Transfers")
    row["cashTransfer"] = row["positionAmount"] = "about 12"
    _distrust(world, account, statement)
    _unsure_of_transfers(world)


@kind("A cash transaction has no report date: it is dated by nothing.", WITH_LISTS)
def report_date_missing(world: World) -> None:
    account, statement, row = _listed(world)
    row["reportDate"] = None
    _distrust(world, account, statement)


@kind("A flow of a Monday is reported on the Saturday: it counts on the next row, the Monday.", WITH_LISTS)
def flow_on_a_saturday(world: World) -> None:
    account, statement, row = _listed(world, wanted=lambda _, row: _day(row).weekday() == 0)
    row["reportDate"] = _day(row) - timedelta(days=2)
    world.touch(account, world.window(account, statement.last), RIGHT_OR_WITHHELD)


@kind("A flow is reported after the last row: it is left out and noted.", BOTH)
def flow_after_the_last_row(world: World) -> None:
    _, statement, row = _listed(world)
    account = world.books.accounts[statement.account]
    newest = max(world.statements(account), key=lambda one: one.last)
    added = row | {"transactionID": "998", "reportDate": account.last + timedelta(days=1)}
    newest.sections["CashTransactions"].append(added)
    world.touch(account, [account.last], RIGHT_OR_WITHHELD)


@kind("Dates of effect are a year before the report dates: nothing rests on them.", WITH_LISTS)
def dates_of_effect_of_another_year(world: World) -> None:
    for row in world.rows("CashTransactions"):
        row["dateTime"] = row["settleDate"] = _day(row) - timedelta(days=365)


@kind("A deposit is booked, reversed and booked again: the sum is what counts.", WITH_LISTS)
def deposit_reversed(world: World) -> None:
    if world.books.timing == "end":
        raise Impossible
    _, statement, row = _listed(world)
    rows = statement.sections["CashTransactions"]
    rows.append(row | {"transactionID": "997", "amount": -Decimal(str(row["amount"]))})
    rows.append(row | {"transactionID": "996"})


@kind("Summary rows stand beside the cash transactions, of the account `-`: they are the same once more.", WITH_LISTS)
def summary_rows(world: World) -> None:
    for statement in world.statements():
        rows = statement.sections["CashTransactions"]
        summed: Row = {"accountId": "-", "transactionID": "", "levelOfDetail": "SUMMARY"}
        statement.sections["CashTransactions"] = [*rows, *(row | summed for row in rows)]


@kind("The account isn't ticked in Cash Transactions and Transfers: the statement's is meant.", WITH_LISTS)
def account_unticked(world: World) -> None:
    world.alone = True
    for section in ("CashTransactions", "Transfers"):
        for row in world.rows(section):
            del row["accountId"]


@kind("The rate of a deposit in another currency isn't stated: the day's closing rate is the same.", WITH_LISTS)
def own_rates_unticked(world: World) -> None:
    for row in world.rows("CashTransactions"):
        row["fxRateToBase"] = None


@kind("A deposit in another currency has neither its rate nor the day's: only the Change in NAV can tell.", WITH_LISTS)
def flow_without_any_rate(world: World) -> None:
    account, statement, row = _listed(
        world, wanted=lambda account, row: row["currency"] != account.base != world.books.reporting
    )
    row["fxRateToBase"] = None
    rates = statement.sections["ConversionRates"]
    statement.sections["ConversionRates"] = [one for one in rates if one["reportDate"] != _day(row)]
    _distrust(world, account, statement)


@kind("Dividends are called payments in lieu: they are no flows.", WITH_LISTS)
def payments_in_lieu(world: World) -> None:
    for row in world.rows("CashTransactions"):
        if row["type"] == "Dividends":
            row["type"] = "Payment In Lieu Of Dividends"


@kind("Transfers of cash stand in Cash Transactions as well: they aren't counted twice.", WITH_LISTS)
def transfers_listed_as_deposits(world: World) -> None:
    for statement in world.statements():
        for row in list(statement.sections["Transfers"]):
            if row["type"] == "INTERNAL":
                account = world.books.accounts[statement.account]
                kept: Row = {name: row[name] for name in ("accountId", "currency", "fxRateToBase", "reportDate")}
                added = {
                    "transactionID": row["transactionID"],
                    "levelOfDetail": "DETAIL",
                    "amount": row["cashTransfer"],
                }
                statement.sections["CashTransactions"].append(kept | added)
                _distrust(world, account, statement)


@kind("Transfers don't name the other account: by amount and day, or withheld.", WITH_LISTS)
def counterparty_unticked(world: World) -> None:
    for row in world.rows("Transfers"):
        row["account"] = None
    _unsure_of_transfers(world)
