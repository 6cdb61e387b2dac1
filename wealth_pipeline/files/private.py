"""What belongs to one person is readable by that person alone, whatever their umask is.

Each process of ours begins with `owner_only`. A folder that an older version or another umask made is closed by the
first command that writes there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from wealth_pipeline.files.drive import keeps_modes, refuse_without_locks

#: The permissions of everybody else.
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def owner_only() -> int:
    """From now on this process and those it starts make files 0600 and folders 0700; returns the umask before."""
    return os.umask(OTHERS)


def make_private(root: Path) -> None:
    """Make a data folder, or close one to others, with everything in it; raises OSError if it cannot be made.

    Before anything is written NoLocks is raised on a drive without file locks.

    Everything is looked at only where something on top is open: all folders of ours lie there, and those of Dagster's,
    which makes them itself where it is started by hand. Of what is somebody else's the doctor speaks.
    """
    refuse_without_locks(root)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    on_top = [*root.iterdir(), *root.glob("dagster/*")]
    is_open = _open_to_others(root, follow=True) or any(map(_open_to_others, on_top))
    # Where nothing can be closed, an archive of years is not walked through at every load.
    if is_open and keeps_modes(root):
        for path in open_to_others(root):
            with suppress(OSError):  # another user's, or gone
                path.chmod(stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXU)


def open_to_others(root: Path) -> Iterator[Path]:
    """The folder and everything in it that the modes let others use; links are neither followed nor counted."""
    if _open_to_others(root, follow=True):
        yield root
    for folder, folders, files in os.walk(root):
        yield from (path for name in (*folders, *files) if _open_to_others(path := Path(folder) / name))


def _open_to_others(path: Path, *, follow: bool = False) -> bool:
    try:
        mode = path.stat(follow_symlinks=follow).st_mode
    except OSError:
        return False
    return bool(mode & OTHERS) and not stat.S_ISLNK(mode)
