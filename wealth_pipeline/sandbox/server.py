"""Runs the sandbox on loopback: beside a test, in a thread, or until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from wealth_pipeline.sandbox.flex_service import DEFAULT_TOKEN, PATH, FlexService, new_york_now
from wealth_pipeline.sandbox.host import LocalOnly
from wealth_pipeline.sandbox.household import DEFAULT_FIRST_DAY, DEFAULT_SEED
from wealth_pipeline.sandbox.statement import FULL

HOST = "127.0.0.1"
_PATIENCE = 10
"""Seconds within which the server starts, and stops."""


class Sandbox:
    """A local IBKR, running while its `with` block runs.

    Args:
        port: where to listen on 127.0.0.1; 0 for any free port.
        first_day: first day of the household's history (2016-01-04 gives ten years).
        now: the present, aware; the history ends the day before it in New York.
        polls_before_ready: how often GetStatement answers 1019 before a statement is there.
        rate_limits: keep IBKR's limits of one request a second and ten a minute (1018), and its lockouts.
        clock: seconds that only grow, for the rate limits.
        token: the valid token, made of digits.
        seed: of the household.

    Attributes:
        service: the service, with its `requests` and its `faults`.

    Raises:
        OSError: on entering, when the port is taken.

    """

    def __init__(
        self,
        port: int = 0,
        *,
        first_day: date = DEFAULT_FIRST_DAY,
        now: Callable[[], datetime] = new_york_now,
        polls_before_ready: int = 1,
        rate_limits: bool = True,
        clock: Callable[[], float] = time.monotonic,
        token: str = DEFAULT_TOKEN,
        seed: int = DEFAULT_SEED,
    ) -> None:
        self.service = FlexService(
            seed=seed,
            first_day=first_day,
            now=now,
            clock=clock,
            polls_before_ready=polls_before_ready,
            rate_limits=rate_limits,
            token=token,
        )
        self.port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    @property
    def flex_url(self) -> str:
        """The base URL; the calls are `/SendRequest` and `/GetStatement` below it."""
        return f"http://{HOST}:{self.port}{PATH}"

    @property
    def token(self) -> str:
        """The valid token."""
        return self.service.token

    @property
    def query_ids(self) -> dict[str, str]:
        """The ids of the queries `guide` and `full`."""
        return dict(self.service.query_ids)

    @property
    def query_id(self) -> str:
        """The id of the query `full`."""
        return self.service.query_ids[FULL]

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, self.port))
        except OSError:
            self._socket.close()
            raise
        self.port = self._socket.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                LocalOnly(self.service, self.port, default_port=80),
                http=_recording_protocol(self.service),
                ws="none",
                lifespan="off",
                access_log=False,
                log_level="critical",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="sandbox", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(timeout=_PATIENCE):
            raise RuntimeError(f"the sandbox did not start on {HOST}:{self.port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        assert self._thread is not None
        assert self._socket is not None
        self.service.stopping = True
        self._server.stop()
        self._thread.join(timeout=_PATIENCE)
        self._socket.close()


def serve_forever(sandbox: Sandbox, announce: Callable[[Sandbox], None] = lambda sandbox: None) -> None:
    """Serve until Ctrl-C or SIGTERM; to be called from the main thread.

    Args:
        sandbox: what to serve, not entered yet.
        announce: called once it can be reached, with the port known.

    Raises:
        OSError: the port is taken.

    """
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with sandbox:
            announce(sandbox)
            stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """uvicorn's server, which stops when it is told to, and not at its next look at a flag.

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


def _recording_protocol(service: FlexService) -> type[asyncio.Protocol]:
    """Uvicorn's protocol, which also tells the service of its connections, so that a fault can reset one."""

    class RecordingProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._peer = transport.get_extra_info("peername")[:2]
            service.transports[self._peer] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            service.transports.pop(self._peer, None)
            super().connection_lost(exc)

    return RecordingProtocol
