"""The sandbox as a server: where it listens, how it starts and stops."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

from wealth_pipeline.sandbox.flex.server import Sandbox

from .flex_client import Client

SERVE = """
import json
from wealth_pipeline.sandbox.flex.server import Sandbox, serve_forever
serve_forever(Sandbox(), lambda box: print(json.dumps([box.flex_url, box.token, box.query_id]), flush=True))
print("stopped")
"""


def test_it_can_be_reached_while_the_block_runs() -> None:
    """Ready when entered, gone when left; a free port of its own; the address is loopback's."""
    with Sandbox() as box, Sandbox() as other:
        assert box.port != other.port
        assert box.flex_url == f"http://127.0.0.1:{box.port}/AccountManagement/FlexWebService"
        Client(box).reference()
        url = box.flex_url
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)


def test_its_token_and_ids_look_like_ibkrs() -> None:
    """About 24 digits that nobody takes for a real token, and ids of six or seven digits."""
    box = Sandbox()
    assert (len(box.token), box.token.isdecimal(), box.token[:18]) == (24, True, "0" * 18)
    assert set(box.query_ids) == {"guide", "full"}
    assert all(6 <= len(number) <= 7 and number.isdecimal() for number in box.query_ids.values())
    assert box.query_id == box.query_ids["full"]
    assert Sandbox(token="0" * 23 + "7").token.endswith("7")


def test_a_port_that_is_taken_is_an_error() -> None:
    """OSError, not a second port."""
    with Sandbox() as box, pytest.raises(OSError, match="in use"), Sandbox(port=box.port):
        pass


def test_it_listens_on_loopback_only() -> None:
    """Another address of this machine does not answer."""
    with Sandbox() as box:
        addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        for address in addresses - {"127.0.0.1"}:
            with pytest.raises(ConnectionRefusedError), socket.create_connection((str(address), box.port), timeout=1):
                pass


def test_stopping_is_quick_with_an_idle_connection() -> None:
    """A client that keeps its connection open delays nothing."""
    session = requests.Session()
    with Sandbox() as box:
        session.get(f"{box.flex_url}/SendRequest", headers={"User-Agent": "Java"}, timeout=5)
        started = time.monotonic()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_forever_stops_on_a_signal(number: signal.Signals) -> None:
    """It announces itself when it can be reached, serves, prints nothing else, and ends cleanly."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url, token, query = json.loads(process.stdout.readline())
        reply = requests.get(
            f"{url}/SendRequest", {"t": token, "q": query, "v": "3"}, headers={"User-Agent": "Java"}, timeout=5
        )
        assert "<Status>Success</Status>" in reply.text
        process.send_signal(number)
        assert process.stdout.read() == "stopped\n"
        assert process.stderr.read() == ""
    assert process.returncode == 0
