"""Misbehaviour on demand: what IBKR's service has been seen to do, scripted from a test or the command line."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from wealth_pipeline.sandbox.household.household import LateFee

SEND = "SendRequest"
GET = "GetStatement"

#: Error codes and IBKR's wording (IBKR: the Flex Web Service's table; 1025 was observed, 1099 is invented).
MESSAGES = {
    "1001": "Statement could not be generated at this time. Please try again shortly.",
    "1003": "Statement is not available.",
    "1004": "Statement is incomplete at this time. Please try again shortly.",
    "1005": "Settlement data is not ready at this time. Please try again shortly.",
    "1006": "FIFO P/L data is not ready at this time. Please try again shortly.",
    "1007": "MTM P/L data is not ready at this time. Please try again shortly.",
    "1008": "MTM and FIFO P/L data is not ready at this time. Please try again shortly.",
    "1009": "The server is under heavy load. Statement could not be generated at this time. Please try again shortly.",
    "1010": "Legacy Flex Queries are no longer supported. Please convert over to Activity Flex.",
    "1011": "Service account is inactive.",
    "1012": "Token has expired.",
    "1013": "IP restriction.",
    "1014": "Query is invalid.",
    "1015": "Token is invalid.",
    "1016": "Account in invalid.",
    "1017": "Reference code is invalid.",
    "1018": "Too many requests have been made from this token. Please try again shortly.",
    "1019": "Statement generation in progress. Please try again shortly.",
    "1020": "Invalid request or unable to validate request.",
    "1021": "Statement could not be retrieved at this time. Please try again shortly.",
    "1025": "Too many failed attempts. Please review your configuration.",
    "1099": "Something that nobody has documented.",
}

#: Faults of a statement that is ready: they wait until one is sent, however often it is polled before.
ON_STATEMENT = frozenset({"truncated", "reset-body", "drip", "huge"})
_ON_POLL = frozenset({"1017", "1019", "1021"})

#: The names of all faults, each with what it does.
NAMES = {
    "ok": "nothing wrong, to put a good answer between bad ones",
    **MESSAGES,
    "http-404": "an HTML page with status 404",
    "http-500": "an HTML page with status 500",
    "http-503": "an HTML page with status 503",
    "html": "a maintenance page in HTML with status 200",
    "truncated": "the first half of the answer, as if it were whole",
    "reset": "the connection is reset before any header",
    "reset-body": "the connection is reset after the headers and some of the body",
    "hang": "no answer at all, until the client gives up",
    "drip": "the answer byte by byte, with a pause after each",
    "huge": "a right statement, blown up with white space",
    "url": "a success whose Url names another host than the sandbox",
    "lowercase": "the reply's tags in lower case",
    "version-2": "the reply in the form of version 2",
    "short": "a statement of the window's last day alone",
    "late": "the latest day is not there yet",
    "unready": "the latest day's profit and loss are not ready",
    "expired": "the token has expired (1012), until it is renewed",
    "lockout": "the token is locked out (1025); each further request makes it longer",
    "restated": "a late fee was booked on the weekday five weekdays before the latest",
}


@dataclass(frozen=True)
class KnownFee:
    """A late fee, and from when on statements show it."""

    fee: LateFee
    known_from: datetime


class Faults:
    """What goes wrong. Scripted faults are used up, first in, first out, by the calls they are for.

    Attributes:
        huge_bytes: white space in a `huge` statement.
        drip_seconds: pause after each byte of a `drip`.
        foreign_url: the Url that `url` gives.
        lockout: how long a lockout lasts after the latest request.
        late_until: until then (aware) the latest weekday's statement is not there; None when it is.
        late_fees: fees that restate past days.

    """

    def __init__(self) -> None:
        self.huge_bytes = 80 * 1024 * 1024
        self.drip_seconds = 0.5
        self.foreign_url = "https://flex.example.net/AccountManagement/FlexWebService/GetStatement"
        self.lockout = timedelta(hours=24)
        self.late_until: datetime | None = None
        self.late_fees: list[KnownFee] = []
        self._scripted: dict[str, deque[str]] = {SEND: deque(), GET: deque(), "statement": deque()}

    def script(self, name: str, count: int = 1, call: str | None = None) -> None:
        """The next `count` calls go wrong in this way, after those scripted before.

        Args:
            name: one of `NAMES`.
            count: how many calls.
            call: `SEND` or `GET`; by default the call at which the fault is usually seen. A fault of the
                statement itself (`ON_STATEMENT`) is for GetStatement in any case.

        Raises:
            ValueError: no such fault or call.

        """
        if name not in NAMES:
            raise ValueError(f"no fault is called {name!r}; there are: {', '.join(NAMES)}")
        if call not in (None, SEND, GET) or count < 1:
            raise ValueError(f"a fault is for {SEND} or {GET}, at least once; not {call!r}, {count}")
        if name in ON_STATEMENT:
            call = "statement"
        self._scripted[call or (GET if name in _ON_POLL else SEND)].extend([name] * count)

    def script_text(self, text: str) -> None:
        """Script a fault written as NAME[@send|@get][:COUNT], for example `1001:3` or `hang@get`.

        Raises:
            ValueError: the text names no fault.

        """
        name, _, count = text.partition(":")
        name, _, call = name.partition("@")
        calls = {"": None, "send": SEND, "get": GET}
        if call not in calls or (count and not count.isdecimal()):
            raise ValueError(f"a fault is written NAME[@send|@get][:COUNT], not {text!r}")
        self.script(name, int(count or 1), calls[call])

    def clear(self) -> None:
        """Forget what is scripted and has not happened yet."""
        for waiting in self._scripted.values():
            waiting.clear()

    def restate(self, account_id: str, day: date, known_from: datetime, amount: Decimal = Decimal("1.25")) -> None:
        """Book a late fee on a past day: statements made from `known_from` on show it, on that day and all later.

        Args:
            account_id: the account that pays it.
            day: a weekday of the account's history.
            known_from: aware.
            amount: positive, in the account's base currency.

        """
        self.late_fees.append(KnownFee(LateFee(account_id, day, amount), known_from))

    def fees_known_at(self, when: datetime) -> tuple[LateFee, ...]:
        """The late fees that a statement made at this time shows."""
        return tuple(known.fee for known in self.late_fees if known.known_from <= when)

    def take(self, call: str) -> str:
        """The fault of the present call, `ok` when none is scripted."""
        return _next(self._scripted[call])

    def take_for_statement(self) -> str:
        """The fault of the statement that is sent now, `ok` when none is scripted."""
        return _next(self._scripted["statement"])


def _next(scripted: deque[str]) -> str:
    return scripted.popleft() if scripted else "ok"
