"""The data folder: one writer at a time loads statements into `warehouse.duckdb` and publishes `wealth.duckdb`.

People query `wealth.duckdb`, which is replaced whole; nobody but the pipeline opens `warehouse.duckdb`. So a reader
never blocks the pipeline, nor the pipeline a reader.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb
import filelock
import pyarrow as pa

from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex.ledger import FlexRequest
from wealth_pipeline.warehouse.archive import Archive
from wealth_pipeline.warehouse.load import Loaded, insert, load
from wealth_pipeline.warehouse.schema import SCHEMA_VERSION, create_statements

#: How long a writer waits for another one of ours (a run, `pull`, `import`) before it gives up.
LOCK_SECONDS = 600.0
#: The storage format that DuckDB 1.5 tools can open as well; and memory that does not grow with a statement's size:
#: what does not fit waits in a file beside the database.
_CONFIG: dict[str, Any] = {"storage_compatibility_version": "v1.0.0", "memory_limit": "128MB"}


class WarehouseError(WealthError):
    """The warehouse cannot be opened or written."""


@dataclass(frozen=True)
class DataFolder:
    """The paths in the data folder. Nothing is written outside it."""

    root: Path

    @property
    def archive(self) -> Archive:
        """The raw statements."""
        return Archive(self.root / "archive")

    @property
    def state(self) -> Path:
        """The request ledger and embargoes."""
        return self.root / "state.sqlite"

    @property
    def warehouse(self) -> Path:
        """The pipeline's private database."""
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """What people query."""
        return self.root / "wealth.duckdb"

    @property
    def inbox(self) -> Path:
        """Where statements downloaded by hand are dropped."""
        return self.root / "inbox"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage."""
        return self.root / "dagster"

    def unwritable(self, error: OSError) -> WarehouseError:
        """The error that says so."""
        return WarehouseError(
            f"The data folder {self.root} cannot be written: {error.strerror}",
            "Mend its permissions, or name another one in WEALTH_DATA_DIR.",
        )


class Warehouse:
    """The databases of one data folder.

    reporting_currency: of `net_worth`; None: the accounts' own if they share one. slash_format: what dates with slashes
    mean in statements, see `values.parse_day`.
    """

    def __init__(
        self, folder: DataFolder, reporting_currency: str | None = None, slash_format: str | None = None
    ) -> None:
        self.folder = folder
        self.reporting_currency = reporting_currency
        self.slash_format = slash_format

    @contextmanager
    def writing(self, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Be the only one of our writers. Raises WarehouseError if another one is at it for too long."""
        lock = filelock.FileLock(self.folder.root / "writer.lock", timeout=seconds, mode=0o600)
        try:
            self.folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire()
        except filelock.Timeout:
            raise WarehouseError(
                f"Another wealth_pipeline process has been writing to {self.folder.root} for {seconds:.0f} s",
                "Wait for it to end, or stop it.",
            ) from None
        except OSError as error:
            raise self.folder.unwritable(error) from None
        try:
            yield
        finally:
            lock.release()

    def load(self, sha256s: Iterable[str], requests: Sequence[FlexRequest] = ()) -> Iterator[Loaded]:
        """Load archived statements one by one, each in its own transaction, then publish.

        requests: the request ledger, copied so that it can be queried. Must run inside `writing()`. Publishes even
        when the caller stops early: what was loaded is shown.
        """
        con = self._open()
        try:
            self._describe(con, requests)
            for sha256 in sha256s:
                yield load(con, self.folder.archive, sha256, self.slash_format)
        except duckdb.Error as error:
            raise WarehouseError(
                f"{self.folder.warehouse} cannot be written ({type(error).__name__})",
                "Free some space or memory. The statement is safe in the archive; the next run loads it.",
            ) from error
        finally:
            con.close()
            self.publish()

    def replay(self, requests: Sequence[FlexRequest] = ()) -> Iterator[Loaded]:
        """Rebuild both databases from the archive alone, statement by statement.

        The old ones stay until the new one is complete. Must run inside `writing()`. Raises ArchiveError where an
        archived statement is damaged; nothing is replaced then.
        """
        self._refuse_lost_statements()
        draft = self.folder.root / "replay.duckdb"
        for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
            leftover.unlink(missing_ok=True)
        con = self._open(draft)
        try:
            for entry in self.folder.archive.entries():
                yield load(con, self.folder.archive, entry.sha256, self.slash_format)
            self._describe(con, requests)
        finally:
            con.close()
        self.folder.warehouse.with_name(f"{self.folder.warehouse.name}.wal").unlink(missing_ok=True)
        draft.replace(self.folder.warehouse)
        self.publish()

    def _refuse_lost_statements(self) -> None:
        """Raise WarehouseError if the published database knows statements that the archive lacks."""
        if not self.folder.published.exists():
            return
        try:
            with contextlib.closing(duckdb.connect(str(self.folder.published), read_only=True)) as con:
                known = [sha256 for (sha256,) in con.execute("SELECT sha256 FROM statements").fetchall()]
        except duckdb.Error:
            return  # damaged: there is nothing to compare with, and a replay is what mends it
        lost = [sha256 for sha256 in known if sha256 not in self.folder.archive]
        if lost:
            raise WarehouseError(
                f"{len(lost)} of {len(known)} known statements are not in {self.folder.archive.folder}",
                "Nothing was replaced. Restore the archive from a backup first (is the right disk mounted?).",
            )

    def publish(self) -> None:
        """Replace `wealth.duckdb` by a copy of the warehouse, in one step.

        A reader that holds the old file goes on reading it. Raises WarehouseError if it cannot be written.
        """
        source, target = self.folder.warehouse, self.folder.published
        # One name for all: only one writer is at work, and what a killed one left is written over.
        draft = target.with_name(f".{target.name}.draft")
        try:
            draft.unlink(missing_ok=True)
            shutil.copyfile(source, draft)
            with draft.open("rb+") as handle:
                os.fsync(handle.fileno())
            draft.chmod(0o444)
            # A reader that opened the file read-write may have left a log, which DuckDB would replay into the new
            # file: rows that nobody loaded. Seen with a killed reader that ran as root.
            target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
            draft.replace(target)
        except OSError as error:
            raise WarehouseError(
                f"{target} cannot be replaced: {error.strerror}",
                "Free some space or mend the folder's permissions; the next run publishes what is loaded.",
            ) from None
        finally:
            draft.unlink(missing_ok=True)

    def _describe(self, con: duckdb.DuckDBPyConnection, requests: Sequence[FlexRequest]) -> None:
        """Write what does not come from statements: the reporting currency and the request ledger."""
        con.execute("UPDATE warehouse_info SET reporting_currency = ?", [self.reporting_currency])
        _copy_requests(con, requests)

    def _open(self, path: Path | None = None) -> duckdb.DuckDBPyConnection:
        """Open the private database (or another one at `path`), making it if it isn't there."""
        path = path or self.folder.warehouse
        try:
            con = duckdb.connect(str(path), config=_CONFIG)
        except duckdb.Error as error:
            holder = re.search(r"PID (\d+)", str(error))
            if holder:
                raise WarehouseError(
                    f"{path} is held open by process {holder[1]}",
                    f"Close it there (query {self.folder.published.name} instead, which never blocks);"
                    " the next run catches up.",
                ) from None
            raise WarehouseError(
                f"{path} cannot be opened ({type(error).__name__})",
                "If it is damaged, run `wealth replay`: everything is rebuilt from the archive.",
            ) from None
        try:
            path.chmod(0o600)
            _make(con)
        except BaseException:
            con.close()
            raise
        return con


def _make(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of an empty database; refuse one of another schema version."""
    con.execute("SET TimeZone = 'UTC'")
    tables = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "warehouse_info" in tables:
        (version,) = con.execute("SELECT schema_version FROM warehouse_info").fetchone() or (None,)
        if version != SCHEMA_VERSION:
            raise WarehouseError(
                f"The warehouse has schema version {version}, this software writes {SCHEMA_VERSION}",
                "Run `wealth replay`, which rebuilds it from the archive; if the warehouse is the newer one, update"
                " wealth_pipeline instead.",
            )
        return
    con.begin()
    for statement in create_statements():
        con.execute(statement)
    con.execute("INSERT INTO warehouse_info VALUES (?, NULL)", [SCHEMA_VERSION])
    con.commit()


def _copy_requests(con: duckdb.DuckDBPyConnection, requests: Sequence[FlexRequest]) -> None:
    if requests:
        con.execute("DELETE FROM flex_requests")
        rows = {field.name: [getattr(request, field.name) for request in requests] for field in fields(FlexRequest)}
        insert(con, "flex_requests", pa.table(rows))
