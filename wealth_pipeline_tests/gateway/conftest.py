"""A sandbox gateway over real HTTPS, and a clock that both sides share: sleeping moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from wealth_pipeline.gateway.address import GatewayAddress
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.state import GatewayState
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
from wealth_pipeline_tests.clocks import MovableClock

#: A Wednesday, 10:00 in New York: the exchange is open, the books are those of Tuesday, 21 July 2026.
NOW = datetime(2026, 7, 22, 14, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
def gateway(clock: MovableClock) -> Iterator[SandboxGateway]:
    with SandboxGateway(now=clock.now, clock=clock.seconds) as box:
        yield box


@pytest.fixture
def state(tmp_path: Path, clock: MovableClock) -> GatewayState:
    return GatewayState(tmp_path / "state.sqlite", clock)


@pytest.fixture
def client(gateway: SandboxGateway, state: GatewayState) -> GatewayClient:
    return GatewayClient(GatewayAddress(gateway.gateway_url), state, patience=0, timeout=2)


Connect = Callable[..., GatewayClient]


@pytest.fixture
def connect(gateway: SandboxGateway, state: GatewayState) -> Connect:
    """A client with settings of its own."""

    def build(url: str | None = None, *, timeout: float = 2, **settings: object) -> GatewayClient:
        address = GatewayAddress(url or gateway.gateway_url, **settings)  # type: ignore[arg-type]
        return GatewayClient(address, state, patience=0, timeout=timeout)

    return build


def calls(gateway: SandboxGateway) -> list[str]:
    """What reached the gateway, in order."""
    return [request.call for request in gateway.service.requests]


def keeps_the_limits(gateway: SandboxGateway) -> None:
    """No request that IBKR would not have wanted, whatever it answered."""
    requests = gateway.service.requests
    gaps = [(b.clock - a.clock) for a, b in pairwise(requests)]
    assert all(gap >= 0.199 for gap in gaps)
    for path, spacing in {"/portfolio/accounts": 5, "/tickle": 1}.items():
        times = [r.clock for r in requests if r.call.endswith(path)]
        assert all(b - a >= spacing for a, b in pairwise(times))
    refused = [r.clock for r in requests if r.answer == "429"]
    for at in refused:
        assert not [r for r in requests if at < r.clock < at + 900]
