"""Which addresses may be asked at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wealth_pipeline.gateway.address import GatewayAddress
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.errors import NotAllowed
from wealth_pipeline.gateway.state import GatewayState

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "https://192.168.1.5:5000": ({}, "names another machine (192.168.1.5)"),
    "https://gateway.example.net:5000": ({}, "IBKR_GATEWAY_ALLOW_REMOTE=true and pin its certificate"),
    "https://0.0.0.0:5000": ({}, "names another machine"),
    "https://localhost.example.net:5000": ({}, "names another machine"),
    "https://127.0.0.1.example.net:5000": ({}, "names another machine"),
    "https://2130706433:5000": ({}, "names another machine"),
    "https://[::2]:5000": ({}, "names another machine"),
    "http://localhost:5000": ({}, "is not https"),
    "http://192.168.1.5:5000": ({"allow_http": True, "allow_remote": True}, "is not https"),
    "https://me:secret@localhost:5000": ({}, "No user name and no password belongs here"),
    "https://localhost:5000/v1/api?x=1": ({}, "more than a host and a port"),
    "https://localhost:5000/other": ({}, "has the path '/other'"),
    "https://localhost:port": ({}, "is not one"),
    "ftp://localhost": ({}, "is not one"),
    "localhost:5000": ({}, "is not one"),
}


@pytest.mark.parametrize("url", REFUSED)
def test_it_is_refused_with_a_sentence(url: str) -> None:
    settings, sentence = REFUSED[url]
    with pytest.raises(NotAllowed) as caught:
        GatewayAddress(url, **settings)
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url, settings, base",
    [
        ("https://localhost:5000", {}, "https://localhost:5000/v1/api"),
        ("https://127.0.0.2:5001/", {}, "https://127.0.0.2:5001/v1/api"),
        ("https://[::1]:5000/v1/api/", {}, "https://[::1]:5000/v1/api"),
        ("https://localhost:5000/v1/portal", {}, "https://localhost:5000/v1/portal"),
        ("http://localhost:5000", {"allow_http": True}, "http://localhost:5000/v1/api"),
        ("https://192.168.1.5:5000", {"allow_remote": True}, "https://192.168.1.5:5000/v1/api"),
    ],
)
def test_it_is_allowed(url: str, settings: dict[str, Any], base: str) -> None:
    assert GatewayAddress(url, **settings).base == base


@pytest.mark.parametrize("content", [None, b"not a certificate", b"-----BEGIN CERTIFICATE-----\nxx"])
def test_a_pin_that_is_none_is_refused(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    if content is not None:
        file.write_bytes(content)
    client = GatewayClient(GatewayAddress("https://localhost:5000", str(file)), GatewayState(tmp_path / "state.sqlite"))
    with pytest.raises(NotAllowed, match="neither a readable certificate file nor"), client:
        pass


def test_a_gateway_elsewhere_is_verified_whatever_the_settings(tmp_path: Path) -> None:
    state = GatewayState(tmp_path / "state.sqlite")
    with GatewayClient(GatewayAddress("https://192.168.1.5:5000", allow_remote=True), state) as client:
        assert client._session
        assert client._session._session.verify is True
    with GatewayClient(GatewayAddress("https://192.168.1.5:5000", "ab" * 32, allow_remote=True), state) as client:
        assert client._session
        adapter = client._session._session.get_adapter("https://192.168.1.5:5000")
        assert adapter.poolmanager.connection_pool_kw["assert_fingerprint"] == "ab" * 32  # type: ignore[attr-defined]
