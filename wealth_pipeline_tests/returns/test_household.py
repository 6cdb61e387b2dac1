"""The household's days: a golden example by hand, what accounts.toml changes, and the books' right answers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.returns.books import ZERO, Account, AccountDay, Books, Flow, Shape
from wealth_pipeline_tests.returns.compared import compared
from wealth_pipeline_tests.returns.statements import FlexFile, accounts_toml, files

#: A Monday and the weekdays after it.
DAYS = [date(2026, 3, 2) + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]


def account(name: str, gains: Sequence[int], *flows: Flow, base: str = "USD", days: Sequence[date] = DAYS) -> Account:
    """An account with 100 at the close of the first day, and what it earned and moved on those after."""
    made = Account(name=name, base=base)
    row = AccountDay(day=days[0], previous=None, covered=False, start_cash=Decimal(100), start_stock=ZERO)
    made.rows[row.day] = row
    for day, gain in zip(days[1:], gains, strict=False):
        row = AccountDay(
            day=day,
            previous=row.day,
            covered=True,
            start_cash=row.cash,
            start_stock=ZERO,
            flows=tuple(flow for flow in flows if flow.day == day),
            dividends=Decimal(gain),
        )
        made.rows[day] = row
    return made


def moved(amount: int, day: int, other: str, days: Sequence[date] = DAYS) -> Flow:
    """A transfer to or from another account on a day."""
    counted = Decimal(amount)
    return Flow(kind="internal_transfer", day=days[day], currency="USD", amount=counted, counterparty=other)


def books(*accounts: Account, days: Sequence[date] = DAYS) -> Books:
    """The books of these accounts."""
    made = Books(seed=0, shape="both", reporting="USD", timing="start", grant_counts=False, days=list(days))
    made.accounts = {one.name: one for one in accounts}
    made.rates = {(one, other, day): Decimal(1) for one, other in (("EUR", "USD"), ("USD", "EUR")) for day in days}
    return made


def parted(made: Books, day: date) -> tuple[FlexFile, FlexFile]:
    """The statements to a day in one file, and those after it in another."""
    every = {(one.account, one.first): one for file in files(made) for one in file.statements}.values()
    return FlexFile([one for one in every if one.last <= day]), FlexFile([one for one in every if one.last > day])


class House:
    """A data folder into which statements are loaded."""

    def __init__(self, root: Path, reporting: str | None = "USD") -> None:
        self.folder = DataFolder(root)
        self.warehouse = Warehouse(self.folder, reporting_currency=reporting)

    def write(self, accounts: str) -> None:
        """Write accounts.toml."""
        (self.folder.root / "accounts.toml").write_text(accounts)

    def load(self, *loaded: FlexFile) -> None:
        """Load statements; the settings count also without any."""
        with self.warehouse.writing():
            sha256s = [self.folder.archive.add(io.BytesIO(one.data()), source="import").sha256 for one in loaded]
            assert {one.status for one in self.warehouse.load(sha256s)} <= {"loaded"}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the published database answers."""
        with duckdb.connect(str(self.folder.published), read_only=True) as con:
            return con.execute(query).fetchall()

    def days(self) -> list[tuple[str, float | None]]:
        """Status and return of the household's days."""
        found = self.rows("SELECT status, return_percent FROM household_daily ORDER BY report_date")
        return [(status, percent and round(percent, 6)) for status, percent in found]


def test_money_in_transit_is_the_households_and_what_never_arrives_is_an_outside_flow(tmp_path: Path) -> None:
    still = (0,) * 7
    made = books(
        account("A", (5, *still), moved(-50, 1, "B"), moved(-20, 3, "B")), account("B", (0, *still), moved(50, 2, "A"))
    )
    begun, rest = parted(made, DAYS[1])
    house = House(tmp_path)
    house.load(begun)
    assert house.days() == [("none", None), ("withheld", None)]
    waits = f"the other side of the transfer of 50 USD from A on {DAYS[1]} is not there yet"
    assert house.rows("SELECT reason FROM household_daily WHERE status = 'withheld'") == [(waits,)]
    house.load(rest)
    assert house.days() == [("none", None), ("shown", 2.5), *[("shown", 0)] * 7]
    moves = house.rows("SELECT end_value, gain, flow_out FROM household_daily ORDER BY report_date")
    assert moves[1:4] == [(205, 5, 0), (205, 0, 0), (185, 0, 20)]


def test_what_goes_to_someone_else_is_an_outside_flow(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.load(*files(books(account("A", (5,), moved(-50, 1, "U999")), account("B", (0,)))))
    assert house.days() == [("none", None), ("shown", 3.333333)]


def test_the_household_follows_the_settings_and_accounts_toml(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.load(*files(books(account("A", (5, 0, 2)), account("B", (0, 0, 2), base="EUR"))))
    # No statement states a rate of the first day: the household begins with the second.
    together = [("none", None), ("shown", 0), ("shown", round(400 / 205, 6))]
    assert house.days() == together
    house.write('[[account]]\nid = "B"\nexclude = true\n')
    house.load()
    assert house.days() == [("none", None), ("shown", 5), ("shown", 0), ("shown", round(200 / 105, 6))]
    house.write(f'[[account]]\nid = "A"\nended = {DAYS[2]}\n')
    house.load()
    assert house.days() == [*together[:2], ("shown", 2)]
    house.write("")
    House(tmp_path, reporting=None).load()
    assert [status for status, _ in house.days()] == ["none", "withheld", "withheld", "withheld"]
    house.load()
    assert house.days() == together


def test_the_nav_with_which_an_account_joins_or_leaves_is_a_flow_of_its_own_kind(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.load(*files(books(account("A", (5, 0, 2), moved(-50, 2, "U999")), account("B", (0, 0, 2)))))
    flows = "SELECT account_id, report_date, kind, amount_base FROM flows ORDER BY ALL"
    begun = [("A", DAYS[0], "joined", 100), ("A", DAYS[2], "internal_transfer", -50), ("B", DAYS[0], "joined", 100)]
    assert house.rows(flows) == begun
    house.write(f'[[account]]\nid = "A"\nended = {DAYS[2]}\n')
    house.load()
    assert house.rows(flows) == [*begun[:2], ("A", DAYS[2], "left", -55), begun[2]]
    moves = house.rows("SELECT flow_in, flow_out FROM household_daily ORDER BY report_date")
    assert moves == [(200, 0), (0, 0), (0, 105), (0, 0)]
    house.write('[[account]]\nid = "A"\nexclude = true\n')
    house.load()
    assert house.rows(flows) == begun[1:]
    house.write("")
    house.load()
    assert house.rows(flows) == begun


def test_an_account_that_left_left_once_whatever_is_loaded_of_the_days_before(tmp_path: Path) -> None:
    """The day after those that a load touches is made again as well."""
    house = House(tmp_path)
    house.write(f'[[account]]\nid = "A"\nended = {DAYS[9]}\n')
    begun, rest = parted(books(account("A", (0,) * 9), account("B", (0,) * 9)), DAYS[1])
    house.load(rest)
    left = [("A", DAYS[9], -100)]
    assert house.rows("SELECT account_id, report_date, amount_base FROM flows WHERE kind = 'left'") == left
    house.load(begun)
    assert house.rows("SELECT account_id, report_date, amount_base FROM flows WHERE kind = 'left'") == left


def test_a_transfer_that_one_members_change_in_nav_states_and_anothers_transfers_list_is_matched(
    tmp_path: Path,
) -> None:
    """It is there, and counts at the start of its day, where A's other flows count at the end of theirs."""
    out = Flow(kind="withdrawal", day=DAYS[1], currency="USD", amount=Decimal(-10))
    made = books(
        account("A", (5, 0, 5, 0, 0), out, moved(-50, 3, "B")), account("B", (0, 0, 0, 0, 0), moved(50, 3, "A"))
    )
    made.timing = "end"
    every = [statement for file in files(made) for statement in file.statements]
    for one in every:
        if one.account == "A":
            del one.sections["CashTransactions"], one.sections["Transfers"]
    house = House(tmp_path)
    house.load(FlexFile(every))
    assert house.days()[3:] == [("shown", round(100 * 5 / 195, 6)), ("shown", 0), ("shown", 0)]


def test_a_nav_does_not_stand_still_on_a_holiday_after_a_day_without_a_statement(tmp_path: Path) -> None:
    a, b = account("A", (0, 0, 0, 50, 0)), account("B", (0, 0, 1, 0, 0))
    del a.rows[DAYS[2]], a.rows[DAYS[3]], b.rows[DAYS[2]]
    a.holidays, b.holidays = {DAYS[3]}, {DAYS[2]}
    house = House(tmp_path)
    house.load(*files(books(a, b)))
    assert house.days() == [("none", None), ("shown", 0), *[("withheld", None)] * 2, ("shown", 0)]
    reasons = house.rows("SELECT reason FROM household_daily WHERE status = 'withheld' ORDER BY report_date")
    assert reasons == [("no NAV of A",), (f"no NAV of A on {DAYS[3]}",)]
    # A statement without a row for the day makes a holiday of it, also one that comes late.
    a.holidays.add(DAYS[2])
    house.load(*files(books(a, b)))
    assert house.days()[2:] == [("shown", 0.5), ("shown", round(100 * 50 / 201, 6)), ("shown", 0)]


def test_a_successor_whose_row_before_its_first_statement_is_zero_goes_on_with_what_was_there(tmp_path: Path) -> None:
    """The row is of its predecessor's last day."""
    opened = Account(name="B", base="USD")
    flow = Flow(kind="asset_transfer", day=DAYS[3], currency="USD", amount=Decimal(110))
    free = AccountDay(day=DAYS[2], previous=None, covered=False, start_cash=ZERO, start_stock=ZERO)
    opened.rows = {row.day: row for row in (
        free,
        replace(free, day=DAYS[3], previous=DAYS[2], covered=True, flows=(flow,), dividends=Decimal(11)),
        replace(free, day=DAYS[4], previous=DAYS[3], covered=True, start_cash=Decimal(11), start_stock=Decimal(110)),
    )}  # fmt: skip
    made = books(account("A", (0, 10)), opened)
    made.shape = "day"
    house = House(tmp_path)
    house.write('[[account]]\nid = "A"\nsuccessor = "B"\n')
    house.load(*files(made))
    assert house.days() == [("none", None), ("shown", 0), ("shown", 10), ("shown", 10), ("shown", 0)]
    assert house.rows("SELECT end_value FROM household_daily ORDER BY report_date")[2:] == [(110,), (121,), (121,)]


@pytest.mark.parametrize("seed, shape", [(1, "day"), (3, "both")])
def test_the_households_days_are_the_books_whatever_the_order(tmp_path: Path, seed: int, shape: Shape) -> None:
    made = Books.made(seed, 3, 13, shape)
    house = House(tmp_path, reporting=made.reporting)
    house.write(accounts_toml(made))
    house.load(*reversed(files(made)))
    with duckdb.connect(str(house.folder.published), read_only=True) as con:
        assert compared(con, made) == []
