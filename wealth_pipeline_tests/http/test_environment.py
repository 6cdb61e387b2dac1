"""A proxy or certificates that the environment names and that are of no use: called by the variable, nothing sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from wealth_pipeline.http.environment import foreseen
from wealth_pipeline.http.session import Bounds, NotConnected, NotTrusted, Session
from wealth_pipeline_tests.tls import VARIABLES, Listener, closed_port, encrypted, says

PASSWORD = "hunter2hunter2"
SECRET = "SENTINEL0SECRET"
BOUNDS = Bounds(connect=1, silence=1, headers=1, largest=1000)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of an encrypted server, and its certificate."""
    listener, certificate = encrypted(tmp_path, OK)
    yield f"https://localhost:{listener.port}/{SECRET}", certificate
    listener.close()


def asked(url: str) -> bytes:
    with Session(BOUNDS, environment=True) as session, session.ask("GET", url, {"t": SECRET}) as reply:
        return b"".join(reply)


def not_connected(url: str) -> NotConnected:
    with pytest.raises(NotConnected) as caught:
        asked(url)
    raised = caught.value
    assert raised.__context__ is None, "an error of the library's has the address in its text"
    assert SECRET not in repr(raised)
    assert PASSWORD not in repr(raised)
    return raised


#: The value of the variable, what is said of it (without the variable's name), and whether it may pass by itself.
MALFORMED = {
    "no host": ("http://", "does not hold the address of a proxy"),
    "a password in the wrong place": (f"http://proxy:{PASSWORD}", "does not hold the address of a proxy"),
    "a port that is none": (f"http://me:{PASSWORD}@proxy:port", "does not hold the address of a proxy"),
    "half a bracket": ("http://[::1", "does not hold the address of a proxy"),
    "an empty label": ("http://.proxy..local:3128", None),
    "an unknown scheme": (f"foo://me:{PASSWORD}@proxy:3128", "names a proxy of an unknown scheme (foo)"),
    "SOCKS": (
        f"socks5://me:{PASSWORD}@127.0.0.1:1080",
        "names a SOCKS proxy (127.0.0.1:1080), and the package PySocks is missing",
    ),
    "SOCKS 9": ("socks9://127.0.0.1:1080", "names a proxy of an unknown scheme (socks9)"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_an_address_of_a_proxy_that_is_none_is_called_by_its_variable(
    name: str, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    value, says_what = MALFORMED[name]
    monkeypatch.setenv("HTTPS_PROXY", value)
    raised = not_connected(server[0])
    assert raised.because.startswith("HTTPS_PROXY ")
    if says_what:
        assert raised.because == f"HTTPS_PROXY {says_what}"
        assert not raised.passing
        found = foreseen(server[0])
        assert found is not None
        assert found.because == raised.because
    assert "Correct HTTPS_PROXY or unset it" in raised.advice


VARIANTS = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]


@pytest.mark.parametrize("variable", VARIANTS)
def test_a_proxy_that_is_dead_is_called_by_the_variable_that_names_it(
    variable: str, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = closed_port()
    monkeypatch.setenv(variable, f"http://me:{PASSWORD}@127.0.0.1:{port}")
    raised = not_connected(server[0])
    assert raised.because == f"{variable} names a proxy (127.0.0.1:{port}) that does not answer"
    assert raised.passing


def test_the_variable_of_the_scheme_comes_before_that_for_all_and_lower_case_before_upper_case(
    server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    value = f"http://127.0.0.1:{closed_port()}"
    for variable in ("ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, value)
        assert not_connected(server[0]).because.startswith(f"{variable} ")


def silent(connection: socket.socket) -> None:
    """Say nothing until the client goes."""
    connection.settimeout(10)
    while connection.recv(65536):
        pass


PROXIES = {
    "refuses": (says(b"HTTP/1.1 503 X\r\n\r\n"), "that refuses (HTTP 503)", True),
    "wants a password": (
        says(b"HTTP/1.1 407 X\r\n\r\n"),
        "that wants a user name and a password (HTTP 407)",
        False,
    ),
    "hangs up": (says(b""), "that does not answer", True),
    "is silent": (silent, "that does not answer", True),
}


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_that_does_not_do_its_work_is_told_from_a_server_that_does_not(
    name: str, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve, says_what, passing = PROXIES[name]
    proxy = Listener(serve)
    monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
    raised = not_connected(server[0])
    proxy.close()
    assert raised.because == f"HTTPS_PROXY names a proxy (127.0.0.1:{proxy.port}) {says_what}"
    assert raised.passing is passing


def test_a_server_for_which_no_proxy_is_used_is_asked_directly(
    server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate = server
    monkeypatch.setenv("HTTPS_PROXY", "foo://nonsense")
    monkeypatch.setenv("no_proxy", "localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert asked(url) == b"ok"
    assert foreseen(url) is None


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("lacks", ["is not there", "holds no certificates"])
def test_certificates_that_cannot_be_used_are_called_by_the_variable_that_names_them(
    variable: str, lacks: str, server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.pem"
    if lacks != "is not there":
        file.write_text("no certificate")
    monkeypatch.setenv(variable, str(file))
    raised = not_connected(server[0])
    assert raised.because == f"{variable} names {file}, which {lacks}"
    assert not raised.passing
    found = foreseen(server[0])
    assert found is not None
    assert found.because == raised.because


def test_certificates_that_do_not_vouch_for_the_server_are_called_by_their_variable(
    server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, certificate = encrypted(tmp_path, OK)
    other.close()
    # Overwritten by a second server's: no longer the one that the first shows.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(NotTrusted) as caught:
        asked(server[0])
    assert (caught.value.lacks, caught.value.trusted) == ("verified certificate", "REQUESTS_CA_BUNDLE")


def test_a_server_that_is_gone_is_not_blamed_on_a_proxy_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    raised = not_connected(f"https://127.0.0.1:{closed_port()}/")
    assert (raised.because, raised.advice, raised.passing) == ("", "", True)
