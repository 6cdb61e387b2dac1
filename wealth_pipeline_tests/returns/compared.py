"""What the pipeline makes of a household's statements, beside the right answers."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import duckdb

from wealth_pipeline_tests.returns.books import Books, Shape
from wealth_pipeline_tests.returns.loaded import loaded
from wealth_pipeline_tests.returns.oracle import Answer, account_days, household_days


def differences(seed: int, accounts: int, days: int, shape: Shape) -> list[str]:
    """The days of accounts and of the household on which the pipeline and the oracle differ."""
    books = Books.made(seed, accounts, days, shape)
    with tempfile.TemporaryDirectory() as folder, loaded(Path(folder), books) as con:
        return compared(con, books)


def compared(con: duckdb.DuckDBPyConnection, books: Books) -> list[str]:
    """The days on which what was published and the right answers differ, one line a day."""
    columns = "report_date, status, return_percent, reason, flow_in, flow_out"
    found: dict[tuple[str, date], tuple[object, ...]] = {
        (name, day): tuple(row)
        for name, day, *row in con.execute(
            f"SELECT account_id, {columns} FROM returns_daily"
            f" UNION ALL SELECT 'household', {columns} FROM household_daily"
        ).fetchall()
    }
    right = [(account.name, one) for account in books.accounts.values() for one in account_days(books, account)]
    right += [("household", answer) for answer in household_days(books)]
    said = [_line(name, answer, found.pop((name, answer.day), None)) for name, answer in right]
    return [line for line in said if line] + [
        f"{name} {day} is not in the books: {row}" for (name, day), row in found.items()
    ]


def _line(name: str, answer: Answer, row: tuple[object, ...] | None) -> str | None:
    """What is not right about a day; None: nothing."""
    right, shown = answer.return_percent, row[1] if row else None
    if (
        row
        and row[0] == answer.status
        and (right is None or (isinstance(shown, float) and abs(shown - right) <= 2e-8 + 1e-12 * abs(right)))
    ):
        return None
    figures = f"{right and float(right)} in {float(answer.flow_in)} out {float(answer.flow_out)}"
    return f"{name} {answer.day} {answer.status} {figures} {answer.reason}: {row}"
