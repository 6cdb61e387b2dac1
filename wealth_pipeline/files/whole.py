"""Files that are there whole or not at all, also after a power cut. Only here are files moved to their place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from wealth_pipeline.files.drive import sync_folder

#: How the name of a file begins that is not whole yet.
INCOMING = ".incoming-"


@contextmanager
def incoming(folder: Path) -> Iterator[IO[bytes]]:
    """A new file of mode 0600 in `folder`, to be written and then `put`; one that was not put is gone afterwards."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=INCOMING, delete=False) as handle:
        try:
            yield handle
        finally:
            Path(handle.name).unlink(missing_ok=True)


def put(written: IO[bytes] | Path, target: Path) -> None:
    """Move a finished file to its place, in the place of what is there; raises OSError if that cannot be done."""
    if isinstance(written, Path):
        with written.open("rb") as handle:
            os.fsync(handle.fileno())
        move(written, target)
    else:
        written.flush()
        os.fsync(written.fileno())
        move(Path(written.name), target)


def write(target: Path, content: bytes) -> None:
    """Write a small file."""
    with incoming(target.parent) as handle:
        handle.write(content)
        put(handle, target)


def move(path: Path, target: Path) -> None:
    """Rename a file, and have it on the disk that it was."""
    path.replace(target)
    sync_folder(target.parent)
