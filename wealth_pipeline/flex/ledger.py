"""What was asked of the Flex Web Service, and when it may be asked again.

A small SQLite file (`state.sqlite`), because it must stay readable while DuckDB is locked, be shared by
several processes, and outlive the run that wrote it. No token is ever in it: a token goes by `token_key`.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from wealth_pipeline.calendar import CLOCK, Clock, new_york_day
from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex.state import Outcome, as_text, transaction

REFERENCE_LIFE = timedelta(days=1)
"""How long a reference code is worth polling. Ours: IBKR documents no lifetime."""

# IBKR: 1018, "limited to one request per second, 10 requests per minute (per token)". Its clock sees requests
# closer together or farther apart than ours by the network's jitter, hence a second of slack on both.
SPACING = timedelta(seconds=2)
TEN_REQUESTS = timedelta(seconds=62)


@dataclass(frozen=True, order=True)
class Window:
    """The report dates `first` to `last`, both inclusive, at most 365 of them (IBKR: fd and td).

    Raises WealthError when the dates are in the wrong order or too far apart.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < 365:
            raise WealthError(
                f"The window {self} is not one that IBKR can be asked for",
                "Give a first day, a last day that isn't before it, and at most 365 days.",
            )

    def __str__(self) -> str:
        """`2026-07-01 to 2026-07-02`, or the day alone."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class FlexRequest:
    """One SendRequest and what became of it: a row of `flex_requests`, in the table's column order.

    Times are UTC. Holds no secret: the reference code is worth nothing without the token.
    """

    id: int
    connection: str
    query_id: str
    asked_from: date
    asked_to: date
    requested_at: datetime
    reference_code: str | None
    outcome: Outcome
    message: str | None
    statement_sha256: str | None
    finished_at: datetime | None

    @property
    def window(self) -> Window:
        """The report dates that were asked for."""
        return Window(self.asked_from, self.asked_to)


@dataclass(frozen=True)
class Embargo:
    """No request with this token before `until` (UTC), because IBKR answered `code` (1018 or 1025)."""

    key: str
    connection: str
    code: int
    until: datetime
    strikes: int


def token_key(token: str) -> str:
    """The name of a token in the ledger: short, stable, and of no use to find the token (some 80 bits).

    A new token has another key, so it isn't held back by what happened to the old one.
    """
    return hashlib.sha256(b"wealth_pipeline flex token " + token.encode()).hexdigest()[:16]


class RequestLedger:
    """The request ledger in the SQLite file `path` (made on first use, mode 0600, with its folder).

    Every method is one transaction on a connection of its own, so several threads and processes can share
    the file. Every method raises WealthError where the file can't be read or written. A time that lies further ahead
    than the longest embargo was written under a wrong clock, and is capped by whatever method comes first.
    """

    def __init__(self, path: Path, clock: Clock = CLOCK) -> None:
        self.path = path
        self.clock = clock

    def start(self, connection: str, query_id: str, window: Window) -> int:
        """Record that a SendRequest is about to go out; returns the row's id."""
        with self._transaction() as db:
            row = db.execute(
                "INSERT INTO flex_requests (connection, query_id, asked_from, asked_to, requested_at,"
                " outcome) VALUES (?, ?, ?, ?, ?, 'sent') RETURNING id",
                (connection, query_id, f"{window.first}", f"{window.last}", as_text(self.clock.now())),
            ).fetchone()
        return int(row["id"])

    def referenced(self, request_id: int, reference_code: str) -> None:
        """Record the reference code that IBKR gave: the request is `pending` now."""
        with self._transaction() as db:
            db.execute(
                "UPDATE flex_requests SET reference_code = ?, outcome = 'pending' WHERE id = ?",
                (reference_code, request_id),
            )

    def noted(self, request_id: int, message: str) -> None:
        """Record why the statement hasn't come yet; the request stays open."""
        with self._transaction() as db:
            db.execute("UPDATE flex_requests SET message = ? WHERE id = ?", (message, request_id))

    def finished(
        self,
        request_id: int,
        outcome: Outcome,
        message: str | None = None,
        sha256: str | None = None,
        *,
        sent: bool = True,
    ) -> None:
        """Record the end of a request. `sha256` names the archived statement; `message` holds no secret.

        sent: whether it can have left this machine; else it does not count as asked.
        """
        with self._transaction() as db:
            if not sent:
                db.execute("INSERT OR IGNORE INTO flex_unsent (id) VALUES (?)", (request_id,))
            db.execute(
                "UPDATE flex_requests SET outcome = ?, message = ?, statement_sha256 = ?, finished_at = ? WHERE id = ?",
                (outcome, message, sha256, as_text(self.clock.now()), request_id),
            )

    def latest(self, connection: str, window: Window) -> FlexRequest | None:
        """The newest request for exactly this window, or None."""
        return next(iter(self._requests(connection, window)), None)

    def pending(self, connection: str, window: Window) -> FlexRequest | None:
        """The request for exactly this window whose reference code is worth polling again, or None."""
        # The newest with a code decides: one that came or failed since makes the older ones moot.
        request = next((row for row in self._requests(connection, window) if row.reference_code), None)
        oldest = self.clock.now() - REFERENCE_LIFE
        worthwhile = request and request.outcome == "pending" and request.requested_at > oldest
        return request if worthwhile else None

    def received_on(self, connection: str, window: Window, day: date) -> FlexRequest | None:
        """The request whose statement for exactly this window came whole on that New York day, or None."""
        return next(
            (
                request
                for request in self._requests(connection, window)
                if request.outcome == "received" and request.finished_at and new_york_day(request.finished_at) == day
            ),
            None,
        )

    def count_on(self, connection: str, last: date, day: date) -> int:
        """How many requests for windows that end on `last` were made on that New York day, and were sent."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT * FROM flex_requests WHERE connection = ? AND asked_to = ?"
                " AND id NOT IN (SELECT id FROM flex_unsent)",
                (connection, f"{last}"),
            )
            return sum(new_york_day(_request(row).requested_at) == day for row in rows)

    def by_reference(self, connection: str, reference_code: str) -> FlexRequest | None:
        """The request that this reference code belongs to, or None."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT * FROM flex_requests WHERE connection = ? AND reference_code = ? ORDER BY id DESC",
                (connection, reference_code),
            ).fetchone()
        return _request(row) if row else None

    def all(self) -> list[FlexRequest]:
        """Every request ever made, oldest first."""
        with self._transaction() as db:
            return [_request(row) for row in db.execute("SELECT * FROM flex_requests ORDER BY id")]

    def embargo(self, key: str) -> Embargo | None:
        """The embargo in force for the token with this `token_key`, or None."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT * FROM flex_embargoes WHERE key = ? AND until > ?", (key, as_text(self.clock.now()))
            ).fetchone()
        return Embargo(**{**dict(row), "until": datetime.fromisoformat(row["until"])}) if row else None

    def set_embargo(self, key: str, connection: str, code: int, lengths: Sequence[timedelta]) -> Embargo:
        """Forbid requests with a token for `lengths[n]` from now, n growing to the last with each repeat.

        Never shortens an embargo in force. A request that succeeds (`lift_embargo`) starts the count again.
        """
        with self._transaction() as db:
            row = db.execute("SELECT until, strikes FROM flex_embargoes WHERE key = ?", (key,)).fetchone()
            until, strikes = (datetime.fromisoformat(row["until"]), row["strikes"]) if row else (self.clock.now(), 0)
            until = max(until, self.clock.now() + lengths[min(strikes, len(lengths) - 1)])
            embargo = Embargo(key, connection, code, until, strikes + 1)
            db.execute(
                "INSERT OR REPLACE INTO flex_embargoes (key, connection, code, until, strikes) VALUES (?, ?, ?, ?, ?)",
                (key, connection, code, as_text(until), embargo.strikes),
            )
        return embargo

    def lift_embargo(self, key: str) -> None:
        """Forget an embargo that is over, and how often it was repeated; one in force stays."""
        with self._transaction() as db:
            db.execute("DELETE FROM flex_embargoes WHERE key = ? AND until <= ?", (key, as_text(self.clock.now())))

    def reserve_call(self, key: str) -> datetime:
        """Reserve the next moment (UTC, now or later) at which the token may be used within IBKR's limits.

        The caller sleeps until then. Every call counts, SendRequest and polls alike, from every process.
        """
        now = self.clock.now()
        with self._transaction() as db:
            # A clock that was ahead and has been put right must not stop us until it gets there again.
            db.execute(
                "DELETE FROM flex_calls WHERE key = ? AND (at < ? OR at > ?)",
                (key, as_text(now - TEN_REQUESTS), as_text(now + 10 * TEN_REQUESTS)),
            )
            rows = db.execute("SELECT at FROM flex_calls WHERE key = ? ORDER BY at DESC LIMIT 10", (key,))
            calls = [datetime.fromisoformat(row["at"]) for row in rows]
            slot = max([now, *(at + SPACING for at in calls[:1]), *(at + TEN_REQUESTS for at in calls[9:])])
            db.execute("INSERT INTO flex_calls (key, at) VALUES (?, ?)", (key, as_text(slot)))
        return slot

    def _requests(self, connection: str, window: Window) -> list[FlexRequest]:
        """The requests for exactly this window, newest first."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT * FROM flex_requests WHERE connection = ? AND asked_from = ? AND asked_to = ? ORDER BY id DESC",
                (connection, f"{window.first}", f"{window.last}"),
            )
            return [_request(row) for row in rows]

    def _transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self.path, self.clock)


def _request(row: sqlite3.Row) -> FlexRequest:
    values: dict[str, Any] = dict(row)
    for name in ("asked_from", "asked_to"):
        values[name] = date.fromisoformat(values[name])
    for name in ("requested_at", "finished_at"):
        values[name] = values[name] and datetime.fromisoformat(values[name])
    return FlexRequest(**values)
