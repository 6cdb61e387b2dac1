"""A server on loopback that runs in a thread beside a test, and starts and stops at once."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from wealth_pipeline.sandbox.flex.host import LocalOnly

HOST = "127.0.0.1"
#: Seconds within which the server starts, and stops.
_PATIENCE = 10


class Listener:
    """Serves an application on 127.0.0.1, to programs of this machine only.

    Args:
        app: the application.
        name: of the thread, and in messages.
        default_port: the port that clients leave out of the header Host.
        options: uvicorn's, beside those that are the same for every listener.

    """

    def __init__(self, app: ASGIApp, *, name: str, default_port: int, **options: Any) -> None:
        self._app = app
        self._name = name
        self._default_port = default_port
        self._options = options

    def start(self, port: int) -> int:
        """Listen, until `stop`; returns the port, a free one if 0 was given.

        Raises:
            OSError: the port is taken.

        """
        self._socket = _bound(port)
        port = self._socket.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                LocalOnly(self._app, port, default_port=self._default_port),
                ws="none",
                lifespan="off",
                access_log=False,
                log_level="critical",
                timeout_graceful_shutdown=1,
                **self._options,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=self._name, daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(timeout=_PATIENCE):
            raise RuntimeError(f"the {self._name} did not start on {HOST}:{port}")
        return port

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()
        self._thread.join(timeout=_PATIENCE)
        self._socket.close()


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


class _Server(uvicorn.Server):
    """uvicorn's server, which stops as soon as `stop` is called, and not at its next look at a flag.

    Tests start and stop a sandbox by the hundred, and uvicorn looks every 0.1 s, at stopping several times.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self.ready.set()
        # uvicorn refreshes the Date header on every tenth tick.
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), timeout=1)

    def stop(self) -> None:
        """Stop from another thread, without waiting for connections that clients keep open."""
        self.should_exit = self.force_exit = True
        self._loop.call_soon_threadsafe(self._stopped.set)
