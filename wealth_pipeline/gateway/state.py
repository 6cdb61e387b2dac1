"""When the gateway was asked, and when it may be asked again, in a small table of `state.sqlite`.

It outlives the process: an embargo is kept over a restart, and two runs in a row keep IBKR's limits together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import filelock

from wealth_pipeline.calendar import CLOCK, Clock
from wealth_pipeline.files import drive, sqlite
from wealth_pipeline.gateway.errors import Busy, Embargoed

#: IBKR: ten requests a second; half of that, because the same gateway may serve other programs.
SPACING = timedelta(seconds=0.2)
#: IBKR: `/portfolio/accounts` once in 5 s, `/tickle` once a second. The slack is for clocks that differ.
SPACINGS = {"/portfolio/accounts": timedelta(seconds=5.1), "/tickle": timedelta(seconds=1.1)}
#: IBKR: the penalty box after a 429.
EMBARGO = timedelta(minutes=15)
_ANY, _EMBARGO = "any request", "embargo"
_TABLES = ("CREATE TABLE IF NOT EXISTS gateway_times (name TEXT PRIMARY KEY, at TEXT NOT NULL)",)


def embargoed(until: datetime) -> Embargoed:
    """The error that says so, for `until` in UTC."""
    return Embargoed(
        f"IBKR answered that there were too many requests (429): none is made before {until:%Y-%m-%d %H:%M} UTC",
        "It goes on by itself then; stop other programs that ask the gateway until that time.",
    )


class GatewayState:
    """The gateway's part of the SQLite file `path` (made on first use, mode 0600), and the lock beside it."""

    def __init__(self, path: Path, clock: Clock = CLOCK) -> None:
        self.path = path
        self.clock = clock

    @contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        """Be the only one who asks the gateway; raises Busy if another process is at it for `patience` seconds."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = drive.lock(self.path.with_name("gateway.lock"), patience)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise Busy("Another run is asking the gateway", "The sensor checks again in a minute.") from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def paced(self, path: str) -> Iterator[None]:
        """Wait until `path` may be asked within IBKR's limits, and note the time before and after the body.

        Raises Embargoed at once, without waiting, while an embargo is in force.
        """
        times = self._times()
        if until := self._embargo(times):
            raise embargoed(until)
        spacings = {_ANY: SPACING} | {name: spacing for name, spacing in SPACINGS.items() if name == path}
        waits = [
            # A clock that was ahead and has been put right must not stop us until it gets there again.
            min(spacing, times[name] + spacing - self.clock.now())
            for name, spacing in spacings.items()
            if name in times
        ]
        if (wait := max(waits, default=timedelta())) > timedelta():
            self.clock.sleep(wait.total_seconds())
        self._note(dict.fromkeys(spacings, self.clock.now()))
        try:
            yield
        finally:
            # The request may have reached the gateway at any moment up to now.
            self._note(dict.fromkeys(spacings, self.clock.now()))

    def embargo(self) -> datetime | None:
        """Until when (UTC) nothing may be asked, or None."""
        return self._embargo(self._times())

    def _embargo(self, times: dict[str, datetime]) -> datetime | None:
        until = times.get(_EMBARGO)
        if until and until > self.clock.now() + EMBARGO:
            # The clock was put back since: how much of the embargo is left nobody knows.
            until = self.set_embargo()
        return until if until and until > self.clock.now() else None

    def set_embargo(self) -> datetime:
        """Ask nothing for the next 15 minutes, in this process or any other; returns when they end (UTC)."""
        until = self.clock.now() + EMBARGO
        self._note({_EMBARGO: until})
        return until

    def first_time(self, what: str) -> bool:
        """Whether this is said for the first time in this data folder; from now on it isn't."""
        if what in self._times():
            return False
        self._note({what: self.clock.now()})
        return True

    def _times(self) -> dict[str, datetime]:
        with self._open() as db:
            return {name: datetime.fromisoformat(at) for name, at in db.execute("SELECT name, at FROM gateway_times")}

    def _note(self, times: dict[str, datetime]) -> None:
        with self._open() as db:
            db.executemany(
                "INSERT OR REPLACE INTO gateway_times (name, at) VALUES (?, ?)",
                [(name, at.isoformat()) for name, at in times.items()],
            )

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return sqlite.transaction(self.path, _TABLES)
