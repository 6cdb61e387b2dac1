"""The data folder: one writer at a time loads statements into `warehouse.duckdb` and publishes `wealth.duckdb`.

People query `wealth.duckdb`, which is replaced whole; nobody but the pipeline opens `warehouse.duckdb`. So a reader
never blocks the pipeline, nor the pipeline a reader.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from decimal import Decimal
from pathlib import Path

import duckdb
import filelock
import pyarrow as pa

from wealth_pipeline.files import drive, publishing
from wealth_pipeline.files.duck import Held, connect
from wealth_pipeline.files.private import make_private
from wealth_pipeline.files.whole import put
from wealth_pipeline.flex.ledger import FlexRequest
from wealth_pipeline.settings import Settings
from wealth_pipeline.text import sentence
from wealth_pipeline.warehouse import opening, unreported, version
from wealth_pipeline.warehouse.accounts_file import AccountEntry, digest, read_accounts
from wealth_pipeline.warehouse.benchmark_files import LEFT_OUT, read_benchmarks, store
from wealth_pipeline.warehouse.ddl import insert
from wealth_pipeline.warehouse.folder import DataFolder, WarehouseError
from wealth_pipeline.warehouse.load import Loaded, load
from wealth_pipeline.warehouse.merge import follow_settings
from wealth_pipeline.warehouse.progress import reported

#: How long a writer waits for another one of ours (a run, `pull`, `import`) before it gives up.
LOCK_SECONDS = 600.0
#: What is written beside the databases before it takes their place.
_REPLAYED, _DRAFT = "replay.duckdb", ".wealth.duckdb.draft"
#: What a rebuild after an update says before it begins.
OUTDATED = "The warehouse was written by an older wealth_pipeline: it is rebuilt from the archive now."

log = logging.getLogger(__name__)


class Warehouse:
    """The databases of one data folder.

    reporting_currency: of `net_worth`; None: the accounts' own if they share one. date_format: what dates with slashes
    mean in statements, see `values.parse_day`. day_change_share: by how much of its NAV an account's successor may
    differ from it.
    """

    def __init__(
        self,
        folder: DataFolder,
        reporting_currency: str | None = None,
        date_format: str | None = None,
        day_change_share: Decimal = Settings.day_change_share,
    ) -> None:
        self.folder = folder
        self.reporting_currency = reporting_currency
        self.date_format = date_format
        self.day_change_share = day_change_share

    @contextmanager
    def writing(self, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Be the only one of our writers. Raises WarehouseError if another one is at it for too long."""
        try:
            make_private(self.folder.root)
            lock = drive.lock(self.folder.root / "writer.lock", seconds)
            lock.acquire()
        except filelock.Timeout:
            raise WarehouseError(
                f"Another wealth_pipeline process has been writing to {self.folder.root} for {seconds:.0f} s",
                "Wait for it to end, or stop it.",
            ) from None
        except OSError as error:
            raise self.folder.unwritable(error) from None
        try:
            for leftover in (_REPLAYED, _DRAFT):  # of a killed writer: they must not fill the disk
                with contextlib.suppress(OSError):
                    _remove(self.folder.root / leftover)
            yield
        finally:
            lock.release()

    def load(self, sha256s: Iterable[str], requests: Sequence[FlexRequest] = ()) -> Iterator[Loaded]:
        """Load archived statements one by one, each in its own transaction, then publish.

        After those that are asked for, the ones that an earlier run archived and did not come to load (it was killed,
        the disk was full, somebody held the warehouse): what is in the archive is in the warehouse. An outdated
        warehouse is rebuilt from the archive first; who wants to show that does it before (`outdated`, `replay`).
        requests: the request ledger, copied so that it can be queried. Must run inside `writing()`. Publishes even
        when the caller stops early: what was loaded is shown.
        Raises SettingsError before anything is loaded if accounts.toml cannot be understood.
        """
        accounts = read_accounts(self.folder.root)
        try:
            con = opening.opened(self.folder.warehouse)
        except opening.Outdated:
            log.warning(OUTDATED)
            for _ in reported(self.replay(requests), len(self.folder.archive.sha256s()), log.warning):
                pass
            con = opening.opened(self.folder.warehouse)
        sound = True
        try:
            self._describe(con, requests, accounts)
            unreported.forget_reported(con, self.folder)
            for sha256 in itertools.chain(sha256s, self._left_over(con)):
                yield load(con, self.folder.archive, sha256, self.date_format)
            con.execute("CHECKPOINT")
        except duckdb.Error as error:
            sound = False  # readers keep what they have: this file may be damaged
            raise opening.unwritable(self.folder.warehouse, error) from None
        finally:
            con.close()
            if sound:
                self.publish()

    def replay(self, requests: Sequence[FlexRequest] = ()) -> Iterator[Loaded]:
        """Rebuild both databases from the archive alone, statement by statement.

        The old ones stay until the new one is complete. Must run inside `writing()`. Raises ArchiveError where an
        archived statement is damaged, SettingsError where accounts.toml cannot be understood; nothing is replaced then.
        """
        accounts = read_accounts(self.folder.root)
        self._refuse_lost_statements()
        draft = self.folder.root / _REPLAYED
        _remove(draft)
        try:
            con = opening.opened(draft)
        except BaseException:
            _remove(draft)  # the disk may be full before the tables are made
            raise
        try:
            for sha256 in self.folder.archive.sha256s():
                yield load(con, self.folder.archive, sha256, self.date_format)
            self._describe(con, requests, accounts)
            unreported.keep_unreported(con, self.folder)
            con.execute("CHECKPOINT")
            con.close()
            # Killed between these two, the old database lacks what only its log held; the next load brings it again.
            self.folder.warehouse.with_name(f"{self.folder.warehouse.name}.wal").unlink(missing_ok=True)
            put(draft, self.folder.warehouse)
        except (duckdb.Error, OSError) as error:
            raise opening.unwritable(draft, error) from None
        finally:
            con.close()
            _remove(draft)
        self.publish()

    def outdated(self) -> bool:
        """Whether the next load rebuilds the databases first, as far as the published one says.

        It can be read at any time: nobody waits for the lock only to learn that there is nothing to do.
        """
        if not self.folder.published.exists():
            return False
        try:
            with contextlib.closing(connect(self.folder.published, read_only=True)) as con:
                written = version.origin(con)
        except (duckdb.Error, Held):
            return False  # the load says what is wrong with it, or does without it
        return not written.ours and not written.newer

    def _left_over(self, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
        """The archived statements that were never loaded nor rejected; asked when the iteration begins."""
        known = {sha256 for (sha256,) in con.execute("SELECT sha256 FROM statements").fetchall()}
        yield from (sha256 for sha256 in self.folder.archive.sha256s() if sha256 not in known)

    def _refuse_lost_statements(self) -> None:
        """Raise WarehouseError if the published database knows statements that the archive lacks."""
        if not self.folder.published.exists():
            return
        try:
            with contextlib.closing(connect(self.folder.published, read_only=True)) as con:
                known = [sha256 for (sha256,) in con.execute("SELECT sha256 FROM statements").fetchall()]
        except duckdb.Error:
            return  # damaged: there is nothing to compare with, and a replay rebuilds it
        lost = [sha256 for sha256 in known if sha256 not in self.folder.archive]
        if lost:
            raise WarehouseError(
                f"{len(lost)} of {len(known)} known statements are not in {self.folder.archive.folder}",
                "Nothing was replaced. Restore the archive from a backup first (is the right disk mounted?). If they"
                f" are lost for good, remove {self.folder.published.name} and run `wealth replay` again.",
            )

    def publish(self) -> None:
        """Replace `wealth.duckdb` by a copy of the warehouse, in one step.

        A reader that holds the old file goes on reading it. Raises WarehouseError if it cannot be written.
        """
        source, target = self.folder.warehouse, self.folder.published
        # One name for all: only one writer is at work, and what a killed one left is written over.
        draft = self.folder.root / _DRAFT
        try:
            draft.unlink(missing_ok=True)
            shutil.copyfile(source, draft)
            publishing.publish(draft, target)
        except OSError as error:
            raise WarehouseError(
                f"{target} cannot be replaced: {error.strerror}",
                "Free some space or fix the folder's permissions; the next run publishes what is loaded.",
            ) from None
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)

    def _describe(
        self, con: duckdb.DuckDBPyConnection, requests: Sequence[FlexRequest], accounts: tuple[AccountEntry, ...]
    ) -> None:
        """Write what does not come from statements: settings, the owner's files and the request ledger."""
        settings = (self.reporting_currency, self.day_change_share, digest(accounts))
        con.begin()
        names = ("reporting_currency", "day_change_share", "accounts_digest")
        known = con.execute(f"SELECT {', '.join(names)} FROM warehouse_info").fetchone()
        con.execute(f"UPDATE warehouse_info SET {', '.join(f'{name} = ?' for name in names)}", settings)
        con.execute("DELETE FROM account_settings")
        for account in accounts:
            con.execute(
                "INSERT INTO account_settings (account_id, name, ended, successor, exclude)"
                " VALUES ($account_id, $name, $ended, $successor, $exclude)",
                asdict(account),
            )
        levels, wrong = read_benchmarks(self.folder.root)
        store(con, levels)
        for error in wrong:
            log.warning("%s", sentence(f"{error} {LEFT_OUT}"))
        if known != settings:
            follow_settings(con)
        con.commit()
        _copy_requests(con, requests)


def _remove(database: Path) -> None:
    """Remove a database that is not in use, with its log."""
    for path in (database, database.with_name(f"{database.name}.wal")):
        path.unlink(missing_ok=True)


def _copy_requests(con: duckdb.DuckDBPyConnection, requests: Sequence[FlexRequest]) -> None:
    if requests:
        con.execute("DELETE FROM flex_requests")
        rows = {field.name: [getattr(request, field.name) for request in requests] for field in fields(FlexRequest)}
        insert(con, "flex_requests", pa.table(rows))
