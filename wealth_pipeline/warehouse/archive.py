"""The archive: every statement as IBKR sent it, kept forever, under the sha256 of its bytes.

`archive/ab/abcd....xml.gz` is the statement, compressed; `abcd....json` beside it says where it came from. Both are
written once, mode 0600, and never changed. Everything else in the data folder can be rebuilt from here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from isal import igzip, isal_zlib

from wealth_pipeline.calendar import CLOCK
from wealth_pipeline.errors import WealthError
from wealth_pipeline.files import whole
from wealth_pipeline.files.contents import contents
from wealth_pipeline.files.regular import open_regular, read_regular
from wealth_pipeline.statement.frame import StatementError
from wealth_pipeline.statement.root import not_a_statement, root_name

Source = Literal["flex", "import", "inbox"]
_HEAD_BYTES = 1 << 16
_COPY_BYTES = 1 << 20
_HALF_WRITTEN_SECONDS = 24 * 3600
_SUFFIXES = (".xml.gz", ".json")


class ArchiveError(WealthError):
    """An archived statement cannot be read or written as it must."""


@dataclass(frozen=True)
class Entry:
    """One archived statement.

    sha256: of the uncompressed bytes. connection: whose request brought it, None for files. fetched_at: UTC.
    asked_from, asked_to: the window that was asked for, None for files. bytes: uncompressed size.
    """

    sha256: str
    connection: str | None
    source: Source
    fetched_at: datetime
    asked_from: date | None
    asked_to: date | None
    bytes: int


class Archive:
    """The archive in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the statement with this sha256 lies."""
        return self.folder / sha256[:2] / f"{sha256}.xml.gz"

    def __contains__(self, sha256: str) -> bool:
        return self.path(sha256).exists() and self._sidecar(sha256).exists()

    def add(
        self,
        stream: BinaryIO,
        *,
        source: Source,
        connection: str | None = None,
        window: tuple[date, date] | None = None,
        now: datetime | None = None,
    ) -> Entry:
        """Archive the statement in `stream`, or find it there already; the entry that is kept is returned.

        Raises StatementError if the root element is not FlexQueryResponse: an error reply is no statement (IBKR:
        such replies come with HTTP status 200, and other tools have archived them). Raises ArchiveError if the
        archive cannot be written.
        """
        head = _read(stream, _HEAD_BYTES)
        if not head.strip():
            raise StatementError("The file is empty", "Download the statement again.")
        root = root_name(head)
        if root != "FlexQueryResponse":
            raise StatementError(*not_a_statement(root))
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._sweep()
            return self._keep(head, stream, source, connection, window or (None, None), now or CLOCK.now())
        except OSError as error:
            raise ArchiveError(
                f"The archive {self.folder} cannot be written: {error.strerror}",
                "Free some space or fix the folder's permissions, then fetch the statement again.",
            ) from None

    def _keep(
        self,
        head: bytes,
        stream: BinaryIO,
        source: Source,
        connection: str | None,
        window: tuple[date | None, date | None],
        now: datetime,
    ) -> Entry:
        digest, size = hashlib.sha256(), 0
        with whole.incoming(self.folder) as handle:
            # mtime=0 and no name: the same statement always gives the same file. ISA-L: a seventh of zlib's time.
            with igzip.IGzipFile(fileobj=handle, mode="wb", compresslevel=1, filename="", mtime=0) as packed:
                chunk = head
                while chunk:
                    digest.update(chunk)
                    size += len(chunk)
                    packed.write(chunk)
                    chunk = _read(stream, _COPY_BYTES)
            sha256 = digest.hexdigest()
            if sha256 in self and self.is_whole(sha256):
                return self.entry(sha256)
            fetched_at = now.astimezone(UTC).replace(tzinfo=None, microsecond=0)
            entry = Entry(sha256, connection, source, fetched_at, *window, size)
            self.path(sha256).parent.mkdir(exist_ok=True, mode=0o700)
            whole.put(handle, self.path(sha256))
        # The description comes last: a crash between the two leaves an object without it, which is archived again.
        with whole.incoming(self.folder) as handle:
            handle.write(json.dumps(asdict(entry), default=str, indent=1).encode())
            whole.put(handle, self._sidecar(sha256))
        return entry

    def _sweep(self) -> None:
        """Remove half-written files of killed processes, when they are a day old: a younger one may be at work.

        One that lies a day ahead was written under a wrong clock.
        """
        for half in self.folder.glob(f"{whole.INCOMING}*"):
            with contextlib.suppress(FileNotFoundError):
                if abs(CLOCK.now().timestamp() - half.stat().st_mtime) > _HALF_WRITTEN_SECONDS:
                    half.unlink()

    def is_whole(self, sha256: str) -> bool:
        """Whether the archived statement and its description are there undamaged."""
        try:
            self.entry(sha256)
            with self.open(sha256) as stream:
                while stream.read(_COPY_BYTES):
                    pass
        except ArchiveError:
            return False
        return True

    def entry(self, sha256: str) -> Entry:
        """The description of an archived statement; raises ArchiveError if there is none, or it is of another one."""
        try:
            described = json.loads(read_regular(self._sidecar(sha256)))
            if described["sha256"] != sha256:
                raise ValueError
            return Entry(
                sha256=described["sha256"],
                connection=described["connection"],
                source=described["source"],
                fetched_at=datetime.fromisoformat(described["fetched_at"]),
                asked_from=date.fromisoformat(described["asked_from"]) if described["asked_from"] else None,
                asked_to=date.fromisoformat(described["asked_to"]) if described["asked_to"] else None,
                bytes=described["bytes"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArchiveError(
                f"The archive does not describe the statement {sha256[:12]} ({type(error).__name__})",
                f"Restore {self._sidecar(sha256)} from a backup, or import the statement again.",
            ) from None

    @contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """The statement's bytes, uncompressed; raises ArchiveError where the object is missing or damaged.

        Reading to the end verifies them: if they are not those of `sha256`, the last `read` raises ArchiveError.
        """
        try:
            with open_regular(self.path(sha256)) as packed, igzip.open(packed, "rb") as stream:
                yield cast(BinaryIO, _Verified(stream, sha256, self.damaged(sha256)))
        except (OSError, EOFError, isal_zlib.error) as error:  # type: ignore[misc] # its stub errs
            raise self.damaged(sha256, type(error).__name__) from None

    def damaged(self, sha256: str, how: str = "other bytes than it was archived with") -> ArchiveError:
        """The error that says so."""
        return ArchiveError(
            f"The archived statement {sha256[:12]} cannot be read ({how})",
            f"Restore {self.path(sha256)} from a backup, or import the statement again.",
        )

    def sha256s(self) -> list[str]:
        """All archived statements, in a fixed order."""
        found = contents(self.folder, _SUFFIXES)
        return sorted(path.stem for path, ours in found if ours and path.suffix == ".json")

    def foreign(self) -> list[Path]:
        """What lies in the archive and is none of its files, the Gateway's folder apart; nothing ever reads it."""
        gateway = self.folder / "gateway"
        return sorted(path for path, ours in contents(self.folder, _SUFFIXES) if not ours and path != gateway)

    def entries(self) -> Iterator[Entry]:
        """Their descriptions, in the same order."""
        return map(self.entry, self.sha256s())

    def _sidecar(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}.json"


class _Verified:
    """A stream whose bytes must have this sha256: at their end `otherwise` is raised if they have not."""

    def __init__(self, stream: Any, sha256: str, otherwise: ArchiveError) -> None:
        self._stream, self._sha256, self._otherwise = stream, sha256, otherwise
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; all that are left if that is negative."""
        chunk: bytes = self._stream.read(size)
        self._digest.update(chunk)
        at_end = size < 0 or (size and not chunk)
        if at_end and self._digest.hexdigest() != self._sha256:
            raise self._otherwise
        return chunk


def _read(stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size)
    except (OSError, EOFError, zlib.error):
        raise StatementError("The file cannot be read to its end", "Download the statement again.") from None
