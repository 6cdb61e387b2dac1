"""The returns that are shown to people: which days, with which index, and what is said where one is not our own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from wealth_pipeline.published import markdown
from wealth_pipeline.published.published import Published
from wealth_pipeline_tests.lives import Folder, days, statement

MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A week of two accounts, whose returns a test replaces by its own."""
    folder = Folder(tmp_path)
    folder.load(statement({"U1": days(MONDAY, FRIDAY), "U2": days(MONDAY, FRIDAY)}))
    return folder


def returns(folder: Folder, table: str, *rows: dict[str, Any]) -> Published:
    """What is published once a table has these rows instead of its own."""
    with duckdb.connect(str(folder.warehouse.folder.warehouse)) as con:
        con.execute(f"DELETE FROM {table}")
        for row in rows:
            marks = ", ".join("?" * len(row))
            con.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    folder.warehouse.publish()
    return Published(folder.warehouse.folder.published)


def day(number: int, factor: float | None, status: str = "shown", **more: Any) -> dict[str, Any]:
    """A day of March of the account U1; the day before it is the row before."""
    of = {"account_id": "U1", "report_date": date(2026, 3, number), "factor": factor, "status": status}
    return of | {"previous_date": date(2026, 3, number - 1), "proof": "passed"} | more


WEEK = (
    day(2, None, "none"),
    day(3, 1.1, return_percent=10, gain=100),
    day(4, None, "withheld", reason="a rate is missing"),
    day(5, 0.5),
    day(6, 1.5),
)


def test_the_index_begins_at_100_and_again_on_a_day_whose_return_nobody_knows(folder: Folder) -> None:
    found = returns(folder, "returns_daily", *WEEK).return_days(["U1"], [row["report_date"] for row in WEEK])
    assert [one.level for one in found] == pytest.approx([100, 110, 100, 50, 75])


def test_a_day_is_shown_with_the_one_that_starts_from_its_nav_and_only_of_the_accounts_asked_for(
    folder: Folder,
) -> None:
    published = returns(folder, "returns_daily", *WEEK, day(4, 1.2) | {"account_id": "U2"})
    found = published.return_days(["U1"], [date(2026, 3, 3)])
    assert [(one.scope, one.report_date.day) for one in found] == [("U1", 3), ("U1", 4)]
    assert found[0].gain == Decimal(100)
    assert found[0].currency == "USD"
    assert published.return_dates(["U2"]) == {date(2026, 3, 4)}


def test_a_statement_names_the_days_that_it_changed(folder: Folder) -> None:
    published = returns(folder, "returns_daily", *WEEK)
    ((sha256,),) = folder.rows("SELECT sha256 FROM statements")
    assert len(published.return_days(["U1"], [], [sha256])) == len(WEEK)
    assert published.return_days(["U1"], []) == []


def test_the_household_has_the_reporting_currency(folder: Folder) -> None:
    row = {"report_date": FRIDAY, "status": "shown", "return_percent": 2, "factor": 1.02, "gain": 5}
    published = returns(folder, "household_daily", row | {"accounts": 2, "proof": "passed"})
    (found,) = published.return_days(["household"], [FRIDAY])
    assert (found.scope, found.currency, found.return_percent) == ("household", "reporting currency", 2)
    assert published.return_dates(["household"]) == {FRIDAY}


def test_periods_come_in_their_order_with_the_household_last_and_say_what_is_not_shown(folder: Folder) -> None:
    of = {"from_date": MONDAY, "to_date": FRIDAY, "days": 4, "withheld_days": 0, "ibkr_days": 0}
    published = returns(
        folder,
        "returns_periods",
        of | {"scope": "household", "period": "MTD", "status": "shown", "twr_percent": 1.005, "gain": 12},
        of
        | {"scope": "U2", "period": "since_start", "status": "partial", "twr_percent": -3, "reason": "it began late"},
        of | {"scope": "U2", "period": "MTD", "status": "withheld", "reason": "withheld: 2026-03-04 (no rate)"},
        of | {"scope": "U2", "period": "3Y", "status": "shown"},
        of | {"scope": "U1", "period": "MTD", "status": "shown", "to_date": MONDAY, "twr_percent": 0.5, "gain": 1},
    )
    assert markdown.periods_table(published.return_periods()).splitlines()[2:] == [
        "|U1 up to 2026-03-02|MTD|+0.50\N{NO-BREAK SPACE}%|+1.00\N{NO-BREAK SPACE}USD|shown|",
        "|U2|MTD|withheld||withheld: 2026-03-04 (no rate)|",
        "|U2|since start|-3.00\N{NO-BREAK SPACE}%||partial: it began late|",
        "|all accounts|MTD|+1.00\N{NO-BREAK SPACE}%|+12.00\N{NO-BREAK SPACE}reporting\N{NO-BREAK SPACE}currency|shown|",
    ]
    assert [one.scope for one in published.return_periods(["U1"])] == ["U1"]


def test_the_account_of_a_return_is_text_and_no_markup(folder: Folder) -> None:
    row = WEEK[1] | {"account_id": "[x](http://evil)|"}
    published = returns(folder, "returns_daily", row)
    table = markdown.returns_table(published.return_days([row["account_id"]], [row["report_date"]]))
    assert r"|\[x\](" in table
    assert "http://" not in table
