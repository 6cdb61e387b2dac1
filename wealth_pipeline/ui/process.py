"""Which process is meant: a number alone is given again, after a restart even at once.

The machine's name says nothing, because it may be changed; its clock neither, because it may be set.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

#: How a process is described that has ended, and whose parent has not looked yet.
_ZOMBIE = "Z"


@dataclass(frozen=True)
class Process:
    """A process, so that whoever reads this later, elsewhere or after a restart knows whether it still lives.

    machine: its id, empty where there is none. boot: the id of its start, another one after each restart. namespace:
    within which processes are numbered, as in a container. started: when the process began, as the system says it.
    """

    machine: str
    boot: str
    namespace: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> Self:
        """The process that calls this."""
        return cls(*_here(), os.getpid(), _started(os.getpid()) or "")

    @classmethod
    def parsed(cls, text: str) -> Self | None:
        """The process that `text` describes, None if it describes none."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None

    @property
    def text(self) -> str:
        """Its description, to be kept."""
        return json.dumps(asdict(self))

    @property
    def elsewhere(self) -> bool:
        """Whether it cannot be seen from here: on another machine, or in a container."""
        return (self.machine, self.boot, self.namespace) != _here()

    @property
    def ended(self) -> bool:
        """Whether it has certainly ended; of what cannot be seen from here, nothing is certain."""
        machine, boot, _ = _here()
        if self.elsewhere:
            return bool(machine) and self.machine == machine and self.boot != boot
        with suppress(PermissionError):  # it lives, and is somebody else's
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return True
        return _started(self.pid) not in (self.started, None)


def _started(pid: int) -> str | None:
    """When a process began; None if the system does not say. Of one that has ended it says something else."""
    try:
        if Path("/proc/self/stat").exists():
            # The name, in parentheses, may hold anything. After it, fields 3 (state) and 22 (ticks since the start).
            state, *fields = (
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            )
            return _ZOMBIE if state == _ZOMBIE else fields[18]
        # The zone, because it may change while a process lives.
        said = _output("ps", "-o", "stat=,lstart=", "-p", str(pid))
    except OSError:
        return None
    state, _, began = said.partition(" ")
    return (_ZOMBIE if state.startswith(_ZOMBIE) else " ".join(began.split())) or None


@lru_cache(maxsize=1)
def _here() -> tuple[str, str, str]:
    """The id of this machine, that of its start, and where its processes are numbered; each may be empty."""
    boot = _first_line(Path("/proc/sys/kernel/random/boot_id"))
    if boot:
        machine = _first_line(Path("/etc/machine-id")) or _first_line(Path("/var/lib/dbus/machine-id"))
        with suppress(OSError):
            return machine, boot, str(Path("/proc/self/ns/pid").readlink())
        return machine, boot, ""
    found = re.search(r'"IOPlatformUUID" = "([^"]+)"', _output("ioreg", "-rd1", "-c", "IOPlatformExpertDevice"))
    return found[1] if found else "", _output("sysctl", "-n", "kern.bootsessionuuid"), ""


def _first_line(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8").strip()
    return ""


def _output(*command: str) -> str:
    """What one of the system's own programs says; nothing if there is no such program."""
    environment = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    with suppress(OSError):
        return subprocess.run(  # noqa: S603 - constant words, but for a number
            command, env=environment, capture_output=True, text=True, check=False
        ).stdout.strip()
    return ""
