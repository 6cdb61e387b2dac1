"""One way to ask over HTTP: no redirect, bounded time and size, one user agent, no address in an error or a log.

Addresses hold what nobody else may read, a token or an account's number. So this is the only module that imports
requests, and an error of that library never leaves it: it has the address in its text.
"""

from __future__ import annotations

import math
import socket
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Any, Literal, Self

import requests
import urllib3
from requests.adapters import HTTPAdapter

from wealth_pipeline.calendar import CLOCK, Clock
from wealth_pipeline.http.silence import URLLIB3, silence

#: IBKR: a User-Agent of the form Technology/Version is mandatory.
USER_AGENT = f"Python/{'.'.join(map(str, sys.version_info[:2]))} wealth-pipeline/{version('wealth-pipeline')}"
_CHUNK = 64 * 1024
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)

silence(*URLLIB3)
# Whoever asks without verifying a certificate says so in words of their own.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class Unanswered(Exception):
    """There is no reply, or not a whole one. The connection broke off, unless a subclass says otherwise."""


class NotConnected(Unanswered):
    """No connection came about: the server cannot have seen the request."""


class NotTrusted(Unanswered):
    """The server did not prove its identity. lacks: whether the pin, the certificate or TLS itself is at fault."""

    def __init__(self, lacks: Literal["pinned certificate", "verified certificate", "TLS"]) -> None:
        super().__init__(lacks)
        self.lacks = lacks


class Silent(Unanswered):
    """No byte came for too long."""


class TooSlow(Unanswered):
    """Bytes kept coming, and too few of them."""


class TooLarge(Unanswered):
    """The body is larger than it may be."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How many seconds a reply is waited for, and how many bytes it may have.

    connect: until there is a connection. silence: until the next bytes. headers: until the headers are whole. whole:
    until the whole reply is there. slow_after, slowest: a body that takes longer than the one, at fewer bytes a second
    on average than the other, is given up. largest: of the body, unpacked.
    """

    connect: float
    silence: float
    headers: float
    largest: int
    whole: float = math.inf
    slow_after: float = math.inf
    slowest: float = 0


class Session:
    """Requests to one server, one after the other, while a `with` block has it open.

    environment: whether a proxy and certificates that the environment names are used. pinned: the SHA-256 fingerprint
    of the only certificate that is trusted, whoever signed it and whatever name it carries. unverified: whether any
    certificate is.
    """

    def __init__(
        self,
        bounds: Bounds,
        *,
        environment: bool,
        pinned: str | None = None,
        unverified: bool = False,
        clock: Clock = CLOCK,
    ) -> None:
        self._bounds = bounds
        self._clock = clock
        self._session = _NoRedirects()
        self._session.trust_env = environment
        self._session.headers["User-Agent"] = USER_AGENT
        self._session.verify = not (pinned or unverified)
        self._hangs_up = _HangsUp(bounds.headers)
        tls = {} if self._session.verify else {"ssl_context": _any_certificate(), "assert_fingerprint": pinned}
        for scheme, options in (("http://", {}), ("https://", tls)):
            self._session.mount(scheme, _Adapter(self._hangs_up, options))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._session.close()

    @contextmanager
    def ask(self, method: str, url: str, params: Mapping[str, str] | None = None) -> Iterator[Reply]:
        """Send one request; the reply can be read within the `with` block. Raises Unanswered, here and in the block."""
        began = self._clock.monotonic()
        timeouts = (self._bounds.connect, self._bounds.silence)
        response: requests.Response | None = None
        failure = Unanswered()
        self._hangs_up.did = False
        try:
            response = self._session.request(method, url, params=params, timeout=timeouts, stream=True)
        except _FAILURES as error:
            failure = _failure(error)
        if self._hangs_up.did:
            # Headers that end too early are no error to the library.
            failure = TooSlow()
            if response is not None:
                response.close()
                response = None
        # Raised out here, because inside the except block the library's error, with the address in its text, would
        # become this one's context.
        if response is None:
            raise failure
        with response:
            yield Reply(response, self._bounds, self._clock, began)


class Reply:
    """A reply, whose body is read while it arrives. status: HTTP's."""

    def __init__(self, response: requests.Response, bounds: Bounds, clock: Clock, asked: float) -> None:
        self.status = response.status_code
        self._raw = response.raw
        self._bounds = bounds
        self._clock = clock
        self._asked = asked

    def __iter__(self) -> Iterator[bytes]:
        """The body, unpacked, in pieces as they come; raises Unanswered where it ends too early or is given up."""
        began, received = self._clock.monotonic(), 0
        while chunk := self._next():
            received += len(chunk)
            if received > self._bounds.largest:
                raise TooLarge
            yield chunk
            now = self._clock.monotonic()
            slow = now - began > self._bounds.slow_after and received < (now - began) * self._bounds.slowest
            if slow or now - self._asked > self._bounds.whole:
                raise TooSlow

    def _next(self) -> bytes:
        failure = Unanswered()
        try:
            # read1 returns what is there: read would wait for a full chunk, for hours in a slow drip.
            chunk: bytes = self._raw.read1(_CHUNK, decode_content=True)
            return chunk
        except _FAILURES as error:
            failure = _failure(error)
        raise failure  # out here, as above


def _failure(error: Exception) -> Unanswered:
    """What an error of the libraries means. Of its text nothing is kept."""
    text = str(error)
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, urllib3.exceptions.NewConnectionError):
        return NotConnected()
    if isinstance(error, requests.exceptions.SSLError):
        if "Fingerprints did not match" in text:
            return NotTrusted("pinned certificate")
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return NotTrusted("verified certificate")
        # A connection that ends in the handshake broke off, as while a server starts.
        return Unanswered() if "EOF" in text else NotTrusted("TLS")
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return Silent()
    return Unanswered()


def _any_certificate() -> ssl.SSLContext:
    # A context of its own, because the default one loads every public authority first, for each session again.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _NoRedirects(requests.Session):
    def get_redirect_target(self, resp: Any) -> None:
        """None: with `allow_redirects=False` a redirect's whole body would be read, however slow or long."""


class _HangsUp:
    """Hangs up on a server whose headers trickle in, because each byte of them starts a read timeout again.

    did: whether the last request ended so.
    """

    def __init__(self, seconds: float) -> None:
        self.did = False
        self._seconds = seconds

    @contextmanager
    def on(self, connection: urllib3.connection.HTTPConnection) -> Iterator[None]:
        """Hang up if the block takes too long."""

        def hang_up() -> None:
            self.did = True
            with suppress(OSError, AttributeError):  # closed already
                connection.sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self._seconds, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class _Adapter(HTTPAdapter):
    """Opens connections on which it is hung up in time. tls: how urllib3 is to verify certificates."""

    def __init__(self, hangs_up: _HangsUp, tls: Mapping[str, Any]) -> None:
        self._hangs_up = hangs_up
        self._tls = tls
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **{**options, **self._tls})
        hangs_up = self._hangs_up

        class HttpConnection(urllib3.connection.HTTPConnection):
            def getresponse(self) -> Any:
                with hangs_up.on(self):
                    return super().getresponse()

        class HttpsConnection(urllib3.connection.HTTPSConnection):
            def getresponse(self) -> Any:
                with hangs_up.on(self):
                    return super().getresponse()

        class HttpPool(urllib3.HTTPConnectionPool):
            ConnectionCls = HttpConnection

        class HttpsPool(urllib3.HTTPSConnectionPool):
            ConnectionCls = HttpsConnection

        self.poolmanager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
