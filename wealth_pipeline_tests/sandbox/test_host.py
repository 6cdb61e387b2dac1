"""Both servers of the sandbox answer programs of this machine, and no page that was led here under another name."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator

import pytest

from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway


@pytest.fixture(scope="module")
def connections() -> Iterator[dict[str, http.client.HTTPConnection]]:
    """A connection to each of the servers, by its name."""
    with Sandbox() as box, SandboxGateway() as gateway:
        trusted = ssl.create_default_context(cafile=str(gateway.certificate))
        yield {
            "flex": http.client.HTTPConnection("127.0.0.1", box.port),
            "gateway": http.client.HTTPSConnection("localhost", gateway.port, context=trusted),
        }


def status(connection: http.client.HTTPConnection, hosts: list[str]) -> tuple[int, bytes]:
    connection.putrequest("GET", "/AccountManagement/FlexWebService/SendRequest", skip_host=True)
    connection.putheader("User-Agent", "program/1")
    for host in hosts:
        connection.putheader("Host", host.format(port=connection.port))
    connection.endheaders()
    with connection.getresponse() as response:
        body = response.read()
    connection.close()  # the next request is made on a new connection
    return response.status, body


@pytest.mark.parametrize("server", ["flex", "gateway"])
@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_what_asks_for_this_machine_is_answered(
    server: str, host: str, connections: dict[str, http.client.HTTPConnection]
) -> None:
    assert status(connections[server], [host])[0] != 403


@pytest.mark.parametrize("server", ["flex", "gateway"])
@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example:{port}"],
        ["evil.example"],
        ["localhost.:{port}"],
        ["127.0.0.1"],
        ["127.0.0.1:1"],
        ["me@127.0.0.1:{port}"],
        ["127.0.0.1:{port}", "127.0.0.1:{port}"],
        ["127.0.0.1:{port}", "evil.example:{port}"],
        [""],
        [],
    ],
    ids=str,
)
def test_what_asks_for_another_name_is_refused(
    server: str, hosts: list[str], connections: dict[str, http.client.HTTPConnection]
) -> None:
    refused, body = status(connections[server], hosts)
    assert refused == 403 or (refused == 400 and len(hosts) != 1)  # h11 itself wants one
    assert b"evil" not in body
