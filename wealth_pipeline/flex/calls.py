"""The two calls of the Flex Web Service, SendRequest and GetStatement: each once, and what its reply means.

All calls stay within IBKR's limits across processes, and a refusal to serve is remembered in the ledger. The token goes
to the configured host only, and into no text.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import timedelta
from itertools import chain
from typing import Any, BinaryIO
from urllib.parse import quote, quote_plus, urlsplit

from lxml import etree

from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex import errors
from wealth_pipeline.flex.errors import MEANINGS, FlexError
from wealth_pipeline.flex.ledger import RequestLedger, Window, token_key
from wealth_pipeline.http.session import (
    Bounds,
    NotConnected,
    NotTrusted,
    Session,
    Silent,
    TooLarge,
    TooSlow,
    Unanswered,
)
from wealth_pipeline.statement.root import root_name, without_prologue
from wealth_pipeline.text import inline

#: Seconds to connect, and to wait for the next bytes.
TIMEOUTS = (10.0, 60.0)
#: Seconds after which a reply whose headers haven't come whole is given up.
HEADERS_WITHIN = 90.0
#: A body that takes more than these seconds, at fewer bytes a second on average, is given up.
SLOW_AFTER, SLOWEST = 60.0, 10_000
#: After a 1025.
LOCKED_OUT_EMBARGO = [timedelta(hours=24)]

_HEAD = 8 * 1024  # The root element must begin within it.
_SMALL = 64 * 1024  # IBKR's replies that are not a statement have 200 to 400 bytes.
_END = b"</FlexQueryResponse>"
_MAINTENANCE = "IBKR's service may be down for maintenance; the next run tries again. If that lasts, report it."


class FlexCalls:
    """The calls of one connection: `connection` is its name in messages and in the ledger.

    max_bytes: a statement's size, unpacked, at most. Time is the ledger's. Raises WealthError for a `base_url` to which
    the token would go unencrypted. Both methods raise the errors of `flex.errors`, and no other for what the service or
    the network does.
    """

    def __init__(
        self, connection: str, token: str, query_id: str, ledger: RequestLedger, *, base_url: str, max_bytes: int
    ) -> None:
        self.connection = connection
        self.query_id = query_id
        self.ledger = ledger
        self.key = token_key(token)
        self.max_bytes = max_bytes
        self.base_url = base_url.rstrip("/")
        self._token = token
        address = urlsplit(self.base_url)
        self._host = address.hostname or ""
        self._encrypted = address.scheme == "https"
        if not self._encrypted and self._host not in ("127.0.0.1", "localhost", "::1"):
            raise WealthError(
                "The Flex address is not https, so the token would go over the network unencrypted",
                "Only a sandbox on this machine may be used by http.",
            )

    def send_request(self, window: Window) -> str:
        """Ask for the statement of `window`, once; returns the reference code."""
        dates = {"fd": f"{window.first:%Y%m%d}", "td": f"{window.last:%Y%m%d}"}
        with closing(self._call("SendRequest", window, q=self.query_id, **dates)) as body:
            fields = self._fields(_join(body, _SMALL), window)
        reference_code = fields.get("referencecode", "")
        # The reply's Url is ignored: IBKR calls it a legacy address, and the token would have to follow it.
        if not re.fullmatch(r"[\w-]{1,64}", reference_code):
            raise self._unexpected(window, "a reply without a reference code")
        return reference_code

    def get_statement(self, reference_code: str, window: Window | None, into: BinaryIO) -> int:
        """Poll once, and write the statement as it comes; returns its bytes. window: for messages.

        Only a whole document with the root FlexQueryResponse is accepted. What came before an error is in `into`.
        """
        with closing(self._call("GetStatement", window, q=reference_code)) as body:
            head = _join(body, _HEAD)
            if root_name(head) != "FlexQueryResponse":
                self._fields(head + _join(body, _SMALL), window)
                raise self._unexpected(window, "neither a statement nor an error code")
            size, tail = 0, b""
            for chunk in chain((head,), body):
                size += len(chunk)
                into.write(chunk)
                tail = (tail + chunk)[-256:]
        if not tail.rstrip().endswith(_END):
            raise self._unexpected(window, f"a statement that was cut off after {size:,} bytes")
        return size

    def respect_embargo(self, window: Window | None) -> None:
        """Raise Embargoed while an earlier refusal to serve is in force."""
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

    def _call(self, name: str, window: Window | None, **params: str) -> Generator[bytes]:
        """One request, within the limits; yields the body as it arrives."""
        self.respect_embargo(window)
        clock = self.ledger.clock
        if (wait := (self.ledger.reserve_call(self.key) - clock.now()).total_seconds()) > 0:
            clock.sleep(wait)
        bounds = Bounds(
            connect=TIMEOUTS[0],
            silence=TIMEOUTS[1],
            headers=HEADERS_WITHIN,
            largest=self.max_bytes,
            slow_after=SLOW_AFTER,
            slowest=SLOWEST,
        )
        params = {"t": self._token, "v": "3", **params}
        failed: FlexError | None = None
        try:
            # A proxy of the environment may carry an encrypted request; it would read an unencrypted one.
            with (
                Session(bounds, environment=self._encrypted, clock=clock) as session,
                session.ask("GET", f"{self.base_url}/{name}", params) as reply,
            ):
                if reply.status == 200:
                    yield from reply
                else:
                    failed = self._http_error(window, reply.status)
        except Unanswered as unanswered:
            failed = self._unanswered(window, unanswered)
        if failed:
            raise failed

    def _fields(self, body: bytes, window: Window | None) -> dict[str, str]:
        """The elements of a FlexStatementResponse, by lower-case name; raises the error of its ErrorCode.

        Status is not looked at: IBKR gives the same code now as Warn, now as Fail.
        """
        fields = _response_fields(body)
        if fields is None:
            raise self._unexpected(window, "something other than a Flex reply (a web page, or cut off)")
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

    def _unanswered(self, window: Window | None, failure: Unanswered) -> FlexError:
        if isinstance(failure, NotConnected):
            because = f", because {failure.because}" if failure.because else ""
            advice = failure.advice or "Check this machine's network and the Flex address"
            return errors.NotConnected(
                f"{self._where(window)}: no connection to {self._host}{because}",
                f"{advice}; the request was not sent.",
                connection=self.connection,
                transient=failure.passing,
            )
        if isinstance(failure, TooLarge):
            return errors.ReplyTooLarge(
                f"{self._where(window)}: the statement is larger than {self.max_bytes:,} bytes",
                "Ask for fewer days, or tick fewer sections in the query.",
                connection=self.connection,
            )
        if isinstance(failure, NotTrusted):
            by = f" with the certificates that {failure.trusted} names" if failure.trusted else ""
            return self._unreachable(
                window,
                f"couldn't prove its identity (TLS certificate){by}",
                "Check this machine's clock and its certificates, and whether a proxy reads along.",
            )
        if isinstance(failure, Silent):
            return self._unreachable(window, f"did not answer for {TIMEOUTS[1]:g} seconds")
        if isinstance(failure, TooSlow):
            return self._unreachable(window, "sent its reply too slowly to wait for")
        return self._unreachable(window, "broke off the connection")

    def _http_error(self, window: Window | None, status: int) -> FlexError:
        if status >= 500:
            return self._unreachable(window, f"answered HTTP {status}")
        redirect = ", a redirect, which is not followed" if 300 <= status < 400 else ""
        advice = "Check the Flex address in the settings."
        return self._unreachable(window, f"answered HTTP {status}{redirect}", advice, transient=False)

    def _unreachable(
        self, window: Window | None, happened: str, advice: str = _MAINTENANCE, *, transient: bool = True
    ) -> FlexError:
        return errors.ServiceUnreachable(
            f"{self._where(window)}: {self._host} {happened}",
            advice,
            connection=self.connection,
            transient=transient,
        )

    def _unexpected(self, window: Window | None, got: str, *, transient: bool = True) -> FlexError:
        return errors.UnexpectedReply(
            f"{self._where(window)}: IBKR sent {self._clean(got)}",
            _MAINTENANCE if transient else "The next run tries again. If that lasts, report it.",
            connection=self.connection,
            transient=transient,
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


def _response_fields(body: bytes) -> dict[str, str] | None:
    """The texts of a FlexStatementResponse's elements, by lower-case name; None for any other document."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(without_prologue(body), parser)
    except etree.XMLSyntaxError:
        return None
    if root is None or _local(root).lower() != "flexstatementresponse":
        return None
    return {_local(element).lower(): (element.text or "").strip() for element in root.iter(etree.Element)}


def _local(element: Any) -> str:
    return str(etree.QName(element).localname)
