"""Serving the Dagster UI with its daemon on this machine, until Ctrl-C, leaving no process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from wealth_pipeline.errors import WealthError

HOST = "127.0.0.1"
#: How long what `dagster dev` started may outlive it. Its code server was seen to, by seconds, on a busy machine.
SECONDS_TO_END = 10.0
_WORKSPACE = Path(__file__).resolve().parent.parent / "workspace.yaml"
#: Dagster 1.13 discourages `dagster dev` for `dg dev`, which takes no workspace file: nothing a user can act on.
_SUPERSEDED = "ignore:Function `dev_command` is superseded"


class PortInUse(WealthError):
    """Something else listens where the UI would."""


def serve_ui(port: int, ready: Callable[[], None]) -> int:
    """Run `dagster dev` until it ends or is stopped; calls `ready` once the UI answers. Returns its exit code.

    The environment says on which data: WEALTH_DATA_DIR, DAGSTER_HOME. Raises PortInUse.
    """
    if _listened_to(port):
        raise PortInUse(f"Something is listening on port {port} already", "Stop it, or choose another with --port.")
    command = [
        # Its warnings tell of its own bookkeeping ("No cursor for event type ..."), and what it starts.
        *(sys.executable, "-W", _SUPERSEDED, "-m", "dagster", "dev", "--log-level", "error"),
        *("-w", str(_WORKSPACE), "-h", HOST, "-p", str(port)),
    ]
    processes: list[subprocess.Popen[bytes]] = []

    def stop(*_: object) -> None:
        for process in processes:
            process.send_signal(signal.SIGINT)

    # Before the process starts: it inherits an ignored SIGINT (as with `&` in a script), but not a handled one.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own interpreter and file
    processes.append(process)
    while process.poll() is None and not _listened_to(port):
        time.sleep(0.2)
    if process.poll() is None:
        ready()
    try:
        return process.wait()
    finally:
        _end_group(process.pid)


def _listened_to(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _end_group(leader: int) -> None:
    """End the processes that `leader`, a session's first one, left behind."""
    deadline = time.monotonic() + SECONDS_TO_END
    # macOS answers EPERM where only dead processes are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGTERM)
        while time.monotonic() < deadline:
            os.killpg(leader, 0)
            time.sleep(0.1)
        os.killpg(leader, signal.SIGKILL)
