"""IBKR's Flex Web Service, version 3, for the simulated household.

IBKR: errors come with HTTP status 200; requests need a User-Agent; a token may make one request a second and ten a
minute; a window ends yesterday at the latest. IBKR's `Url` is a legacy address of its own. Here it is the sandbox's: a
client that follows it would send its token to the real IBKR.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from wealth_pipeline.sandbox.flex import responses
from wealth_pipeline.sandbox.flex.codes import Asked
from wealth_pipeline.sandbox.flex.faults import GET, MESSAGES, SEND, Faults
from wealth_pipeline.sandbox.flex.references import References
from wealth_pipeline.sandbox.flex.refusals import RefusalError
from wealth_pipeline.sandbox.flex.tokens import DEFAULT_TOKEN, Tokens
from wealth_pipeline.sandbox.flex.window import asked_window
from wealth_pipeline.sandbox.household.days import (
    NEW_YORK,
    ONE_DAY,
    new_york_now,
    weekday_before,
    weekday_on_or_after,
)
from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, DEFAULT_SEED, Household, shared_household
from wealth_pipeline.sandbox.household.scenario import DEFAULT, Scenario
from wealth_pipeline.sandbox.statement.statement import FULL, GUIDE, Statement

PATH = "/AccountManagement/FlexWebService"
QUERY_IDS = {GUIDE: "1000101", FULL: "1000102"}

_USER_AGENT = re.compile(r"\b(java|blackberry)\b|[\w.-]+/\d", re.IGNORECASE)


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
        scenario: which household it is.

    Attributes:
        requests: every request, oldest first.
        faults: what goes wrong.
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
        scenario: Scenario = DEFAULT,
    ) -> None:
        self.query_ids = dict(QUERY_IDS)
        self.requests: list[Request] = []
        self.faults = Faults()
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}
        self.stopping = False
        self._seed = seed
        self._first_day = first_day
        self._scenario = scenario
        self._now = now
        self._clock = clock
        self._tokens = Tokens(token, faults=self.faults, now=now, clock=clock, rate_limits=rate_limits)
        self._references = References(polls_before_ready)
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
        now = self._now()
        known = self._scenario.known_at(weekday_on_or_after(self._first_day), now.astimezone(NEW_YORK).date())
        return shared_household(self._seed, self._first_day, self.faults.fees_known_at(now), self._scenario, known)

    @property
    def token(self) -> str:
        """The valid token; `renew_token` changes it."""
        return self._tokens.current

    def add_token(self) -> str:
        """A second login's token, valid beside the first."""
        return self._tokens.add()

    def expire_token(self, token: str | None = None) -> None:
        """From now on the token (`self.token` unless another one is given) is answered with 1012."""
        self._tokens.expire(token or self.token)

    def renew_token(self) -> str:
        """A new token; IBKR: making one invalidates the old one (1015)."""
        return self._tokens.renew()

    def lock_out(self) -> None:
        """From now on the token is answered with 1025, until it has been left alone for long enough."""
        self._tokens.lock_out(self.token)

    def unlock(self) -> None:
        """End a lockout of the token."""
        self._tokens.unlock(self.token)

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
        token = request.query_params.get("t", "")
        try:
            self._tokens.check(token, fault)
            if call == GET:
                statement = self._asked_statement(request.query_params.get("q", ""), token)
                fault = self.faults.take_for_statement()
                entry.answer = "statement" if fault == "ok" else fault
                return self._send_statement(statement, fault, request)
            code = self._make_reference(request.query_params, fault)
        except RefusalError as refusal:
            entry.answer = refusal.code
            return self._refuse(refusal.code, form, lowercase=fault == "lowercase")
        self._tokens.count_success(token)
        entry.answer = "reference" if fault == "ok" else fault
        url = self.faults.foreign_url if fault == "url" else str(request.url.replace(path=f"{PATH}/{GET}", query=""))
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

    def _make_reference(self, query: Mapping[str, str], fault: str) -> str:
        name = next((name for name, number in self.query_ids.items() if number == query.get("q")), None)
        if name is None:
            self._tokens.count_failure(query["t"])
            raise RefusalError("1014")
        now = self._now().astimezone(NEW_YORK)
        available = self._latest_day(now, fault)
        window = asked_window(query, now.date()).until(available)
        if fault == "short":
            window = window.last_day_alone()
        if fault == "restated":
            self._restate(available)
        household = self.household
        first = max(window.first, household.first_day)
        if weekday_on_or_after(first) > window.last:
            raise RefusalError("1003")
        unready = weekday_before(window.last + ONE_DAY) if fault == "unready" else None
        statement = Statement(household, name, first, window.last, period=window.period, generated=now, unready=unready)
        code = Asked(query["q"], first, window.last, now).code(query["t"])
        self._references.add(code, query["t"], statement)
        return code

    def _asked_statement(self, code: str, token: str) -> Statement:
        """The statement of a reference code, also of one that another sandbox gave; without that one's faults."""
        asked = None if code in self._references else Asked.parsed(code, token)
        name = next((name for name, number in self.query_ids.items() if asked and number == asked.query_id), None)
        if asked and name:
            with contextlib.suppress(ValueError):  # the other household began later
                statement = Statement(
                    self.household, name, asked.first, asked.last, period="", generated=asked.generated
                )
                self._references.add(code, token, statement)
        return self._references.poll(code, token)

    def _latest_day(self, now: datetime, fault: str) -> date:
        """The latest weekday of which there is a statement."""
        latest = weekday_before(now.date())
        late = fault == "late" or (self.faults.late_until is not None and now < self.faults.late_until)
        return weekday_before(latest) if late else latest

    def _restate(self, latest: date) -> None:
        """Book a late fee some weekdays ago, from now on."""
        day = latest
        for _ in range(5):
            day = weekday_before(day)
        account = self.household.accounts[0].account_id
        self.faults.restate(account, max(day, self.household.first_day), self._now())

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
