"""One way to ask over HTTP: no redirect, bounded time and size, one user agent, no address in an error or a log.

Addresses hold what nobody else may read, a token or an account's number. So this is the only module that imports
requests, and an error of that library never leaves it: it has the address in its text.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Literal, Self

import requests
import urllib3

from wealth_pipeline.calendar import CLOCK, Clock
from wealth_pipeline.http.environment import fault, trusted
from wealth_pipeline.http.silence import URLLIB3, silence
from wealth_pipeline.http.wire import Adapter, NoRedirects, Wire, any_certificate

#: IBKR: a User-Agent of the form Technology/Version is mandatory.
USER_AGENT = f"Python/{'.'.join(map(str, sys.version_info[:2]))} wealth-pipeline/{version('wealth-pipeline')}"
_CHUNK = 64 * 1024
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
#: What can also be wrong before anything is sent: an address, of the server or of a proxy, that is not one.
_BEFORE = (*_FAILURES, ValueError)

silence(*URLLIB3)
# Whoever asks without verifying a certificate says so in words of their own.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class Unanswered(Exception):
    """There is no reply, or not a whole one. The connection broke off, unless a subclass says otherwise."""


class NotConnected(Unanswered):
    """No connection came about: the server cannot have seen the request.

    because, advice: a clause and a sentence without its full stop, where a variable of the environment is at fault.
    passing: whether it may pass by itself.
    """

    def __init__(self, because: str = "", advice: str = "", *, passing: bool = True) -> None:
        super().__init__(because, advice)
        self.because = because
        self.advice = advice
        self.passing = passing


class NotTrusted(Unanswered):
    """The server did not prove its identity. lacks: whether the pin, the certificate or TLS itself is at fault.

    trusted: the variable of the environment that names the certificates which are trusted, if one does.
    """

    def __init__(
        self, lacks: Literal["pinned certificate", "verified certificate", "TLS"], trusted: str | None = None
    ) -> None:
        super().__init__(lacks)
        self.lacks = lacks
        self.trusted = trusted


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
        self._session = NoRedirects()
        self._session.trust_env = environment
        self._session.headers["User-Agent"] = USER_AGENT
        self._session.verify = not (pinned or unverified)
        self._wire = Wire(bounds.headers)
        tls = {} if self._session.verify else {"ssl_context": any_certificate(), "assert_fingerprint": pinned}
        for scheme, options in (("http://", {}), ("https://", tls)):
            self._session.mount(scheme, Adapter(self._wire, options))

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
        self._wire.hung_up = self._wire.sent = False
        try:
            response = self._session.request(method, url, params=params, timeout=timeouts, stream=True)
        except _BEFORE as error:
            failure = self._not_sent(url, error) or _failure(error)
        if self._wire.hung_up:
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

    def _not_sent(self, url: str, error: Exception) -> Unanswered | None:
        """The failure that the environment is to blame for; None if it isn't."""
        if not self._session.trust_env:
            return None
        if found := fault(url, error, sent=self._wire.sent):
            return NotConnected(found.because, found.advice, passing=found.passing)
        failure = _failure(error)
        if isinstance(failure, NotTrusted) and failure.lacks == "verified certificate":
            return NotTrusted(failure.lacks, trusted())
        return None


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
