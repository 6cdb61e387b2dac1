"""The request ledger's tables in `state.sqlite`, and the times in them that no right clock can have written."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from wealth_pipeline.calendar import EARLIEST_NOW, FURTHEST, Clock
from wealth_pipeline.files import sqlite

Outcome = Literal["sent", "pending", "received", "partial", "unavailable", "failed"]
"""Where a request stands.

`sent`: the request went out and no reply is recorded (for good, if the process died). `pending`: IBKR gave a
reference code, the statement hasn't come. `received`: it came, and covers the window. `partial`: it came and
covers less. `unavailable`: IBKR has no statement for the window (1003). `failed`: anything else.
"""

_TABLES = (
    f"""CREATE TABLE IF NOT EXISTS flex_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    query_id TEXT NOT NULL,
    asked_from TEXT NOT NULL,
    asked_to TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    reference_code TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN {get_args(Outcome)}),
    message TEXT,
    statement_sha256 TEXT,
    finished_at TEXT
)""",
    """CREATE TABLE IF NOT EXISTS flex_embargoes (
    key TEXT PRIMARY KEY,
    connection TEXT NOT NULL,
    code INTEGER NOT NULL,
    until TEXT NOT NULL,
    strikes INTEGER NOT NULL
)""",
    "CREATE TABLE IF NOT EXISTS flex_calls (key TEXT NOT NULL, at TEXT NOT NULL)",
    # Requests that never left this machine.
    "CREATE TABLE IF NOT EXISTS flex_unsent (id INTEGER PRIMARY KEY)",
)
#: What must not lie further ahead than FURTHEST, and what is written in its place, as an expression.
_TIMES = (
    ("flex_embargoes", "until", "$furthest"),
    ("flex_requests", "requested_at", "$now"),
    ("flex_requests", "finished_at", "$now"),
)


@contextmanager
def transaction(path: Path, clock: Clock) -> Iterator[sqlite3.Connection]:
    """One transaction on the file, as `files.sqlite` makes it; before it, times that lie too far ahead are capped."""
    with sqlite.transaction(path, _TABLES) as db:
        now = clock.now()
        if now > EARLIEST_NOW:  # else it is the present that is wrong
            times = {"now": as_text(now), "furthest": as_text(now + FURTHEST)}
            for table, column, capped in _TIMES:
                db.execute(f"UPDATE {table} SET {column} = {capped} WHERE {column} > $furthest", times)
        yield db


def as_text(moment: datetime) -> str:
    """UTC with a fixed number of digits, so that the order of the texts is the order of the moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
