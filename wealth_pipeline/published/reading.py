"""Opening wealth.duckdb for reading, and asking it a question that stands in `sql/`, one a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import duckdb

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.duck import connect, trouble
from wealth_pipeline.warehouse import version


class NothingPublished(WealthError):
    """There is no wealth.duckdb yet, or none that this version can read: the next load makes it."""


@contextmanager
def reading(path: Path, any_version: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published database; raises NothingPublished if it isn't there.

    One that another version of this software wrote is refused, unless `any_version`: its tables may differ.
    """
    if not path.exists():
        raise NothingPublished(
            f"There is no {path} yet",
            "Pull or import a statement first: `wealth pull`, `wealth import`, `wealth demo`.",
        )
    try:
        con = connect(path, read_only=True)
    except duckdb.Error as error:
        raise WealthError(*trouble(path, error)) from None
    try:
        if not any_version:
            _refuse_other_version(con, path)
        yield con
    finally:
        con.close()


def _refuse_other_version(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        written = version.origin(con)
    except duckdb.Error as error:
        raise WealthError(*trouble(path, error)) from None
    if written.newer:
        raise WealthError(
            f"{path} was written by a newer wealth_pipeline ({written.written_by}, this is {version.program()})",
            "Update wealth_pipeline.",
        )
    if not written.ours:
        raise NothingPublished(
            f"{path} was written by an older wealth_pipeline", "The next load rebuilds it; or run `wealth replay` now."
        )


@cache
def sql(name: str) -> str:
    """The text of a question; its parameters and columns are in its first lines."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def named(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of an answer, each with the names of its columns."""
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


class Reader:
    """The published database, answering questions by their name. Figures come as Decimal.

    Each question opens the file read-only and closes it again, so that nothing here can hold up a reader or a writer.
    Within `with`, one connection answers them all: opening the file takes longer than most questions.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open = ExitStack()
        self._depth = 0

    def __enter__(self) -> Self:
        """Hold the file open; raises as `reading` does. One `with` within another shares its connection."""
        if not self._depth:
            self._con = self._open.enter_context(reading(self.path))
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._open.close()

    def rows(self, question: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows that answer a question."""
        with self:
            return self._con.execute(sql(question), parameters).fetchall()

    def records(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows that answer a question, each with the names of its columns."""
        with self:
            return named(self._con.execute(sql(question), parameters))

    def value(self, question: str, **parameters: Any) -> Any:
        """The first column of a question's first row; None without one."""
        rows = self.rows(question, **parameters)
        return rows[0][0] if rows else None
