"""Keeping snapshots: raw ones in the archive, kept forever, their tables in `live.duckdb`, which is replaced whole.

`live.duckdb` can be deleted at any time: it is made again from the archive at the next load.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import filelock
import pyarrow as pa

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files import drive, publishing, whole
from wealth_pipeline.files.contents import contents
from wealth_pipeline.files.duck import connect
from wealth_pipeline.files.private import make_private
from wealth_pipeline.files.regular import read_regular
from wealth_pipeline.gateway.errors import UnexpectedReply
from wealth_pipeline.gateway.live import FILE, sql
from wealth_pipeline.gateway.snapshot import Snapshot, read
from wealth_pipeline.tables import ddl
from wealth_pipeline.tables.catalog import LIVE
from wealth_pipeline.tables.live import LIVE_TABLES
from wealth_pipeline.tables.relations import View

_LOCK_SECONDS = 60.0


class LiveStoreError(WealthError):
    """The live figures cannot be written."""


class DamagedSnapshot(UnexpectedReply):
    """An archived snapshot is not what it was."""


@dataclass(frozen=True)
class Loaded:
    """What a load did. rows: of the newest snapshot loaded, by table. captured_at: its time (UTC), None if none."""

    captured_at: datetime | None
    rows: dict[str, int]


def archive(data_dir: Path, text: str) -> str:
    """Archive a snapshot's JSON text under the sha256 of its bytes, compressed, mode 0600; returns the sha256."""
    content = text.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    folder = _folder(data_dir) / sha256[:2]
    # mtime=0: the same snapshot always gives the same file.
    described = {
        "sha256": sha256,
        "source": "gateway",
        "captured_at": json.loads(text)["captured_at"],
        "bytes": len(content),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _put(folder / f"{sha256}.json.gz", gzip.compress(content, mtime=0))
        _put(folder / f"{sha256}.json", json.dumps(described, indent=1).encode())
    except OSError as error:
        raise LiveStoreError(
            f"The archive {folder} cannot be written: {error.strerror}",
            "Free some space or fix the folder's permissions.",
        ) from None
    return sha256


def load(data_dir: Path) -> Loaded:
    """Load every archived snapshot that `live.duckdb` does not know, in one transaction, and publish it in one step.

    A reader that holds the old file goes on reading it. A snapshot that cannot be loaded is noted in
    `live_snapshots`, and the newest one's error is raised after the rest was published. Of one whose bytes are not
    those that were archived nothing is noted: it is loaded once it was restored.
    """
    target = data_dir / FILE
    draft = target.with_name(f".{FILE}.draft")
    try:
        make_private(data_dir)
        with drive.lock(data_dir / "live.lock", _LOCK_SECONDS):
            _clear(draft)
            try:
                if target.exists():
                    shutil.copyfile(target, draft)
                loaded, rejected = _load(draft, data_dir)
                publishing.publish(draft, target)
            finally:
                _clear(draft)
    except filelock.Timeout:
        raise LiveStoreError(
            f"Another process has been writing {target} for {_LOCK_SECONDS:.0f} s", "Wait for it to end, or stop it."
        ) from None
    except OSError as error:
        raise LiveStoreError(
            f"{target} cannot be replaced: {error.strerror}",
            "Free some space or fix the folder's permissions; the next run loads what is archived.",
        ) from None
    except duckdb.Error as error:
        raise LiveStoreError(
            f"{target} cannot be written ({type(error).__name__})",
            "If it is damaged, delete it: the next run makes it again from the archive.",
        ) from None
    if rejected:
        raise rejected
    return loaded


def _load(path: Path, data_dir: Path) -> tuple[Loaded, UnexpectedReply | None]:
    con = connect(path)
    try:
        con.begin()
        _make(con)
        known = {sha256 for (sha256,) in con.execute("SELECT snapshot_sha256 FROM live_snapshots").fetchall()}
        newest: Snapshot | None = None
        rejected: UnexpectedReply | None = None
        for packed in sorted(path for path, ours in archived(data_dir) if ours and path.suffix == ".gz"):
            sha256 = packed.name.removesuffix(".json.gz")
            if sha256 in known:
                continue
            try:
                snapshot = read(_unpacked(packed, sha256), sha256)
            except DamagedSnapshot as error:
                rejected = error
                continue
            except UnexpectedReply as error:
                rejected = error
                con.execute(
                    "INSERT INTO live_snapshots (snapshot_sha256, status, reason) VALUES (?, 'rejected', ?)",
                    [sha256, str(error)],
                )
                continue
            loaded = "INSERT INTO live_snapshots (snapshot_sha256, captured_at, status) VALUES (?, ?, 'loaded')"
            con.execute(loaded, [sha256, snapshot.captured_at])
            for name, rows in snapshot.tables.items():
                _insert(con, name, rows)
            if newest is None or snapshot.captured_at >= newest.captured_at:
                newest = snapshot
        con.commit()
    finally:
        con.close()
    if newest is None:
        return Loaded(None, {table.name: 0 for table in LIVE_TABLES}), rejected
    return Loaded(newest.captured_at, {name: rows.num_rows for name, rows in newest.tables.items()}), rejected


def _make(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables where they are not there; and the views, for an older version may have made others."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'live_snapshots'").fetchone():
        for statement in _tables():
            con.execute(statement)
    for statement in _views():
        con.execute(statement.replace("CREATE", "CREATE OR REPLACE", 1))
    ddl.describe(con, LIVE)


def create_statements() -> list[str]:
    """Every statement that makes an empty `live.duckdb`, in order."""
    return [*_tables(), *_views()]


def _tables() -> list[str]:
    return [ddl.create_table(table.name, table.columns) for table in LIVE if not isinstance(table, View)]


def _views() -> list[str]:
    return ddl.in_order({v.name: ddl.create_view(v, sql(f"views/{v.name}")) for v in LIVE if isinstance(v, View)})


def _insert(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    con.register("arrow_rows", rows)
    con.execute(f"INSERT INTO {name} BY NAME FROM arrow_rows")
    con.unregister("arrow_rows")


def _clear(draft: Path) -> None:
    draft.unlink(missing_ok=True)
    draft.with_name(f"{draft.name}.wal").unlink(missing_ok=True)


def _folder(data_dir: Path) -> Path:
    return data_dir / "archive" / "gateway"


def archived(data_dir: Path) -> Iterator[tuple[Path, bool]]:
    """What lies in the archive of snapshots, and whether it belongs there."""
    return contents(_folder(data_dir), (".json.gz", ".json"))


def _unpacked(path: Path, sha256: str) -> str:
    """The text of an archived snapshot; raises DamagedSnapshot if its bytes are not those of `sha256`."""
    try:
        content = gzip.decompress(read_regular(path))
        if hashlib.sha256(content).hexdigest() == sha256:
            return content.decode()
    except (OSError, EOFError, ValueError, zlib.error):
        pass
    raise DamagedSnapshot(
        f"The archived snapshot {sha256[:12]} cannot be read, or has other bytes than it was archived with",
        f"Restore {path} from a backup, or remove it; the other snapshots are loaded.",
    )


def _put(target: Path, content: bytes) -> None:
    if not target.exists():
        whole.write(target, content)
