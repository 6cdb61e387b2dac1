"""What keeps a request from being sent costs nothing: no embargo, no refusal, and it does not count as asked."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from wealth_pipeline.flex import errors
from wealth_pipeline.flex.client import FlexClient
from wealth_pipeline.flex.ledger import RequestLedger, Window
from wealth_pipeline_tests.clocks import MovableClock
from wealth_pipeline_tests.flex.test_client import referenced
from wealth_pipeline_tests.tls import VARIABLES, Listener, closed_port, encrypted

TOKEN = "SENTINEL0TOKEN4711"
WINDOW = Window(date(2026, 7, 1), date(2026, 7, 2))


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def ibkr(tmp_path: Path) -> Iterator[tuple[Listener, Path]]:
    """A server that gives a reference code to whoever asks, and its certificate."""
    server, certificate = encrypted(tmp_path, referenced())
    yield server, certificate
    server.close()


#: The variable, its value, the sentence, and how often it is tried within a run.
FAULTS = {
    "a missing file of certificates": (
        "REQUESTS_CA_BUNDLE",
        "/missing/ca.pem",
        "because REQUESTS_CA_BUNDLE names /missing/ca.pem, which is not there. Correct REQUESTS_CA_BUNDLE or unset it,",
        1,
    ),
    "a dead proxy": (
        "https_proxy",
        f"http://127.0.0.1:{closed_port()}",
        "that does not answer. Start the proxy. Correct https_proxy or unset it,",
        4,
    ),
    "a proxy without PySocks": ("ALL_PROXY", "socks5h://127.0.0.1:1080", "because ALL_PROXY names a SOCKS proxy", 1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_was_not_sent_is_asked_again_as_if_nothing_had_happened(
    name: str,
    ibkr: tuple[Listener, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    variable, value, sentence, tries = FAULTS[name]
    server, certificate = ibkr
    clock = MovableClock()
    ledger = RequestLedger(tmp_path / "state.sqlite", clock)
    client = FlexClient("household", TOKEN, "42", ledger, base_url=f"https://localhost:{server.port}/x")
    monkeypatch.setenv(variable, value)
    before = clock.at
    with pytest.raises(errors.NotConnected) as caught:
        client.send_request(WINDOW)
    assert f'Connection "household", {WINDOW}: no connection to localhost, because ' in str(caught.value)
    assert sentence in str(caught.value)
    assert "the request was not sent." in str(caught.value)
    assert (clock.at == before) is (tries == 1), "what cannot pass by itself is not waited for"
    assert server.seen == 0
    (request,) = ledger.all()
    assert request.message == caught.value.what
    assert ledger.embargo(client.key) is None
    assert ledger.count_on("household", WINDOW.last, date(2026, 7, 3)) == 0
    # The same client again, once it is put right.
    monkeypatch.delenv(variable)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert client.send_request(WINDOW) == "4711"
    assert ledger.count_on("household", WINDOW.last, date(2026, 7, 3)) == 1
    assert TOKEN not in str(caught.value) + caplog.text


def test_a_poll_that_cannot_be_sent_keeps_the_reference_code(
    ibkr: tuple[Listener, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, certificate = ibkr
    ledger = RequestLedger(tmp_path / "state.sqlite", MovableClock())
    client = FlexClient("household", TOKEN, "42", ledger, base_url=f"https://localhost:{server.port}/x")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    code = client.send_request(WINDOW)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/missing/ca.pem")
    with pytest.raises(errors.NotConnected), (tmp_path / "body").open("wb") as body:
        client.get_statement(code, body)
    pending = ledger.pending("household", WINDOW)
    assert pending is not None
    assert pending.reference_code == code
