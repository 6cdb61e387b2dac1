"""Runs the sandbox gateway on loopback over HTTPS, with a self-signed certificate made when it starts."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from wealth_pipeline.sandbox.flex.listener import Listener
from wealth_pipeline.sandbox.gateway.certificate import fingerprint, make_certificate
from wealth_pipeline.sandbox.gateway.gateway import GatewayService
from wealth_pipeline.sandbox.household.days import new_york_now
from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, DEFAULT_SEED


class SandboxGateway:
    """A local Client Portal Gateway, running while its `with` block runs.

    Args:
        port: where to listen on 127.0.0.1; 0 for any free port.
        now: the present, aware.
        clock: seconds that only grow, for the rate limits.
        rate_limits: keep IBKR's limits and the penalty box.
        logged_in: whether somebody is logged in at the start; else open `gateway_url` in a browser.
        lasting: whether a session ends only when somebody ends it: not by itself, nor at midnight.
        seed: of the household.
        first_day: of the household.
        positions: so many positions at least in the first account.

    Attributes:
        service: the gateway, with its `requests`, its session and its faults.
        certificate: the PEM file of its certificate, while it runs.

    Raises:
        OSError: on entering, when the port is taken.

    """

    def __init__(
        self,
        port: int = 0,
        *,
        now: Callable[[], datetime] = new_york_now,
        clock: Callable[[], float] = time.monotonic,
        rate_limits: bool = True,
        logged_in: bool = True,
        lasting: bool = False,
        seed: int = DEFAULT_SEED,
        first_day: date = DEFAULT_FIRST_DAY,
        positions: int = 0,
    ) -> None:
        self.service = GatewayService(
            now=now,
            clock=clock,
            rate_limits=rate_limits,
            logged_in=logged_in,
            lasting=lasting,
            seed=seed,
            first_day=first_day,
            positions=positions,
        )
        self.port = port
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-gateway-")
        self.certificate = Path(self._folder.name) / "certificate.pem"
        self._key = self.certificate.with_name("key.pem")
        self._listening = False
        self._listener = Listener(
            self.service,
            name="sandbox gateway",
            default_port=443,
            http="h11",
            ssl_certfile=self.certificate,
            ssl_keyfile=self._key,
        )

    @property
    def gateway_url(self) -> str:
        """The gateway's address: to be configured, and to be opened in a browser to log in."""
        return f"https://localhost:{self.port}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate, 64 hexadecimal digits."""
        return fingerprint(self.certificate)

    def __enter__(self) -> Self:
        make_certificate(self.certificate, self._key)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Listen, again on the same port and with the same certificate after `stop`."""
        self.service.stopping = False
        self.port = self._listener.start(self.port)
        self._listening = True

    def stop(self) -> None:
        """Stop listening: the gateway isn't running. Its session is gone, as after a real restart."""
        if not self._listening:
            return
        self._listening = False
        self.service.stopping = True
        self._listener.stop()
        self.service.log_out()
