"""The client against the sandbox over HTTPS: what it asks, what it makes of every state and fault."""

from __future__ import annotations

import logging
import socket
import threading
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from wealth_pipeline.gateway import errors
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.errors import GatewayError
from wealth_pipeline.gateway.state import GatewayState
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
from wealth_pipeline_tests.clocks import MovableClock

from .conftest import Connect, calls, keeps_the_limits

# pytest replaces the process's filters.
pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")


def test_a_visit_reads_every_account_and_page_within_the_limits(client: GatewayClient, gateway: SandboxGateway) -> None:
    with client:
        client.check_session()
        client.tickle()
        accounts = client.accounts()
        read = {
            client.account_id(a): (client.ledger(client.account_id(a)), client.positions(client.account_id(a)))
            for a in accounts
        }
    assert calls(gateway) == [
        "POST /iserver/auth/status",
        "POST /tickle",
        "GET /portfolio/accounts",
        "GET /portfolio/U1000001/ledger",
        "GET /portfolio/U1000001/positions/0",
        "GET /portfolio/U1000001/positions/1",
        "GET /portfolio/U1000002/ledger",
        "GET /portfolio/U1000002/positions/0",
        "GET /portfolio/U1000002/positions/1",
    ]
    assert {request.answer for request in gateway.service.requests} == {"200"}
    keeps_the_limits(gateway)
    assert set(read["U1000001"][0]) >= {"USD", "EUR", "BASE"}
    assert len(read["U1000002"][1]) == 14


def test_numbers_are_decimals_with_the_digits_that_were_sent(client: GatewayClient) -> None:
    with client:
        client.accounts()
        cash = client.ledger("U1000001")["USD"]["cashbalance"]
    assert isinstance(cash, Decimal)


def test_an_account_with_250_positions_is_read_whole(
    clock: MovableClock, state: GatewayState, connect: Connect
) -> None:
    with SandboxGateway(now=clock.now, clock=clock.seconds, positions=250) as box, connect(box.gateway_url) as client:
        client.accounts()
        rows = client.positions("U1000001")
        assert len({(row["conid"], row["model"]) for row in rows}) == len(rows) == 250
        assert [call for call in calls(box) if "positions" in call] == [
            f"GET /portfolio/U1000001/positions/{page}" for page in range(4)
        ]
        keeps_the_limits(box)


def test_null_ends_the_pages_too(client: GatewayClient, gateway: SandboxGateway) -> None:
    gateway.service.script("null", path="/portfolio/U1000001/positions/1")
    with client:
        client.accounts()
        assert client.positions("U1000001")


def test_a_terse_gateway_is_understood(client: GatewayClient, gateway: SandboxGateway) -> None:
    gateway.service.terse = True
    with client:
        client.tickle()
        assert len(client.accounts()) == 2
    assert calls(gateway) == ["POST /tickle", "POST /iserver/auth/status", "GET /portfolio/accounts"]


SESSIONS = {
    "log_out": (errors.NotLoggedIn, "Nobody is logged in to the gateway. Open {url} in a browser"),
    "compete": (
        errors.CompetingSession,
        "logged in with the same IBKR user name. Log out there and log in again at {url}",
    ),
    "idle": (errors.SessionTimedOut, "The gateway's session has timed out. Open {url}"),
    "midnight": (errors.NotLoggedIn, "Open {url} in a browser"),
    "stop": (errors.NotRunning, "No gateway is running at {url}. Start it (bin/run.sh root/conf.yaml)"),
}


@pytest.mark.parametrize("ask", ["check_session", "tickle"])
@pytest.mark.parametrize("happens", SESSIONS)
def test_without_a_session_the_error_says_what_to_do(
    happens: str, ask: str, client: GatewayClient, gateway: SandboxGateway, clock: MovableClock
) -> None:
    if happens == "idle":
        clock.advance(minutes=7)
    elif happens == "midnight":
        clock.advance(hours=14)
    elif happens == "stop":
        gateway.stop()
    else:
        getattr(gateway.service, happens)()
    kind, sentence = SESSIONS[happens]
    with client, pytest.raises(kind) as caught:
        getattr(client, ask)()
    assert sentence.format(url=gateway.gateway_url) in str(caught.value)
    assert len(calls(gateway)) == (0 if happens == "stop" else 1)


FAULTS = {
    "401": (errors.NotLoggedIn, "Nobody is logged in"),
    "redirect": (errors.NotLoggedIn, "Nobody is logged in"),
    "no-session": (errors.NotLoggedIn, "Nobody is logged in"),
    "no-bridge": (errors.SessionTimedOut, "timed out"),
    "403": (errors.AccessDenied, "Put 127.0.0.1 under `ips: allow:`"),
    "429": (errors.Embargoed, "none is made before 2026-07-22 14:15 UTC"),
    "500": (errors.GatewayTrouble, "answered HTTP 500"),
    "503": (errors.GatewayTrouble, "IBKR's servers may be restarting"),
    "accounts-first": (errors.UnexpectedReply, "Please query /accounts first"),
    "html": (errors.UnexpectedReply, "something other than data (a web page, or cut off)"),
    "truncated": (errors.UnexpectedReply, "something other than data"),
    "cut-off": (errors.GatewayTrouble, "broke off the connection"),
    "hang": (errors.GatewayTrouble, "did not answer within 0.5 s"),
    "drip": (errors.GatewayTrouble, "did not answer within 0.5 s"),
}


@pytest.mark.parametrize("ask", ["tickle", "accounts"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_an_error_that_says_what_to_do_after_one_request(
    fault: str, ask: str, connect: Connect, gateway: SandboxGateway
) -> None:
    gateway.service.script(fault)
    kind, sentence = FAULTS[fault]
    began = time.monotonic()
    with connect(timeout=0.5) as client, pytest.raises(kind) as caught:
        getattr(client, ask)()
    assert sentence in str(caught.value)
    assert caught.value.advice
    assert "secret" not in str(caught.value)
    assert len(calls(gateway)) == 1
    assert time.monotonic() - began < 3
    # Dagster stores an error's cause and context as well.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_429_is_an_embargo_of_15_minutes_that_outlives_the_process(
    connect: Connect, gateway: SandboxGateway, state: GatewayState, clock: MovableClock
) -> None:
    gateway.service.script("429")
    with connect() as client, pytest.raises(errors.Embargoed):
        client.tickle()
    clock.advance(minutes=14)
    later = GatewayState(state.path, clock)
    with GatewayClient(connect().address, later) as client, pytest.raises(errors.Embargoed):
        client.check_session()
    assert len(calls(gateway)) == 1
    clock.advance(minutes=2)
    gateway.service.log_in()
    with GatewayClient(connect().address, later) as client:
        client.check_session()
    keeps_the_limits(gateway)


def test_a_clock_that_was_put_back_neither_ends_an_embargo_nor_makes_it_endless(
    state: GatewayState, clock: MovableClock
) -> None:
    state.set_embargo()
    clock.advance(hours=-5)
    assert state.embargo() == clock.now() + timedelta(minutes=15)
    clock.advance(minutes=15)
    assert state.embargo() is None


def test_two_visits_keep_the_limits_together(connect: Connect, gateway: SandboxGateway) -> None:
    for _ in range(3):
        with connect() as client:
            client.tickle()
            client.accounts()
    keeps_the_limits(gateway)
    assert {request.answer for request in gateway.service.requests} == {"200"}


def test_one_process_at_a_time(connect: Connect, gateway: SandboxGateway) -> None:
    with connect(), pytest.raises(errors.Busy, match="Another run is asking"), connect():
        pass
    assert calls(gateway) == []


def test_nothing_goes_through_a_proxy_of_the_environment(
    connect: Connect, gateway: SandboxGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(gateway.certificate))
    with connect() as client:
        client.tickle()
    assert calls(gateway) == ["POST /tickle"]


def test_an_unpinned_certificate_is_accepted_here_and_said_once(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        with connect() as client:
            client.tickle()
    assert [record.message for record in caplog.records if "self-signed" in record.message] == [
        record.message for record in caplog.records
    ]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("form", ["file", "fingerprint", "colons", "der"])
def test_a_pinned_certificate_is_accepted(form: str, connect: Connect, gateway: SandboxGateway) -> None:
    digits = gateway.fingerprint
    pin = {
        "file": str(gateway.certificate),
        "fingerprint": digits,
        "colons": "sha256:" + ":".join(digits[i : i + 2].upper() for i in range(0, 64, 2)),
        "der": str(_der(gateway)),
    }[form]
    with connect(certificate=pin) as client:
        client.tickle()


def _der(gateway: SandboxGateway) -> str:
    import ssl

    path = gateway.certificate.with_name("certificate.der")
    path.write_bytes(ssl.PEM_cert_to_DER_cert(gateway.certificate.read_text()))
    return str(path)


def test_another_certificate_than_the_pinned_one_is_refused_before_any_request(
    connect: Connect, gateway: SandboxGateway
) -> None:
    with connect(certificate="ab" * 32) as client, pytest.raises(errors.NotTrusted) as caught:
        client.tickle()
    assert "shows another certificate than the pinned one" in str(caught.value)
    assert calls(gateway) == []


def test_a_gateway_that_speaks_no_tls_is_named_as_such(connect: Connect) -> None:
    from wealth_pipeline.sandbox.flex.server import Sandbox

    with Sandbox() as plain, connect(f"https://127.0.0.1:{plain.port}") as client:
        with pytest.raises(errors.NotTrusted, match="does not speak TLS"):
            client.tickle()


def test_what_is_not_the_gateway_is_told_apart(connect: Connect) -> None:
    from wealth_pipeline.sandbox.flex.server import Sandbox

    with Sandbox() as other, connect(f"http://127.0.0.1:{other.port}", allow_http=True) as client:
        with pytest.raises(GatewayError, match="HTTP 404"):
            client.tickle()


def test_a_429_counts_even_if_its_body_never_ends(
    connect: Connect, gateway: SandboxGateway, state: GatewayState, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused_slowly(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 429, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    monkeypatch.setattr(gateway.service, "_app", refused_slowly)
    with connect() as client, pytest.raises(errors.Embargoed):
        client.tickle()
    assert state.embargo()


def test_a_connection_that_ends_in_the_handshake_is_not_a_matter_of_trust(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        with connect(f"https://127.0.0.1:{server.getsockname()[1]}") as client:
            with pytest.raises(errors.GatewayTrouble, match="broke off"):
                client.tickle()
