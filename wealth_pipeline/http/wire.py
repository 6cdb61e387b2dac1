"""Connections that are watched: whether a request went out, and whether its reply's headers take too long."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter


def any_certificate() -> ssl.SSLContext:
    """A context that takes whichever certificate it is shown: whoever uses it pins one, or says why not."""
    # A context of its own, because the default one loads every public authority first, for each session again.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class NoRedirects(requests.Session):
    """A session that follows no redirect."""

    def get_redirect_target(self, resp: Any) -> None:
        """None: with `allow_redirects=False` a redirect's whole body would be read, however slow or long."""


class Wire:
    """What happens to a request on its connection.

    hung_up: whether it was hung up on a server whose headers trickle in: each byte of them starts a read timeout again.
    sent: whether anything of the request was sent; a proxy may have been asked to connect before.
    """

    def __init__(self, seconds: float) -> None:
        self.hung_up = self.sent = False
        self._seconds = seconds

    @contextmanager
    def on(self, connection: urllib3.connection.HTTPConnection) -> Iterator[None]:
        """Hang up if the block takes too long."""

        def hang_up() -> None:
            self.hung_up = True
            with suppress(OSError, AttributeError):  # closed already
                connection.sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self._seconds, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class Adapter(HTTPAdapter):
    """Opens connections that are watched. tls: how urllib3 is to verify certificates."""

    def __init__(self, wire: Wire, tls: Mapping[str, Any]) -> None:
        self._tls = tls
        self._pools = _pools(wire)
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """As requests does it, with connections of ours."""
        super().init_poolmanager(connections, maxsize, block, **{**options, **self._tls})
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """As requests does it, with connections of ours; those of SOCKS are its own."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(wire: Wire) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """urllib3's classes, with connections that `wire` watches."""

    class HttpConnection(urllib3.connection.HTTPConnection):
        def putrequest(self, *arguments: Any, **options: Any) -> None:
            wire.sent = True
            super().putrequest(*arguments, **options)

        def getresponse(self) -> Any:
            with wire.on(self):
                return super().getresponse()

    class HttpsConnection(urllib3.connection.HTTPSConnection):
        def putrequest(self, *arguments: Any, **options: Any) -> None:
            wire.sent = True
            super().putrequest(*arguments, **options)

        def getresponse(self) -> Any:
            with wire.on(self):
                return super().getresponse()

    class HttpPool(urllib3.HTTPConnectionPool):
        ConnectionCls = HttpConnection

    class HttpsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = HttpsConnection

    return {"http": HttpPool, "https": HttpsPool}
