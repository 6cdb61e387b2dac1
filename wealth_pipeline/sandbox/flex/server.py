"""Runs the sandbox on loopback: beside a test, in a thread, or until a signal ends it."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from types import FrameType, TracebackType
from typing import Self

from uvicorn.protocols.http.h11_impl import H11Protocol

from wealth_pipeline.sandbox.flex.flex_service import PATH, FlexService
from wealth_pipeline.sandbox.flex.listener import HOST, Listener
from wealth_pipeline.sandbox.flex.tokens import DEFAULT_TOKEN
from wealth_pipeline.sandbox.household.days import new_york_now
from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, DEFAULT_SEED
from wealth_pipeline.sandbox.household.scenario import DEFAULT, Scenario
from wealth_pipeline.sandbox.statement.statement import FULL


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
        scenario: which household it is: `DEFAULT`, or `FLOWS` and its options.

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
        scenario: Scenario = DEFAULT,
    ) -> None:
        self.service = FlexService(
            seed=seed,
            first_day=first_day,
            now=now,
            clock=clock,
            polls_before_ready=polls_before_ready,
            rate_limits=rate_limits,
            token=token,
            scenario=scenario,
        )
        self.port = port
        self._listener = Listener(self.service, name="sandbox", default_port=80, http=_recording_protocol(self.service))

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
        self.port = self._listener.start(self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.service.stopping = True
        self._listener.stop()


def serve_forever(sandbox: Sandbox, announce: Callable[[Sandbox], None] = lambda sandbox: None) -> None:
    """Serve until Ctrl-C, SIGTERM or the terminal's end; to be called from the main thread.

    Args:
        sandbox: what to serve, not entered yet.
        announce: called once it can be reached, with the port known.

    Raises:
        OSError: the port is taken.

    """
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as under nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        with sandbox:
            announce(sandbox)
            stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _recording_protocol(service: FlexService) -> type[asyncio.Protocol]:
    """Uvicorn's protocol, which also shows the service its connections, so that a fault can reset one."""

    class RecordingProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._peer = transport.get_extra_info("peername")[:2]
            service.transports[self._peer] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            service.transports.pop(self._peer, None)
            super().connection_lost(exc)

    return RecordingProtocol
