"""Replacing a database that people read: whole, in one step, and so that nobody writes into it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from wealth_pipeline.files.drive import set_mode
from wealth_pipeline.files.whole import put

#: Where a link in the log's place leads: nowhere, and DuckDB's error message shows the words.
_NOWHERE = "this database is for reading/open it read-only"


def publish(draft: Path, target: Path) -> None:
    """Put the finished database `draft` in the place of `target`; raises OSError if that cannot be done.

    A reader that holds the old file goes on reading it. The file is mode 0400, and root ignores that. Without its
    write-ahead log DuckDB can commit nothing, so a link that leads nowhere lies where the log would be: readers take
    it for no log, and writing fails for everybody. Seen without it: a reader that ran as root and was killed left a
    log, which the next reader replayed into what it read. (DuckDB 1.5 and 2.0.) On a drive without permissions or links
    these safeguards are left out: the doctor says so.
    """
    set_mode(draft, 0o400)
    log = target.with_name(f"{target.name}.wal")
    if not (log.is_symlink() and str(log.readlink()) == _NOWHERE):
        log.unlink(missing_ok=True)
        with suppress(OSError):
            log.symlink_to(_NOWHERE)
    put(draft, target)
