"""Opening files that somebody else put there: only regular ones, because a pipe would be waited for without end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading, or a link to one; raises OSError for a pipe, a device, a socket or a folder.

    It never waits: what a path leads to may change between the look and the opening.
    """
    _refuse_others(path, path.stat())  # first, because opening some devices does something
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        _refuse_others(path, os.fstat(number))
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def read_regular(path: Path) -> bytes:
    """The content of a regular file; raises OSError as `open_regular` does."""
    with open_regular(path) as stream:
        return stream.read()


def _refuse_others(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
