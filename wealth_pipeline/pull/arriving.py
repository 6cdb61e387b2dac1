"""Files that are still being written: the inbox and the import of a folder leave them alone.

A browser writes under another name first, and renames the file when it is whole. Whatever else copies a file leaves it
cut for a while: XML that ends before its root element does, or a gzip file without its end.
"""

from __future__ import annotations

import gzip
import stat
import tempfile
import zlib
from pathlib import Path

from wealth_pipeline.calendar import CLOCK
from wealth_pipeline.files.regular import open_regular
from wealth_pipeline.statement.root import root_name

#: How the names end under which browsers and other programs write what they download: Firefox, Chrome, Safari, Opera,
#: WinSCP, wget's and others'.
_PARTIAL = (".part", ".crdownload", ".download", ".tmp", ".partial", ".opdownload", ".filepart", ".temp")
#: A file that changed so many seconds ago may still be growing. One that lies further ahead than that was written under
#: another clock: of its age it says nothing.
_YOUNG_SECONDS = 60
_HEAD, _TAIL = 1 << 16, 1 << 10


def is_partial(name: str) -> bool:
    """Whether a file or folder of this name is not one yet, or none for people: hidden, or named as downloads are."""
    return name.startswith(".") or whole_name(name) != name


def whole_name(name: str) -> str:
    """The name that a file has once it is downloaded."""
    ending = next((ending for ending in _PARTIAL if name.lower().endswith(ending)), "")
    return name.removesuffix(name[len(name) - len(ending) :])


def is_arriving(path: Path, now: float) -> bool:
    """Whether a file is still being written, as far as can be seen at `now`, in seconds since 1970.

    Of what cannot be looked at, or is no regular file, that is not said: whoever loads it says what is wrong with it.
    """
    if is_partial(path.name):
        return True
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return False
        if found.st_size == 0 and any(whole_name(other.name) != other.name for other in path.parent.iterdir()):
            return True  # Firefox keeps the name free by an empty file
        return abs(now - found.st_mtime) < _YOUNG_SECONDS and not _is_whole(path, found.st_size)
    except OSError:
        return False


def state(path: Path) -> tuple[int, int]:
    """When a file changed, and its size; nothing of one that is gone."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def now_in(folder: Path) -> float:
    """The present by the clock of a folder's drive, in seconds since 1970: another machine's, where it is a share."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".clock-") as file:
            return Path(file.name).stat().st_mtime
    except OSError:
        return CLOCK.now().timestamp()


def _is_whole(path: Path, size: int) -> bool:
    """Whether a document ends with the end of its root element."""
    with open_regular(path) as stream:
        if path.suffix.lower() == ".gz":
            try:
                with gzip.open(stream, "rb") as unpacked:
                    head = tail = unpacked.read(_HEAD)
                    while chunk := unpacked.read(_HEAD):
                        tail = (tail + chunk)[-_TAIL:]
            except (OSError, EOFError, zlib.error):
                return False
        else:
            head = stream.read(_HEAD)
            stream.seek(max(0, size - _TAIL))
            tail = stream.read()
    root = root_name(head)
    return root is not None and tail.rstrip().endswith(f"</{root}>".encode())
