"""One question in SQL to the published databases, answered row by row, by whoever types it.

What protects is the database: it is open read-only, reaches no file outside itself, and its configuration is locked.
Before that stands a sieve that lets one reading statement through, and says why it refuses another one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from wealth_pipeline.errors import WealthError
from wealth_pipeline.gateway import live
from wealth_pipeline.published.reading import reading
from wealth_pipeline.text import terminal

#: How many rows are fetched at once.
BLOCK_ROWS = 1000
#: As a shell reports what Ctrl-C ended.
INTERRUPTED = 130
#: How long DuckDB may take to stop when it is asked to, before the process ends without it.
_SECONDS_TO_STOP = 1.0

#: Without external access DuckDB still opens the database's own files, its log and its temporary ones: seen, a COPY in
#: a CTE wrote there. What is open stays open without a file system; only, a query has to do with the machine's memory.
_SETTINGS = (
    "temp_directory = ''",
    "enable_external_access = false",
    "disabled_filesystems = 'LocalFileSystem'",
    "python_enable_replacements = false",
    "lock_configuration = true",
)
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?(\(\s*(analyze|format)\b[^()]*\)\s*)?", re.IGNORECASE)
#: With what a PIVOT begins, and a query that has one within it: DuckDB makes several statements of each, as it does of
#: a CREATE or a COPY that has one within it.
_PIVOTS = {"pivot", "pivot_wider", "select", "from", "with", "(", "describe", "desc", "show", "summarize"}
#: What answers instead of a PRAGMA that has no table function of its name.
_INSTEAD = {
    "show_tables": "SHOW TABLES",
    "show_tables_expanded": "SHOW ALL TABLES",
    "database_list": "SELECT * FROM duckdb_databases()",
    "functions": "SELECT * FROM duckdb_functions()",
}
_FUNCTIONS = {"table_info", "storage_info", "database_size", "version", "platform", "user_agent", "collations", "show"}


class QueryError(WealthError):
    """A query that is not answered. What DuckDB says of it keeps its lines: one of them points at the mistake."""

    def __str__(self) -> str:
        """`what` and `advice`."""
        return f"{self.what}. {self.advice}" if self.advice else self.what


@dataclass(frozen=True)
class Answer:
    """The answer to a query. names: of its columns. blocks: its rows, up to BLOCK_ROWS at a time, as they come.

    plan: whether it is the plan of a query, a text of several lines by DuckDB itself.
    """

    names: list[str]
    blocks: Iterator[list[tuple[Any, ...]]]
    plan: bool


@contextmanager
def opened(data_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the published databases of a data folder and nothing else, live figures as `live`.

    Raises NothingPublished where there is no database.
    """
    published, only_live = data_dir / "wealth.duckdb", data_dir / live.FILE
    alone = not published.exists() and only_live.exists()
    # Alone, its own name makes it the schema `live`.
    with reading(only_live if alone else published, any_version=True) as con:
        if not alone:
            live.attach(con, data_dir)
        for setting in _SETTINGS:
            con.execute(f"SET {setting}")
        yield con


@contextmanager
def asked(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[Answer]:
    """Ask a connection that `opened` gave; nothing at all is an empty answer.

    Raises QueryError for what is not one reading statement and where DuckDB refuses it, also while the rows are taken.
    Ctrl-C is a KeyboardInterrupt at once, or the end of the process.
    """
    try:
        statements = con.extract_statements(query)
        _refuse_all_but_one(con, statements)
        if not statements:
            yield Answer([], iter(()), plan=False)
            return
        plan = _EXPLAIN.match(_without_comments(statements[0].query)) is not None
        # In a thread, so that Ctrl-C reaches this one whatever DuckDB is at.
        with _interruptible(con) as worker:
            result = worker.submit(con.execute, statements[0]).result()
            yield Answer([column[0] for column in result.description], _blocks(worker, result), plan)
    except duckdb.Error as error:
        raise QueryError("\n".join(map(terminal, str(error).splitlines()))) from None


def _refuse_all_but_one(con: duckdb.DuckDBPyConnection, statements: list[duckdb.Statement]) -> None:
    """Raise QueryError unless it is one statement that reads, or none at all."""
    if len(statements) > 1:
        raise QueryError(f"These are {len(statements)} statements", "Ask one at a time.")
    for statement in statements:
        _refuse_writing(con, statement)


def _refuse_writing(con: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> None:
    """Raise QueryError for a statement that may do more than read, with the SELECT that replaces it if there is one."""
    text = _without_comments(statement.query)
    try:
        kind = statement.type
    except ValueError:  # of some statements DuckDB's Python client does not know the type
        kind = duckdb.StatementType.INVALID
    word = (re.match(r"\s*(\w+|.)", text, re.DOTALL) or [""])[0].strip().lower()
    if word == "explain" and kind in (duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI):
        # EXPLAIN ANALYZE runs what it explains, and a COPY may write where the database's own log would be.
        explained = _EXPLAIN.match(text)
        inner = con.extract_statements(text[explained.end() :]) if explained else []
        if len(inner) == 1:
            _refuse_writing(con, inner[0])
            return
    if kind == duckdb.StatementType.SELECT or (kind == duckdb.StatementType.MULTI and word in _PIVOTS):
        return
    instead = _instead(text)
    raise QueryError(
        f"{word.upper()} is refused: `wealth sql` is read-only, and answers one SELECT or EXPLAIN",
        f"Ask instead: {instead}" if instead else "Nothing was changed.",
    )


def _instead(text: str) -> str | None:
    """The query that answers what a PRAGMA or CALL asks, None if it does not ask."""
    match = re.fullmatch(r"\s*(pragma|call)\s+(\w+)\s*(\(.*\))?\s*;?\s*", text, re.IGNORECASE | re.DOTALL)
    if match is None:
        return None
    kind, name, arguments = match[1].lower(), match[2].lower(), match[3] or "()"
    if kind == "call":
        return terminal(f"SELECT * FROM {match[2]}{arguments}")
    return _INSTEAD.get(name) or (terminal(f"SELECT * FROM pragma_{name}{arguments}") if name in _FUNCTIONS else None)


def _without_comments(text: str) -> str:
    """The statement with a space for each comment, in which nothing stands that DuckDB would skip."""
    encoded, tokens = text.encode(), duckdb.tokenize(text)  # the tokenizer counts bytes
    ends = [start for start, _ in tokens[1:]] + [len(encoded)]
    for (start, kind), end in reversed(list(zip(tokens, ends, strict=True))):
        if kind == duckdb.token_type.comment:
            encoded = encoded[:start] + b" " + encoded[end:]
    return encoded.decode()


@contextmanager
def _interruptible(con: duckdb.DuckDBPyConnection) -> Iterator[ThreadPoolExecutor]:
    """A thread for DuckDB's work; Ctrl-C stops what it is at, and ends the process where that cannot be stopped."""
    with ThreadPoolExecutor(1) as worker:
        try:
            yield worker
        except KeyboardInterrupt:
            con.interrupt()
            if wait([worker.submit(int)], _SECONDS_TO_STOP).not_done:
                os._exit(INTERRUPTED)
            raise


def _blocks(worker: ThreadPoolExecutor, result: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    while block := worker.submit(result.fetchmany, BLOCK_ROWS).result():
        yield block
