"""A process that `wealth_pipeline.ui.serving` starts: `python -m wealth_pipeline.defs.serve ROLE FOLDER PORT`.

FOLDER is private and holds the socket of the code server. Standard input is a pipe from the process that started this
one, and its end is the sign to stop.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from wealth_pipeline.settings import UI_PASSWORD, Settings
from wealth_pipeline.ui.serving import HOST, SECONDS_TO_END, SOCKET, VERBOSE

#: How long requests and websockets that are open may take when the webserver is stopped.
_SECONDS_TO_ANSWER = 2
#: Dagster's own defaults of `dagster-webserver`: milliseconds between two looks of a page, and of its database pool.
_POLL, _STATEMENT_TIMEOUT, _RECYCLE, _OVERFLOW = 2000, 15000, 3600, 20


def code_server(socket_path: Path, _port: int) -> None:
    """Serve the definitions on the socket, whose folder goes with it; runs are processes below this one."""
    from wealth_pipeline.defs import _private

    try:
        _private.run_code_server(socket_path)
    finally:
        shutil.rmtree(socket_path.parent, ignore_errors=True)


def webserver(socket_path: Path, port: int) -> None:
    """Serve the UI behind the guard. The only process that has the password."""
    password = os.environ.pop(UI_PASSWORD, None)
    import dagster as dg
    import uvicorn
    from dagster_webserver.app import create_app_from_workspace_process_context

    from wealth_pipeline.defs import _private
    from wealth_pipeline.ui.guard import Guard

    _wait_for(socket_path)
    with dg.DagsterInstance.get() as instance:
        instance.optimize_for_webserver(_STATEMENT_TIMEOUT, _RECYCLE, _OVERFLOW)
        with _private.workspace(instance, socket_path) as workspace:
            app = create_app_from_workspace_process_context(workspace, live_data_poll_rate=_POLL)
            config = uvicorn.Config(
                Guard(app, port=port, origins=Settings.load().ui_origins, password=password),
                host=HOST,
                port=port,
                proxy_headers=False,
                server_header=False,
                log_level="error",
                timeout_graceful_shutdown=_SECONDS_TO_ANSWER,
            )
            # uvicorn says so of each websocket that is refused, and any page may try as often as it likes.
            logging.getLogger("uvicorn.error").addFilter(lambda said: "completing handshake" not in said.getMessage())
            uvicorn.Server(config).run()


def daemon(socket_path: Path, _port: int) -> None:
    """Run Dagster's daemon: the schedule, the sensors, and the queue of runs."""
    import dagster as dg

    from wealth_pipeline.defs import _private
    from wealth_pipeline.defs.terminal import for_people

    _wait_for(socket_path)
    with dg.DagsterInstance.get() as instance:
        _private.run_daemon(instance, socket_path, (lambda _: None) if os.environ.get(VERBOSE) else for_people)


ROLES: dict[str, Callable[[Path, int], None]] = {"code": code_server, "web": webserver, "daemon": daemon}


def main() -> None:
    """Play the role that the command line names, until standard input ends or a signal says so."""
    role, folder, port = sys.argv[1:]
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    os.umask(0o077)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        ROLES[role](Path(folder) / SOCKET, int(port))


def _end_with_the_parent() -> None:
    """End this process, and the runs below it, once nobody holds the other end of standard input."""
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(SECONDS_TO_END)
    os.killpg(0, signal.SIGKILL)


def _wait_for(socket_path: Path) -> None:
    """Return once the code server answers; if it never does, the parent ends this process."""
    with socket.socket(socket.AF_UNIX) as probe:
        while probe.connect_ex(str(socket_path)):
            time.sleep(0.1)


if __name__ == "__main__":
    main()
