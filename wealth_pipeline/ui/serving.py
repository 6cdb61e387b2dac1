"""Serving Dagster on this machine until Ctrl-C: code server, guarded webserver and daemon, leaving no process.

Each is a process in a session of its own (`wealth_pipeline.defs.serve`), and the webserver and the daemon speak to the
code server through a Unix socket in a folder that nobody else can enter. They stop when their standard input ends, so
none of them outlives this process, whatever ends it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from wealth_pipeline.errors import WealthError
from wealth_pipeline.settings import UI_PASSWORD

HOST = "127.0.0.1"
#: In the environment of the processes: whether they print all that Dagster logs.
VERBOSE = "WEALTH_VERBOSE"
#: The code server's socket, in the private folder.
SOCKET = "code.sock"
#: How long a process may take to end, its run included, before it is killed.
SECONDS_TO_END = 10.0
#: Systems remove from their temporary folder what nobody touched for three days (macOS) or ten (systemd).
_SECONDS_TO_TOUCH = 3600.0
_NAMES = {"code": "code server", "web": "webserver", "daemon": "daemon"}


class PortInUse(WealthError):
    """Something else listens where the UI would."""


class ProcessEnded(WealthError):
    """One of the processes ended though nobody stopped it."""


def serve(
    ready: Callable[[], None],
    *,
    port: int | None,
    daemon: bool,
    password: str | None = None,
    locks: Sequence[int] = (),
) -> None:
    """Serve the definitions until SIGINT, SIGTERM or SIGHUP; calls `ready` once the UI answers.

    The environment says on which data: DAGSTER_HOME, and the settings. port: of the UI on HOST, None for no webserver.
    daemon: whether Dagster's daemon runs too. password: the UI's; only the webserver gets it. locks: descriptors that
    the processes inherit, so that what they lock stays locked until the last of them has ended.
    Raises PortInUse; ProcessEnded, with everything else stopped, if one of the processes ends by itself.
    """
    if port is not None:
        refuse_port(port)
    stopped: list[int] = []
    # Before the processes start: they inherit an ignored SIGINT (as with `&` in a script), but not a handled one.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, lambda number, _: stopped.append(number))
    roles = ["code", *["web"] * (port is not None), *["daemon"] * daemon]
    with _private_folder() as folder, _processes(roles, folder, port or 0, password, locks) as processes:
        answered, touched = False, time.monotonic()
        while not stopped:
            _look_at(processes)
            if not answered and (port is None or _listened_to(port)):
                answered = True
                ready()
            if time.monotonic() - touched > _SECONDS_TO_TOUCH:
                touched = time.monotonic()
                for path in (folder, folder / SOCKET):
                    with contextlib.suppress(OSError):
                        os.utime(path)
            time.sleep(0.2)


def refuse_port(port: int) -> None:
    """Raise PortInUse if something listens on the port."""
    if _listened_to(port):
        raise PortInUse(f"Something is listening on port {port} already", "Stop it, or choose another with --port.")


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder for the socket: of mode 0700, on a disk that has sockets, under a path that fits a socket's address.

    A socket's path is at most 103 bytes long on macOS, 107 on Linux, and gRPC reads it as part of an address.
    """
    fits = re.fullmatch(r"[\w/.-]{1,75}", tempfile.gettempdir(), re.ASCII)
    parent = None if fits else "/tmp"  # noqa: S108 - a folder of mode 0700 is made in it
    with tempfile.TemporaryDirectory(prefix="wealth-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _processes(
    roles: list[str], folder: Path, port: int, password: str | None, locks: Sequence[int]
) -> Iterator[Mapping[str, subprocess.Popen[bytes]]]:
    """The processes that play these roles; they have ended, and what they started, when the context ends."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for role in roles:
            secret = {UI_PASSWORD: password} if role == "web" and password else {}
            processes[role] = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "wealth_pipeline.defs.serve", role, str(folder), str(port)],
                stdin=subprocess.PIPE,
                start_new_session=True,
                pass_fds=locks,
                env={**{name: value for name, value in os.environ.items() if name != UI_PASSWORD}, **secret},
            )
        yield processes
    finally:
        for process in processes.values():
            assert process.stdin is not None
            process.stdin.close()
        deadline = time.monotonic() + SECONDS_TO_END
        for process in processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            # macOS answers EPERM where only dead processes are left.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _look_at(processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for role, process in processes.items():
        if (status := process.poll()) is not None:
            how = f"exit status {status}" if status >= 0 else signal.Signals(-status).name
            raise ProcessEnded(
                f"Dagster's {_NAMES[role]} ended ({how}), so everything else was stopped",
                "Its reason, if it had one, is above. Start again.",
            )


def _listened_to(port: int) -> bool:
    """Whether something answers where a browser looks for 127.0.0.1 or localhost, which may be ::1.

    Somebody else's server at ::1 would be taken for the UI by whoever opens http://localhost.
    """
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family) as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, port)) == 0:
                return True
    return False
