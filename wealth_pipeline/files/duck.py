"""Opening DuckDB files: waiting a little for whoever holds one, and saying in a sentence why one cannot be used."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

import duckdb

from wealth_pipeline.calendar import CLOCK, Clock
from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.drive import refuse_without_locks

#: How long a process that is not one of our writers is waited for before its number is given.
HOLDER_SECONDS = 30.0
_PAUSE_SECONDS = 0.25
#: The storage format that DuckDB 1.5 tools can open as well; and memory that does not grow with a statement's size:
#: what does not fit waits in a file beside the database. Each thread wants its share of that memory, and a day's load
#: is so many small queries that a second one makes it a fifth slower.
_CONFIG: dict[str, Any] = {"storage_compatibility_version": "v1.0.0", "memory_limit": "128MB", "threads": 1}

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EROFS, errno.EPERM)


class Held(WealthError):
    """Another process holds the file, and did not let go of it in time."""


def connect(path: Path, *, read_only: bool = False, clock: Clock = CLOCK) -> duckdb.DuckDBPyConnection:
    """A connection whose session is in UTC; for writing, the file is made if it isn't there.

    A process that holds the file is waited for (HOLDER_SECONDS); then Held names it. Raises NoLocks at once where its
    drive has no locks, and duckdb.Error where the file cannot be used at all: `trouble` turns that into a sentence.
    """
    deadline: float | None = None
    while True:
        try:
            con = duckdb.connect(str(path), read_only=read_only, config={} if read_only else _CONFIG)
            con.execute("SET TimeZone = 'UTC'")
            return con
        except duckdb.IOException as error:
            if "Could not set lock" not in str(error):
                raise
            if deadline is None:
                refuse_without_locks(path.parent)
                deadline = clock.monotonic() + HOLDER_SECONDS
            if clock.monotonic() >= deadline:
                holder = re.search(r"PID (\d+)", str(error))
                raise Held(
                    f"{path} is held open by {f'process {holder[1]}' if holder else 'another process'}",
                    "Close it there (open only wealth.duckdb, and read-only: that blocks nobody).",
                ) from None
        clock.sleep(_PAUSE_SECONDS)


def trouble(path: Path, error: duckdb.Error | OSError) -> tuple[str, str]:
    """What an error about the file says, and what to do: as a WealthError takes them."""
    text = error.strerror or "" if isinstance(error, OSError) else str(error)
    code = next((c for c in (*_FULL, *_FORBIDDEN) if os.strerror(c).lower() in text.lower()), None)
    if code in _FULL:
        return f"{path} cannot be written: {os.strerror(code)}", "Free some space on this disk."
    if code is not None:
        return f"{path} cannot be written: {os.strerror(code)}", "Fix the permissions of its folder."
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"There is too little memory for {path}", "Close other programs, or use a machine with more."
    if isinstance(error, OSError):
        return f"{path} cannot be written: {text}", "Look at its folder and its disk."
    return (
        f"{path} is damaged, or not a database of this software ({type(error).__name__})",
        "Run `wealth replay`: everything is rebuilt from the archive.",
    )
