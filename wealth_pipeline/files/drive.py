"""What a drive can do: exFAT, network shares and some NAS have no symbolic links, no permissions, or no file locks.

Links and permissions are safeguards, and are done without. Locks are not: without them two processes of ours, or two
programs that open the same database, would write into it at once.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

import filelock

from wealth_pipeline.errors import WealthError

#: How the name begins of what is made to try something, and gone at once.
_TRIAL = ".trial-"
#: What a drive answers that cannot do a thing at all.
_CANNOT = (errno.EPERM, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


class NoLocks(WealthError):
    """The drive of the data folder has no file locks."""


def nearest(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())


def refuse_without_locks(path: Path) -> None:
    """Raise NoLocks if the drive of a folder, or of where it will be, has no file locks. Nothing stays of the trial."""
    folder = nearest(path)
    try:
        works = has_locks(folder)
    except OSError:
        return  # nothing can be written there: whoever writes says so
    if not works:
        raise NoLocks(
            f"The drive of {folder} has no file locks, so two programs could write to the same database at once",
            "Nothing was written. Name a folder on another drive in WEALTH_DATA_DIR: one of this machine's own, or a"
            " share that is mounted with locks.",
        )


def has_locks(folder: Path) -> bool:
    """Whether both kinds of file locks work in a folder; raises OSError if nothing can be written there.

    SQLite and DuckDB use the one (fcntl), our writers the other (flock).
    """
    with tempfile.NamedTemporaryFile(dir=folder, prefix=_TRIAL) as one, Path(one.name).open("rb") as another:
        try:
            fcntl.lockf(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(one, fcntl.LOCK_UN)  # NFS takes the two kinds for one
            fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        try:
            fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False  # both have it, so it locks nobody out


def keeps_modes(folder: Path) -> bool:
    """Whether files in a folder have permissions of their own; also where that cannot be tried."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=_TRIAL) as file:
            path = Path(file.name)
            kept = False
            with suppress(OSError):
                path.chmod(0o400)
                kept = stat.S_IMODE(path.stat().st_mode) == 0o400
                path.chmod(0o600)  # some shares remove no file that is read-only
            return kept
    except OSError:
        return True


def has_links(folder: Path) -> bool:
    """Whether symbolic links can be made in a folder; also where that cannot be tried."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=_TRIAL) as trial:
            link = Path(trial) / "link"
            try:
                link.symlink_to("nowhere")
            except OSError:
                return False
            return link.is_symlink()
    except OSError:
        return True


def set_mode(path: Path, mode: int) -> None:
    """Set a file's permissions, on a drive that has any; raises OSError if that fails for another reason."""
    try:
        path.chmod(mode)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


def sync_folder(folder: Path) -> None:
    """Have a folder's entries on the disk, on a drive that can do it; raises OSError if that fails."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    finally:
        os.close(number)


def lock(path: Path, seconds: float = -1) -> filelock.BaseFileLock:
    """The lock on a file, which is made for its owner alone; raises OSError if it can't be.

    seconds: how long it is waited for, then filelock.Timeout is raised; -1: without end. The file's permissions are
    given when it is made, because not every drive lets them be changed.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return filelock.FileLock(path, timeout=seconds)
