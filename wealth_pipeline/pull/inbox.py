"""Statements that were downloaded by hand: archived and loaded like those that IBKR sent."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, Literal, cast

from wealth_pipeline.calendar import CLOCK
from wealth_pipeline.files.regular import open_regular
from wealth_pipeline.files.whole import move
from wealth_pipeline.pull.arriving import is_arriving, is_partial, now_in, state, whole_name
from wealth_pipeline.statement.frame import StatementError
from wealth_pipeline.warehouse.warehouse import Warehouse

#: How the names of statements in a folder end.
_FORMS = (".xml", ".xml.gz")


@dataclass(frozen=True)
class Taken:
    """What became of one file. status: loaded, known (nothing new) or rejected, then with the reason."""

    path: Path
    status: Literal["loaded", "known", "rejected"]
    reason: str | None = None
    changed: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True)
class Found:
    """What lies there. ready: what can be loaded, each file once. arriving: what is still being written."""

    ready: list[Path]
    arriving: list[Path]


def files_in(paths: Iterable[Path]) -> Found:
    """The files that `paths` name; folders are searched for .xml and .xml.gz, in order of names.

    Of a folder's files those are left alone that the inbox leaves alone; what is named itself is not.
    """
    ready: dict[Path, None] = {}
    arriving: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            ready[path] = None
            continue
        now = CLOCK.now().timestamp()
        for file in sorted(path.rglob("*")):
            if not whole_name(file.name).lower().endswith(_FORMS) or not file.is_file():
                continue
            hidden = file.name.startswith(".") or any(map(is_partial, file.relative_to(path).parts[:-1]))
            if not hidden:
                (arriving if is_arriving(file, now) else ready)[file] = None
    return Found(list(ready), [file for file in arriving if file not in ready])


def take(warehouse: Warehouse, paths: Iterable[Path], source: Literal["import", "inbox"]) -> Iterator[Taken]:
    """Archive and load the files one by one, and publish at the end. A bad file does not stop the others.

    What an earlier run archived and did not come to load comes after them, by its path in the archive.
    Must run inside `warehouse.writing()`. Raises WealthError for what concerns all files: a full disk, a locked
    warehouse.
    """
    refused: list[Taken] = []
    by_sha256: dict[str, Path] = {}

    def archived() -> Iterator[str]:
        for path in paths:
            try:
                with _opened(path) as stream:
                    entry = warehouse.folder.archive.add(stream, source=source)
            except StatementError as error:
                refused.append(Taken(path, "rejected", str(error)))
            except (OSError, EOFError, zlib.error) as error:
                reason = getattr(error, "strerror", None) or "it is not a whole gzip file"
                refused.append(Taken(path, "rejected", f"The file cannot be read: {reason}"))
            else:
                by_sha256[entry.sha256] = path
                yield entry.sha256

    for loaded in warehouse.load(archived()):
        yield from _pop_all(refused)
        status = cast(Literal["loaded", "known", "rejected"], loaded.status)
        path = by_sha256.get(loaded.sha256) or warehouse.folder.archive.path(loaded.sha256)
        yield Taken(path, status, loaded.reason, loaded.changed)
    yield from _pop_all(refused)


def take_inbox(warehouse: Warehouse, report: Callable[[Taken], None]) -> list[Taken]:
    """Load every file in the inbox and move it to `inbox/done` or `inbox/rejected`, a rejected one with its reason.

    Must run inside `warehouse.writing()`.
    """
    inbox = warehouse.folder.inbox
    results = []
    before = {file: state(file) for file in waiting(inbox).ready}
    for taken in take(warehouse, before, "inbox"):
        # One that was written to meanwhile stays, for the next look.
        if taken.path.parent == inbox and state(taken.path) == before.get(taken.path):
            _put_away(taken)
        report(taken)
        results.append(taken)
    return results


def _put_away(taken: Taken) -> None:
    target = taken.path.parent / ("rejected" if taken.status == "rejected" else "done")
    target.mkdir(exist_ok=True, mode=0o700)
    moved = _free_name(target / taken.path.name)
    move(taken.path, moved)
    if not moved.is_symlink():
        with suppress(OSError):  # another user's
            moved.chmod(0o600)
    if taken.reason:
        moved.with_name(f"{moved.name}.reason.txt").write_text(f"{taken.reason}\n", encoding="utf-8")


def waiting(inbox: Path) -> Found:
    """The files in the inbox, in order of names. Hidden ones are not mentioned.

    A pipe or a device counts as ready: it is rejected with the reason, instead of lying there unmentioned.
    """
    if not inbox.is_dir():
        return Found([], [])
    files = sorted(p for p in inbox.iterdir() if p.exists() and not p.is_dir() and not p.name.startswith("."))
    now = now_in(inbox) if files else 0
    arriving = [file for file in files if is_arriving(file, now)]
    return Found([file for file in files if file not in arriving], arriving)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, uncompressed; raises OSError for what is not a regular file: a pipe would be waited for."""
    with open_regular(path) as stream:
        if path.suffix.lower() == ".gz":
            with gzip.open(stream, "rb") as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield stream


def _free_name(path: Path) -> Path:
    """`path`, or the first free name after it: an earlier file of that name is kept."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
    return free


def _pop_all(refused: list[Taken]) -> Iterator[Taken]:
    while refused:
        yield refused.pop(0)
