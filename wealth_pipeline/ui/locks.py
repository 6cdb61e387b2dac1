"""One program a data folder and role: a lock of the operating system for the webserver, and one for the daemon.

Two daemons would start every run twice, and the second program would take the first one's run for one that was killed.
A lock goes with the last process that holds it, whatever ends it. What is only loaded (`pull`, `import`, `replay`) has
a lock of its own, in warehouse/.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.private import make_private
from wealth_pipeline.ui.process import Process

Role = Literal["web", "daemon"]

#: The processes of a program that was killed end by themselves within this time, and the lock with the last of them.
_SECONDS_TO_END = 20.0
_PAUSE = 0.2


class AlreadyRunning(WealthError):
    """Another program plays one of the roles on this data folder."""


@dataclass(frozen=True)
class _Holder:
    """Who holds a lock. address: of its UI, empty for a daemon. host: its machine's name, for people."""

    command: str
    address: str
    host: str
    process: Process


@contextmanager
def only_one(folder: Path, roles: Sequence[Role], command: str, address: str = "") -> Iterator[tuple[int, ...]]:
    """Be the only program of these roles on a data folder; gives the locks' descriptors, for the processes to inherit.

    command, address: how others are to name this program. Raises AlreadyRunning with the name of the one that is there,
    before anything is touched; one that was killed is waited for, as its processes are about to end. Raises OSError if
    the folder cannot be written, and WealthError if its drive has no locks.
    """
    held: list[int] = []
    me = _Holder(command, address, platform.node(), Process.current())
    try:
        for role in roles:
            held.append(_taken(folder, role))
            os.ftruncate(held[-1], 0)
            os.pwrite(held[-1], json.dumps(asdict(me)).encode(), 0)
        yield tuple(held)
    finally:
        for lock in held:
            os.close(lock)


def _taken(folder: Path, role: Role) -> int:
    """The descriptor of the role's lock, which this process holds."""
    make_private(folder)  # refuses a drive without locks
    path = folder / f"{role}.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + _SECONDS_TO_END
        while not _locked(lock):
            holder = _holder(path)
            if time.monotonic() > deadline or (holder and not holder.process.ended):
                raise _already_running(folder, holder)
            time.sleep(_PAUSE)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _holder(path: Path) -> _Holder | None:
    """Who wrote that it holds the lock, None while nobody has."""
    with suppress(OSError, ValueError, TypeError):
        said = json.loads(path.read_text(encoding="utf-8"))
        return _Holder(**{**said, "process": Process(**said["process"])})
    return None


def _already_running(folder: Path, holder: _Holder | None) -> AlreadyRunning:
    if holder is None:
        return AlreadyRunning(
            f"Something serves this data folder already, and does not say what it is: {folder}",
            "Stop it, and start again.",
        )
    pid, at = holder.process.pid, f" at {holder.address}" if holder.address else ""
    where = f" of {holder.host}" if holder.process.elsewhere else ""
    return AlreadyRunning(
        f"`{holder.command}` serves this data folder already{at} (process {pid}{where}): {folder}",
        f"Use that one. Or stop it first: with Ctrl-C in its terminal, or by `kill {pid}`{where and ' there'}; a"
        " service as docs/always-on.md says.",
    )
