"""What both clients rely on when they ask; the faults of the wire are in their own tests."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import wealth_pipeline
from wealth_pipeline.http.session import USER_AGENT, Bounds, NotConnected, Session, TooLarge, TooSlow, Unanswered
from wealth_pipeline_tests.clocks import MovableClock

SECRET = "SENTINEL0SECRET"
BOUNDS = Bounds(connect=5, silence=5, headers=5, largest=1000)


class Server:
    """Answers each request with the bytes that it is given."""

    def __init__(self) -> None:
        self.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.seen: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/{SECRET}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with connection:
                    self.seen.append(connection.recv(65536).decode())
                    connection.sendall(self.reply)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    with suppress(OSError):
        server.socket.shutdown(socket.SHUT_RDWR)
    server.socket.close()


def asked(session: Session, url: str) -> bytes:
    with session, session.ask("GET", url, {"t": SECRET}) as reply:
        assert reply.status == 200
        return b"".join(reply)


def failure(kind: type[Unanswered], ask: Callable[..., bytes], *arguments: object) -> None:
    with pytest.raises(kind) as caught:
        ask(*arguments)
    assert type(caught.value) is kind
    assert SECRET not in repr(caught.value)
    assert caught.value.__context__ is None, "an error of the library's has the address in its text"


def test_a_request_says_who_asks(server: Server) -> None:
    assert asked(Session(BOUNDS, environment=False), server.url) == b"ok"
    assert f"User-Agent: {USER_AGENT}\r\n" in server.seen[0]
    assert f"GET /{SECRET}?t={SECRET} " in server.seen[0]


def test_a_body_that_is_too_large_is_given_up(server: Server) -> None:
    server.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + bytes(2000)
    failure(TooLarge, asked, Session(BOUNDS, environment=False), server.url)


def test_a_reply_has_to_be_whole_in_time(server: Server) -> None:
    clock = MovableClock()
    clock.tick += (clock.at - clock.at.replace(hour=9)) / 60  # a minute at each look
    bounds = Bounds(connect=5, silence=5, headers=5, largest=1000, whole=30)
    failure(TooSlow, asked, Session(bounds, environment=False, clock=clock), server.url)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut off",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ],
    ids=["nothing", "cut off", "too many headers", "a huge header", "another protocol"],
)
def test_what_is_no_whole_reply_is_one_error(reply: bytes, server: Server) -> None:
    server.reply = reply
    failure(Unanswered, asked, Session(BOUNDS, environment=False), server.url)


def test_no_connection_is_an_error_of_its_own(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/{SECRET}"
    failure(NotConnected, asked, Session(BOUNDS, environment=False), url)


def test_nobody_else_asks_over_http() -> None:
    """But the sandbox, a world apart, and apprise, which sends the alerts."""
    package = Path(wealth_pipeline.__file__).parent
    asks = re.compile(r"^\s*(?:import|from) (?:requests|urllib3|http\.client|urllib\.request|httpx)\b", re.MULTILINE)
    found = {file.relative_to(package).parts[0] for file in package.rglob("*.py") if asks.search(file.read_text())}
    assert found - {"sandbox"} == {"http"}
