"""Loading one archived statement: staged, typed, merged, derived, validated and reconciled in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb

from wealth_pipeline.statement.frame import StatementError
from wealth_pipeline.statement.reader import StatementReader
from wealth_pipeline.warehouse import aside, stage
from wealth_pipeline.warehouse.archive import Archive, Entry
from wealth_pipeline.warehouse.merge import merge
from wealth_pipeline.warehouse.refuse import too_large


@dataclass(frozen=True)
class Loaded:
    """What became of one archived statement.

    status: `loaded`, `known` (it was loaded before) or `rejected`, then with the reason.
    changed: the account-days whose figures are new or different.
    """

    sha256: str
    status: str
    reason: str | None = None
    changed: tuple[tuple[str, date], ...] = ()


def load(con: duckdb.DuckDBPyConnection, archive: Archive, sha256: str, date_format: str | None = None) -> Loaded:
    """Load an archived statement whole or not at all, and record which in `statements`.

    date_format: what its dates with slashes mean, see `values.parse_day`.
    A statement that was rejected before is tried again: a newer version of the software may understand it.
    Raises ArchiveError where the archive cannot give it back; the warehouse is unchanged then.
    """
    try:
        return _load(con, archive, sha256, date_format)
    except duckdb.OutOfMemoryException:
        # The limit is ours, for the usual; rather than leave a statement out, it may take what the machine has.
        con.execute("RESET memory_limit")
        return _load(con, archive, sha256, date_format)


def _load(con: duckdb.DuckDBPyConnection, archive: Archive, sha256: str, date_format: str | None) -> Loaded:
    status = con.execute("SELECT status FROM statements WHERE sha256 = ?", [sha256]).fetchone()
    if status == ("loaded",):
        return Loaded(sha256, "known")
    entry = archive.entry(sha256)
    # A clock that was set back must not refuse what was there before.
    now = max(datetime.now(UTC).replace(tzinfo=None), entry.fetched_at)
    try:
        with _transaction(con):
            with archive.open(sha256) as stream:
                reader = StatementReader(stream, date_format, now=now)
                present = stage.read(con, reader)
            stage.sort_out(con, reader, present, sha256)
            with archive.open(sha256) as stream:
                aside.keep(con, sha256, stream, reader=reader, date_format=date_format)
            stage.write_notes(con, sha256, reader.notes)
            changed = merge(con, sha256)
            words = dict.fromkeys(words for _, words in reader.messages)
            _record(con, entry, "loaded", message=" ".join(words) or None)
            con.execute("INSERT INTO days_to_report FROM days_changed EXCEPT FROM days_to_report")
            con.execute("UPDATE warehouse_info SET load_id = CAST(uuid() AS VARCHAR)")
        return Loaded(sha256, "loaded", None, changed)
    except StatementError as error:
        reason = str(error)
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        reason = str(too_large())
    if not archive.is_whole(sha256):
        # A damaged object reads like a malformed statement, which IBKR did not send.
        raise archive.damaged(sha256)
    with _transaction(con):
        _record(con, entry, "rejected", reason=reason)
    return Loaded(sha256, "rejected", reason)


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.begin()
    try:
        yield
    except BaseException:
        # After a fatal error of DuckDB's there is nothing left to roll back, and the first error tells more.
        with suppress(duckdb.Error):
            con.rollback()
        raise
    con.commit()


def _record(
    con: duckdb.DuckDBPyConnection,
    entry: Entry,
    status: str,
    *,
    reason: str | None = None,
    message: str | None = None,
) -> None:
    con.execute("DELETE FROM statements WHERE sha256 = ?", [entry.sha256])
    recorded = vars(entry) | {"status": status, "reason": reason, "message": message}
    parameters = ", ".join(f"${name}" for name in recorded)
    con.execute(f"INSERT INTO statements ({', '.join(recorded)}) VALUES ({parameters})", recorded)
