"""Opening SQLite files: one transaction at a time, shared by several processes, readable by their owner alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from wealth_pipeline.errors import WealthError

#: How long another process's transaction is waited for.
_PATIENCE_SECONDS = 30


@contextmanager
def transaction(path: Path, tables: Sequence[str]) -> Iterator[sqlite3.Connection]:
    """One transaction on a connection of its own; the file is made if it isn't there, mode 0600, with its folder.

    tables: the statements that make the tables, where they are not there. Raises WealthError where the file can't be
    read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # sqlite3 would make the file readable for everybody; its journal takes over the file's mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            with db:
                # Immediate, because a transaction that reads first and then writes fails at once ("database is
                # locked"), without waiting, when another process wrote in between.
                db.execute("BEGIN IMMEDIATE")
                for statement in tables:
                    db.execute(statement)
                yield db
    except (OSError, sqlite3.Error) as error:
        raise WealthError(
            f"{path} cannot be read or written: {getattr(error, 'strerror', None) or error}",
            "Fix the folder's permissions or free some space; without this file nothing is asked of IBKR.",
        ) from None


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query gives of a file that others write; raises WealthError where it isn't there or can't be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()
    except (ValueError, sqlite3.Error) as error:
        raise WealthError(f"{path} cannot be read: {error}", "Stop what uses it, and try again.") from None
