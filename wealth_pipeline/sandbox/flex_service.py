"""IBKR's Flex Web Service, version 3, for the simulated household.

IBKR: errors come with HTTP status 200; the reply's `Url` is a legacy address that clients ignore; requests need a
User-Agent; a token may make one request a second and ten a minute; a window ends yesterday at the latest.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from wealth_pipeline.sandbox import responses
from wealth_pipeline.sandbox.days import NEW_YORK, ONE_DAY, weekday_before, weekday_on_or_after
from wealth_pipeline.sandbox.faults import GET, MESSAGES, SEND, Faults
from wealth_pipeline.sandbox.household import DEFAULT_FIRST_DAY, DEFAULT_SEED, Household, shared_household
from wealth_pipeline.sandbox.statement import FULL, GUIDE, Statement

PATH = "/AccountManagement/FlexWebService"
DEFAULT_TOKEN = "123456".zfill(24)
"""As long as a real token, and obviously none."""
QUERY_IDS = {GUIDE: "1000101", FULL: "1000102"}
LEGACY_URL = "https://gdcdyn.interactivebrokers.com/AccountManagement/FlexWebService/GetStatement"
LONGEST_WINDOW = 365
"""Days of a window, both ends included."""
FAILURES_BEFORE_LOCKOUT = 10
"""IBKR locks a token out after too many failures; nobody knows after how many."""

_USER_AGENT = re.compile(r"\b(java|blackberry)\b|[\w.-]+/\d", re.IGNORECASE)
_DATE = re.compile(r"\d{8}")
_COUNTS_AS_FAILURE = frozenset({"1001", "1012", "1014", "1020"})


def new_york_now() -> datetime:
    """The present, aware."""
    return datetime.now(tz=NEW_YORK)


@dataclass
class Request:
    """One request that reached the service, for tests to look at.

    Attributes:
        at: when, by the service's `now`.
        clock: when, in seconds of the service's `clock`.
        path: `SendRequest` or `GetStatement`.
        parameters: the query's parameters without the token.
        answer: `reference`, `statement`, an error code, or the name of the fault.

    """

    at: datetime
    clock: float
    path: str
    parameters: dict[str, str]
    answer: str = ""


@dataclass
class _Token:
    """What the service knows about a token."""

    expired: bool = False
    failures: int = 0
    locked_until: datetime | None = None
    recent: deque[float] = field(default_factory=deque)


@dataclass
class _Reference:
    """A statement that was asked for, and by whom."""

    token: str
    statement: Statement
    polls_left: int


class _RefusalError(Exception):
    """The request is answered with an error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FlexService:
    """The service as an ASGI application.

    Args:
        seed: of the household.
        first_day: the household's first day; a window wholly before it is refused (1003).
        now: the present, aware; "yesterday" is the day before it in New York.
        clock: seconds that only grow, for the rate limits.
        polls_before_ready: how often a reference answers 1019 before its statement is there.
        rate_limits: keep IBKR's limits (1018) and lock a token out that fails too often (1025).
        token: the valid token.

    Attributes:
        requests: every request, oldest first.
        faults: what shall go wrong.
        token: the valid token; `renew_token` changes it.
        query_ids: the ids of the queries `guide` and `full`.
        transports: the open connections by peer, kept by the server so that a fault can reset one.
        stopping: set when the server stops.

    """

    def __init__(
        self,
        *,
        seed: int = DEFAULT_SEED,
        first_day: date = DEFAULT_FIRST_DAY,
        now: Callable[[], datetime] = new_york_now,
        clock: Callable[[], float] = time.monotonic,
        polls_before_ready: int = 1,
        rate_limits: bool = True,
        token: str = DEFAULT_TOKEN,
    ) -> None:
        self.token = token
        self.query_ids = dict(QUERY_IDS)
        self.requests: list[Request] = []
        self.faults = Faults()
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}
        self.stopping = False
        self._seed = seed
        self._first_day = first_day
        self._now = now
        self._clock = clock
        self._polls_before_ready = polls_before_ready
        self._rate_limits = rate_limits
        self._tokens = {token: _Token()}
        self._references: dict[str, _Reference] = {}
        self._app = Starlette(
            routes=[
                Route(f"{PATH}/{SEND}", self._answer, methods=["GET"]),
                Route(f"{PATH}/{GET}", self._answer, methods=["GET"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request (ASGI)."""
        await self._app(scope, receive, send)

    @property
    def household(self) -> Household:
        """The household as statements made now show it."""
        return shared_household(self._seed, self._first_day, self.faults.fees_known_at(self._now()))

    def add_token(self) -> str:
        """A second login's token, valid beside the first."""
        token = str(int(self.token) + 10**6).zfill(len(self.token))
        self._tokens[token] = _Token()
        return token

    def expire_token(self, token: str | None = None) -> None:
        """From now on the token (`self.token` unless another one is given) is answered with 1012."""
        self._tokens[token or self.token].expired = True

    def renew_token(self) -> str:
        """A new token; IBKR: making one invalidates the old one (1015)."""
        del self._tokens[self.token]
        self.token = str(int(self.token) + 1).zfill(len(self.token))
        self._tokens[self.token] = _Token()
        return self.token

    def lock_out(self) -> None:
        """From now on the token is answered with 1025, until it has been left alone for long enough."""
        self._tokens[self.token].locked_until = self._now() + self.faults.lockout

    # One request

    async def _answer(self, request: HttpRequest) -> Response:
        call = request.url.path.rsplit("/", 1)[-1]
        parameters = {name: value for name, value in request.query_params.items() if name != "t"}
        entry = Request(self._now(), self._clock(), call, parameters)
        self.requests.append(entry)
        fault = self.faults.take(call)
        entry.answer = fault
        if not _USER_AGENT.search(request.headers.get("user-agent", "")):
            entry.answer = "403"
            return responses.html_page(403, "Forbidden")
        http = self._http_fault(fault, request)
        if http is not None:
            return http
        form = 2 if fault == "version-2" or parameters.get("v") != "3" else 3
        try:
            token = self._check_token(request.query_params.get("t", ""), fault)
            if call == GET:
                reference = self._check_reference(request.query_params)
                fault = self.faults.take_for_statement()
                entry.answer = "statement" if fault == "ok" else fault
                return self._send_statement(reference.statement, fault, request)
            code = self._make_reference(request.query_params, fault)
        except _RefusalError as refusal:
            entry.answer = refusal.code
            return self._refuse(refusal.code, form, lowercase=fault == "lowercase")
        token.failures = 0
        entry.answer = "reference" if fault == "ok" else fault
        url = self.faults.foreign_url if fault == "url" else LEGACY_URL
        tags = {"Status": "Success", "ReferenceCode": code, "Url": url}
        return responses.reply(version=form, timestamp=self._timestamp(), tags=tags, lowercase=fault == "lowercase")

    def _http_fault(self, fault: str, request: HttpRequest) -> Response | None:
        """The answers that have nothing to do with the Flex Web Service."""
        if fault.startswith("http-"):
            return responses.html_page(int(fault[5:]), "We are sorry, our services are temporarily unavailable")
        if fault == "html":
            return responses.html_page(200, "The system is under maintenance")
        if fault == "hang":
            return responses.Hang(lambda: self.stopping)
        if fault == "reset":
            return responses.Reset(self._transport(request))
        return None

    def _check_token(self, token: str, fault: str) -> _Token:
        known = self._tokens.get(token)
        if known is None:
            raise _RefusalError("1015")
        if fault == "expired":
            self.expire_token()
        if fault == "lockout":
            self.lock_out()
        if known.locked_until is not None:
            if self._now() < known.locked_until:
                known.locked_until = self._now() + self.faults.lockout
                raise _RefusalError("1025")
            known.locked_until = None
            known.failures = 0
        code = fault if fault in MESSAGES else "1012" if known.expired else None
        too_fast = self._too_fast(known)
        if code in _COUNTS_AS_FAILURE:
            self._count_failure(known)
        if code or too_fast:
            raise _RefusalError(code or "1018")
        return known

    def _too_fast(self, token: _Token) -> bool:
        """IBKR: one request per second, 10 requests per minute (per token), both calls together."""
        now = self._clock()
        while token.recent and now - token.recent[0] >= 60:
            token.recent.popleft()
        fast = bool(token.recent) and (now - token.recent[-1] < 1 or len(token.recent) >= 10)
        token.recent.append(now)
        return fast and self._rate_limits

    def _count_failure(self, token: _Token) -> None:
        token.failures += 1
        if self._rate_limits and token.failures >= FAILURES_BEFORE_LOCKOUT:
            token.locked_until = self._now() + self.faults.lockout

    def _make_reference(self, query: Mapping[str, str], fault: str) -> str:
        name = next((name for name, number in self.query_ids.items() if number == query.get("q")), None)
        if name is None:
            self._count_failure(self._tokens[query["t"]])
            raise _RefusalError("1014")
        now = self._now().astimezone(NEW_YORK)
        first, last, period = self._window(query, now.date())
        available = weekday_before(now.date())
        if fault == "late" or (self.faults.late_until is not None and now < self.faults.late_until):
            available = weekday_before(available)
        # A weekend at the end belongs to the window; a weekday that isn't there yet cuts it.
        if weekday_before(last + ONE_DAY) > available:
            last = available
        if fault == "short":
            first = last = weekday_before(last + ONE_DAY)
            period = "LastBusinessDay"
        if fault == "restated":
            self._restate(available)
        household = self.household
        first = max(first, household.first_day)
        if weekday_on_or_after(first) > last:
            raise _RefusalError("1003")
        code = str(7_400_000_000 + len(self._references) + 1)
        unready = weekday_before(last + ONE_DAY) if fault == "unready" else None
        statement = Statement(household, name, first, last, period, now, unready)
        self._references[code] = _Reference(query["t"], statement, self._polls_before_ready)
        return code

    def _restate(self, latest: date) -> None:
        """Book a late fee some weekdays ago, from now on."""
        day = latest
        for _ in range(5):
            day = weekday_before(day)
        account = self.household.accounts[0].account_id
        self.faults.restate(account, max(day, self.household.first_day), self._now())

    @staticmethod
    def _window(query: Mapping[str, str], today: date) -> tuple[date, date, str]:
        """First and last day asked for, and the name of the period."""
        if "fd" in query or "td" in query:
            texts = query.get("fd", ""), query.get("td", "")
            if not all(_DATE.fullmatch(text) for text in texts):
                raise _RefusalError("1020")
            try:
                first, last = (date(int(text[:4]), int(text[4:6]), int(text[6:])) for text in texts)
            except ValueError:
                raise _RefusalError("1020") from None
            if first > last:
                raise _RefusalError("1020")
            if (last - first).days >= LONGEST_WINDOW or last >= today:
                raise _RefusalError("1003")
            return first, last, ""
        days = query.get("p", "7")
        if not days.isdecimal() or not 1 <= int(days) <= LONGEST_WINDOW:
            raise _RefusalError("1020")
        period = "" if "p" in query else "Last7CalendarDays"
        return today - timedelta(days=int(days)), today - ONE_DAY, period

    def _check_reference(self, query: Mapping[str, str]) -> _Reference:
        reference = self._references.get(query.get("q", ""))
        if reference is None or reference.token != query["t"]:
            raise _RefusalError("1017")
        if reference.polls_left > 0:
            reference.polls_left -= 1
            raise _RefusalError("1019")
        return reference

    def _send_statement(self, statement: Statement, fault: str, request: HttpRequest) -> Response:
        chunks = statement.render()
        if fault == "truncated":
            return responses.truncated(chunks)
        if fault == "huge":
            return responses.huge(chunks, self.faults.huge_bytes)
        if fault == "drip":
            return responses.drip(chunks, self.faults.drip_seconds, lambda: self.stopping)
        if fault == "reset-body":
            return responses.Reset(self._transport(request), chunks)
        return responses.statement(chunks)

    def _refuse(self, code: str, form: int, lowercase: bool) -> Response:
        tags = {"Status": "Warn" if code == "1019" else "Fail", "ErrorCode": code, "ErrorMessage": MESSAGES[code]}
        return responses.reply(version=form, timestamp=self._timestamp(), tags=tags, lowercase=lowercase)

    def _timestamp(self) -> str:
        return f"{self._now().astimezone(NEW_YORK):%d %B, %Y %I:%M %p %Z}"

    def _transport(self, request: HttpRequest) -> asyncio.Transport | None:
        return self.transports.get((request.client.host, request.client.port)) if request.client else None
