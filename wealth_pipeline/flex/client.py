"""The Flex Web Service, version 3: SendRequest, then GetStatement with the reference code until it comes.

The service punishes impatience: a second SendRequest after a 1001 ends in 1025, a lockout of a day or more.
So a request is sent once, only its reference code is polled, all calls stay within IBKR's limits across
processes, and a refusal to serve is remembered in the ledger. The token goes to the configured host only, and
into no text.
"""

import logging
import re
import socket
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import chain, repeat
from time import sleep as time_sleep
from typing import Any, BinaryIO
from urllib.parse import quote, quote_plus, urlsplit

import requests
import urllib3
from lxml import etree
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex import errors
from wealth_pipeline.flex.errors import MEANINGS, FlexError
from wealth_pipeline.flex.ledger import FlexRequest, RequestLedger, Window, token_key
from wealth_pipeline.http.silence import URLLIB3, silence
from wealth_pipeline.text import inline

__all__ = ["BASE_URL", "FlexClient", "Window"]

BASE_URL = "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService"
# IBKR: a User-Agent of the form Technology/Version is mandatory.
USER_AGENT = f"Python/{'.'.join(map(str, sys.version_info[:2]))} wealth-pipeline/{version('wealth-pipeline')}"

TIMEOUTS = (10.0, 60.0)
"""Seconds to connect, and to wait for the next bytes."""
HEADERS_WITHIN = 90.0
"""Seconds after which a reply whose headers haven't come whole is given up."""
SLOW_AFTER, SLOWEST = 60.0, 10_000
"""A body that takes more than these seconds, at fewer bytes a second on average, is given up."""
PAUSES = (2, 3, 5, 8, 13, 20)
"""Seconds before each poll; the last repeats."""
THROTTLED_PAUSE = 60
THROTTLED_EMBARGO = [timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1)]
LOCKED_OUT_EMBARGO = [timedelta(hours=24)]

_HEAD = 8 * 1024  # The root element must begin within it.
_SMALL = 64 * 1024  # IBKR's replies that are no statement have 200 to 400 bytes.
_CHUNK = 64 * 1024
_END = b"</FlexQueryResponse>"
_MAINTENANCE = "IBKR's service may be down for maintenance; the next run tries again. If that lasts, report it."

log = logging.getLogger(__name__)


silence(*URLLIB3)  # the token is in each address


class _Session(requests.Session):
    """A session that follows no redirect, and waits for a reply's headers no longer than HEADERS_WITHIN."""

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def get_redirect_target(self, resp: Any) -> None:
        """None: with `allow_redirects=False` a redirect's whole body would be read, however slow or long."""


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _HttpConnection(urllib3.connection.HTTPConnection):
    def getresponse(self) -> Any:
        with _hanging_up(self):
            return super().getresponse()


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    def getresponse(self) -> Any:
        with _hanging_up(self):
            return super().getresponse()


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


@contextmanager
def _hanging_up(connection: urllib3.connection.HTTPConnection) -> Iterator[None]:
    """Hang up after HEADERS_WITHIN seconds: each byte of a header that trickles in starts a read timeout anew."""

    def hang_up() -> None:
        with suppress(OSError, AttributeError):  # closed already
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(HEADERS_WITHIN, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class FlexClient:
    """One connection's way to the Flex Web Service, for one run.

    `connection` is its name in messages and in the ledger. `deadline` limits the waiting for a statement, not
    the download of one that flows; `max_bytes` its size after decompression. `now` returns UTC (the
    ledger's clock unless given) and `sleep` takes seconds. Raises WealthError for a `base_url` to which the
    token would go unencrypted.

    Every method raises the errors of `flex.errors`, and no other for what the service or the network does.
    """

    def __init__(
        self,
        connection: str,
        token: str,
        query_id: str,
        ledger: RequestLedger,
        *,
        base_url: str = BASE_URL,
        deadline: timedelta = timedelta(minutes=15),
        max_bytes: int = 2 << 30,
        now: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] = time_sleep,
    ) -> None:
        self.connection = connection
        self.query_id = query_id
        self.ledger = ledger
        self.key = token_key(token)
        self.deadline = deadline
        self.max_bytes = max_bytes
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._now = now or ledger.now
        self._sleep = sleep
        self._refusal: FlexError | None = None
        address = urlsplit(self._base_url)
        self._host = address.hostname or ""
        self._encrypted = address.scheme == "https"
        if not self._encrypted and self._host not in ("127.0.0.1", "localhost", "::1"):
            raise WealthError(
                "The Flex address is not https, so the token would go over the network unencrypted",
                "Only a sandbox on this machine may be used by http.",
            )

    def send_request(self, window: Window) -> str:
        """Ask IBKR to make the statement for `window`; returns the reference code to poll.

        The ledger has the request before it goes out, and what became of it after. It goes out once; only
        when no connection came about at all is it tried again, three times. After any other failure, save "no
        statement for this window", this client sends no second one and raises the same failure instead.
        """
        self._respect_embargo(window)
        if self._refusal:
            raise type(self._refusal)(
                f"No second request in one run, after this: {self._refusal.what}",
                self._refusal.advice,
                connection=self.connection,
                code=self._refusal.code,
            )
        request = self.ledger.start(self.connection, self.query_id, window)
        again = Retrying(
            retry=retry_if_exception_type(errors.NotConnected),
            stop=stop_after_attempt(4),
            wait=wait_exponential(multiplier=2),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            reference_code = again(self._send_request, window)
        except FlexError as error:
            if isinstance(error, errors.Throttled):
                self.ledger.set_embargo(self.key, self.connection, 1018, THROTTLED_EMBARGO)
            if not isinstance(error, errors.NotConnected | errors.StatementNotAvailable | errors.Embargoed):
                self._refusal = error
            unavailable = isinstance(error, errors.StatementNotAvailable)
            self.ledger.finished(request, "unavailable" if unavailable else "failed", error.what)
            raise
        self.ledger.referenced(request, reference_code)
        self.ledger.lift_embargo(self.key)
        return reference_code

    def get_statement(self, reference_code: str, into: BinaryIO) -> int:
        """Poll until the statement comes and write it as it is to `into` (seekable); returns its bytes.

        Only a whole document with the root FlexQueryResponse is accepted. Whatever a later poll may cure is
        polled again, until the deadline; then the request stays `pending` in the ledger, so that the next
        run can take it up. Nothing is left in `into` after an error. The caller records the success, once
        the statement is archived.
        """
        request = self.ledger.by_reference(self.connection, reference_code)
        begin, until = into.tell(), self._now() + self.deadline
        pauses = chain(PAUSES, repeat(PAUSES[-1]))
        pause, polls = next(pauses), 0
        while True:
            self._sleep(pause)
            try:
                return self._download(reference_code, request, into)
            except FlexError as error:
                into.seek(begin)
                into.truncate()
                polls += 1
                pause = max(next(pauses), THROTTLED_PAUSE if isinstance(error, errors.Throttled) else 0)
                if not error.transient:
                    self._record(request, error)
                    raise
                last = error
            if self._now() + timedelta(seconds=pause) > until:
                break
            log.info("%s Polling again in %d s.", last.what, pause)
        minutes = self.deadline.total_seconds() / 60
        gave_up = type(last)(
            f"{last.what}; the last answer to {polls} polls in {minutes:g} minutes",
            last.advice,
            connection=self.connection,
            code=last.code,
        )
        if isinstance(last, errors.Throttled):
            self.ledger.set_embargo(self.key, self.connection, 1018, THROTTLED_EMBARGO)
        self._record(request, gave_up)
        raise gave_up

    def _record(self, request: FlexRequest | None, error: FlexError) -> None:
        """Close the request if its reference code is worth nothing any more; else note why it waits."""
        if request is None:
            return
        if error.transient or isinstance(error, errors.Embargoed | errors.ServiceUnreachable):
            self.ledger.noted(request.id, error.what)
        else:
            unavailable = isinstance(error, errors.StatementNotAvailable)
            self.ledger.finished(request.id, "unavailable" if unavailable else "failed", error.what)

    def _send_request(self, window: Window) -> str:
        dates = {"fd": f"{window.first:%Y%m%d}", "td": f"{window.last:%Y%m%d}"}
        with closing(self._call("SendRequest", window, q=self.query_id, **dates)) as body:
            fields = self._fields(_join(body, _SMALL), window)
        reference_code = fields.get("referencecode", "")
        # The reply's Url is ignored: IBKR calls it a legacy address, and the token would have to follow it.
        if not re.fullmatch(r"[\w-]{1,64}", reference_code):
            raise self._unexpected(window, "a reply without a reference code")
        return reference_code

    def _download(self, reference_code: str, request: FlexRequest | None, into: BinaryIO) -> int:
        window = request.window if request else None
        with closing(self._call("GetStatement", window, q=reference_code)) as body:
            head = _join(body, _HEAD)
            root = _root(head)
            if root != "FlexQueryResponse":
                self._fields(head + _join(body, _SMALL), window)
                raise self._unexpected(window, "neither a statement nor an error code")
            size, tail = 0, b""
            for chunk in chain((head,), body):
                size += len(chunk)
                if size > self.max_bytes:
                    raise errors.ReplyTooLarge(
                        f"{self._where(window)}: the statement is larger than {self.max_bytes:,} bytes",
                        "Ask for fewer days, or tick fewer sections in the query.",
                        connection=self.connection,
                    )
                into.write(chunk)
                tail = (tail + chunk)[-256:]
        if not tail.rstrip().endswith(_END):
            raise self._unexpected(window, f"a statement that was cut off after {size:,} bytes")
        return size

    def _fields(self, body: bytes, window: Window | None) -> dict[str, str]:
        """The elements of a FlexStatementResponse, by lower-case name; raises the error of its ErrorCode.

        Status is not looked at: IBKR gives the same code now as Warn, now as Fail.
        """
        try:
            root = etree.fromstring(_strip(body), _parser())
        except etree.XMLSyntaxError:
            root = None
        if root is None or _local(root).lower() != "flexstatementresponse":
            raise self._unexpected(window, "something that is no Flex reply (a web page, or cut off)")
        fields = {_local(element).lower(): (element.text or "").strip() for element in root.iter(etree.Element)}
        code, message = fields.get("errorcode"), fields.get("errormessage", "")
        if not code:
            if "code" in fields:
                raise self._unexpected(window, f"a reply of version 2, code {fields['code']}")
            return fields
        meaning = MEANINGS.get(int(code)) if re.fullmatch("[0-9]{1,9}", code) else None
        if meaning is None:
            raise self._unexpected(window, f'an unknown error, "{message}" (code {code})', transient=False)
        error = meaning.error(
            f'{self._where(window)}: IBKR answered "{self._clean(message) or meaning.wording}" (code {code})',
            meaning.advice,
            connection=self.connection,
            code=int(code),
        )
        if isinstance(error, errors.LockedOut):
            self.ledger.set_embargo(self.key, self.connection, 1025, LOCKED_OUT_EMBARGO)
        raise error

    def _call(self, name: str, window: Window | None, **params: str) -> Generator[bytes]:
        """One request, within the limits; yields the body as it arrives."""
        self._respect_embargo(window)
        slot = self.ledger.reserve_call(self.key)
        if (wait := (slot - self._now()).total_seconds()) > 0:
            self._sleep(wait)
        trouble: FlexError | None = None
        try:
            with _Session() as session:
                # A proxy of the environment may carry an encrypted request; it would read an unencrypted one.
                session.trust_env = self._encrypted
                with session.get(
                    f"{self._base_url}/{name}",
                    params={"t": self._token, "v": "3", **params},
                    headers={"User-Agent": USER_AGENT},
                    timeout=TIMEOUTS,
                    stream=True,
                ) as response:
                    began, received = self._now(), 0
                    if response.status_code != 200:
                        trouble = self._http_error(window, response.status_code)
                    # read1 returns what is there: read would wait for a full chunk, for hours in a slow drip.
                    while not trouble and (chunk := response.raw.read1(_CHUNK, decode_content=True)):
                        yield chunk
                        received += len(chunk)
                        seconds = (self._now() - began).total_seconds()
                        if seconds > SLOW_AFTER and received < seconds * SLOWEST:
                            trouble = self._unreachable(window, "sent its reply too slowly to wait for")
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            trouble = self._network_error(window, error)
        # Raised out here, because inside the except block the library's error, with the address and so the
        # token in its text, would become this one's context.
        if trouble:
            raise trouble

    def _network_error(self, window: Window | None, error: Exception) -> FlexError:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(error, requests.ConnectTimeout) or isinstance(reason, urllib3.exceptions.NewConnectionError):
            return errors.NotConnected(
                f"{self._where(window)}: no connection to {self._host}",
                "Check this machine's network and the Flex address; the request was not sent.",
                connection=self.connection,
            )
        if isinstance(error, requests.exceptions.SSLError):
            return self._unreachable(
                window,
                "couldn't prove its identity (TLS certificate)",
                "Check this machine's clock and its certificates, and whether a proxy reads along.",
            )
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
            return self._unreachable(window, f"did not answer for {TIMEOUTS[1]:g} seconds")
        return self._unreachable(window, "broke off the connection")

    def _http_error(self, window: Window | None, status: int) -> FlexError:
        if status >= 500:
            return self._unreachable(window, f"answered HTTP {status}")
        redirect = ", a redirect, which is not followed" if 300 <= status < 400 else ""
        advice = "Check the Flex address in the settings."
        return self._unreachable(window, f"answered HTTP {status}{redirect}", advice, transient=False)

    def _unreachable(
        self, window: Window | None, happened: str, advice: str = _MAINTENANCE, transient: bool = True
    ) -> FlexError:
        return errors.ServiceUnreachable(
            f"{self._where(window)}: {self._host} {happened}",
            advice,
            connection=self.connection,
            transient=transient,
        )

    def _unexpected(self, window: Window | None, got: str, transient: bool = True) -> FlexError:
        return errors.UnexpectedReply(
            f"{self._where(window)}: IBKR sent {self._clean(got)}",
            _MAINTENANCE if transient else "The next run tries again. If that lasts, report it.",
            connection=self.connection,
            transient=transient,
        )

    def _respect_embargo(self, window: Window | None) -> None:
        embargo = self.ledger.embargo(self.key)
        if embargo:
            meaning = MEANINGS[embargo.code]
            raise errors.Embargoed(
                f"{self._where(window)}: no request before {embargo.until:%Y-%m-%d %H:%M} UTC, because IBKR "
                f'answered "{meaning.wording}" (code {embargo.code})',
                meaning.advice,
                connection=self.connection,
                code=embargo.code,
                until=embargo.until,
            )

    def _where(self, window: Window | None) -> str:
        return f'Connection "{self.connection}"' + (f", {window}" if window else "")

    def _clean(self, text: str) -> str:
        """A server's text, short, plain and without the token, should it echo the address."""
        for secret in {self._token, quote(self._token), quote_plus(self._token)} - {""}:
            text = text.replace(secret, "***")
        return inline(" ".join(text.split()))


def _join(body: Iterator[bytes], size: int) -> bytes:
    """The next `size` bytes of the body, a little more, or all there are."""
    joined = bytearray()
    while len(joined) < size and (chunk := next(body, b"")):
        joined += chunk
    return bytes(joined)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)


def _strip(body: bytes) -> bytes:
    """Without a byte order mark and white space before the XML declaration, where XML forbids them."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()


def _root(head: bytes) -> str:
    """The root element's name, "" if there is none in these first bytes of a document."""
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True)
    try:
        parser.feed(_strip(head))
        return next((_local(element) for _, element in parser.read_events()), "")
    except etree.XMLSyntaxError:
        return ""


def _local(element: Any) -> str:
    return str(etree.QName(element).localname)
