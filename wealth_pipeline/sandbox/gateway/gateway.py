"""IBKR's Client Portal Gateway for the simulated household: session, accounts, ledger, positions, and what goes wrong.

Figures are those of the latest complete day's books.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from wealth_pipeline.sandbox.flex.responses import html_page
from wealth_pipeline.sandbox.gateway.gateway_faults import ScriptedFaults, error, faulty
from wealth_pipeline.sandbox.gateway.gateway_ledger import ledger
from wealth_pipeline.sandbox.gateway.gateway_limits import RateLimits
from wealth_pipeline.sandbox.gateway.gateway_page import login_page
from wealth_pipeline.sandbox.gateway.gateway_portfolio import description, invented_positions, position_row
from wealth_pipeline.sandbox.gateway.gateway_session import Session, State
from wealth_pipeline.sandbox.household.days import NEW_YORK, new_york_now, weekday_before
from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, DEFAULT_SEED, shared_household
from wealth_pipeline.sandbox.household.records import Account, AccountDay, Position

API = "/v1/api"
#: Positions on a page.
PAGE = 100

_MAC = "AA:BB:CC:00:11:22"


@dataclass
class Request:
    """One request that reached the gateway, for tests to look at.

    Attributes:
        at: when, by the gateway's `now`.
        clock: when, in seconds of the gateway's `clock`.
        call: such as `POST /tickle`, without the API's path.
        answer: the status, or the name of the fault.

    """

    at: datetime
    clock: float
    call: str
    answer: str = ""


class GatewayService:
    """The gateway as an ASGI application.

    Args:
        now: the present, aware; midnight in New York ends the session.
        clock: seconds that only grow, for the rate limits.
        rate_limits: keep IBKR's limits: 429, then the penalty box.
        logged_in: whether somebody is logged in at the start.
        lasting: whether a session ends only when somebody ends it: not by itself, nor at midnight.
        seed: of the household.
        first_day: of the household.
        positions: so many positions at least in the first account, filled up with invented stocks.

    Attributes:
        requests: every request to the API, oldest first.
        account_limit: the greatest number of accounts shown, 2 or less.
        terse: whether replies lack the fields that come and go.
        base_total: whether the ledger has its BASE entry.
        stopping: set when the server stops.

    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = new_york_now,
        clock: Callable[[], float] = time.monotonic,
        rate_limits: bool = True,
        logged_in: bool = True,
        lasting: bool = False,
        seed: int = DEFAULT_SEED,
        first_day: date = DEFAULT_FIRST_DAY,
        positions: int = 0,
    ) -> None:
        self.requests: list[Request] = []
        self.account_limit = 2
        self.terse = False
        self.base_total = True
        self.stopping = False
        self._now = now
        self._clock = clock
        self._rate_limits = rate_limits
        self._household = shared_household(seed, first_day)
        self._positions = positions
        self._faults = ScriptedFaults()
        self._limits = RateLimits(clock)
        self._session = Session(now, lasting=lasting)
        if logged_in:
            self.log_in()
        self._app = Starlette(routes=self._routes())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request (ASGI)."""
        await self._app(scope, receive, send)

    def _routes(self) -> list[Route]:
        portfolio = f"{API}/portfolio/{{account}}"
        return [
            Route("/", self._login_page, methods=["GET"]),
            Route("/sandbox/{action}", self._act, methods=["POST"]),
            Route(f"{API}/iserver/auth/status", self._answer(self._status), methods=["GET", "POST"]),
            Route(f"{API}/tickle", self._answer(self._tickle), methods=["GET", "POST"]),
            Route(f"{API}/sso/validate", self._answer(self._validate), methods=["GET"]),
            Route(f"{API}/logout", self._answer(self._logout), methods=["GET", "POST"]),
            Route(f"{API}/portfolio/accounts", self._answer(self._accounts), methods=["GET"]),
            Route(f"{portfolio}/ledger", self._answer(self._ledger), methods=["GET"]),
            Route(f"{portfolio}/positions/{{page:int}}", self._answer(self._page), methods=["GET"]),
        ]

    # What a person, or a test, does

    @property
    def session(self) -> State:
        """The state of the session now."""
        return self._session.state

    def log_in(self) -> None:
        """Somebody logs in in the browser."""
        self._session.log_in()

    def log_out(self) -> None:
        """The session ends."""
        self._session.log_out()

    def compete(self) -> None:
        """The same user logs in to TWS, which takes the brokerage session."""
        self._session.compete()

    def script(self, fault: str, count: int = 1, path: str = "") -> None:
        """The next `count` requests whose path begins with `path` go wrong in this way.

        Raises:
            ValueError: no such fault.

        """
        self._faults.script(fault, count, path)

    # One request

    def _answer(self, reply: Callable[[HttpRequest], Response]) -> Callable[[HttpRequest], Any]:
        async def endpoint(request: HttpRequest) -> Response:
            path = request.url.path.removeprefix(API)
            entry = Request(self._now(), self._clock(), f"{request.method} {path}")
            self.requests.append(entry)
            fault = self._faults.take(path)
            if fault:
                entry.answer = fault
                if fault == "429":
                    self._limits.penalize()
                return faulty(fault, lambda: reply(request), lambda: self.stopping)
            exceeded = self._rate_limits and self._limits.exceeded(path)
            response = error("Too many requests", 429) if exceeded else reply(request)
            self._session.use()
            entry.answer = str(response.status_code)
            return response

        return endpoint

    # Session

    def _auth_status(self) -> dict[str, Any]:
        session = self.session
        if session == "logged_out":
            return {"authenticated": False, "competing": False, "connected": False, "MAC": _MAC}
        status: dict[str, Any] = {
            "authenticated": session == "logged_in",
            "established": session == "logged_in",
            "competing": session == "competing",
            "connected": True,
            "message": "",
            "MAC": _MAC,
            "serverInfo": {"serverName": "SANDBOX", "serverVersion": "Build 10.44.1d, Mar 3, 2026 1:55:32 PM"},
            "hardware_info": f"sandbox|{_MAC}",
            "fail": "",
        }
        return {name: status[name] for name in ("authenticated", "competing", "connected")} if self.terse else status

    def _status(self, request: HttpRequest) -> Response:
        return JSONResponse(self._auth_status())

    def _tickle(self, request: HttpRequest) -> Response:
        if self.session == "logged_out":
            return error("not authenticated", 401)
        fields: dict[str, Any] = {
            "session": "a-secret-of-the-session",
            "ssoExpires": 460311,
            "collission": False,
            "userId": 123456789,
            "hmds": {"error": "no bridge"},
            "iserver": {"authStatus": self._auth_status()},
        }
        return JSONResponse({name: fields[name] for name in ("session", "hmds")} if self.terse else fields)

    def _validate(self, request: HttpRequest) -> Response:
        if self.session == "logged_out":
            return error("not authenticated", 401)
        return JSONResponse(
            {"USER_ID": 123456789, "USER_NAME": "sandbox", "RESULT": True, "SF_ENABLED": False, "EXPIRES": 415890}
        )

    def _logout(self, request: HttpRequest) -> Response:
        self.log_out()
        return JSONResponse({"status": True})

    # Portfolio

    def _refused(self, request: HttpRequest) -> Response | None:
        """What stands in the way of the account of this request, or None."""
        session = self.session
        if session == "logged_out":
            return error("not authenticated", 401)
        if session != "logged_in":
            return error("Bad Request: no bridge", 400)
        account = request.path_params.get("account")
        if account is None:
            return None
        if not self._session.accounts_asked:
            return error("Please query /accounts first", 400)
        if account not in {shown.account_id for shown in self._shown()}:
            return error(f"Bad Request: accountId is not valid: {account}", 400)
        return None

    def _shown(self) -> tuple[Account, ...]:
        return self._household.accounts[: self.account_limit]

    def _day(self, account_id: str) -> AccountDay:
        return self._household.day(account_id, weekday_before(self._now().astimezone(NEW_YORK).date()))

    def _holdings(self, day: AccountDay) -> list[Position]:
        first_account = day.account == self._household.accounts[0]
        return [*day.positions, *(invented_positions(len(day.positions), self._positions) if first_account else ())]

    def _accounts(self, request: HttpRequest) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        self._session.accounts_asked = True
        return JSONResponse([description(account, self.terse) for account in self._shown()])

    def _ledger(self, request: HttpRequest) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        day = self._day(request.path_params["account"])
        return JSONResponse(ledger(day, self._holdings(day), now=self._now(), base_total=self.base_total))

    def _page(self, request: HttpRequest) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        account_id, page = request.path_params["account"], request.path_params["page"]
        rows = self._holdings(self._day(account_id))[page * PAGE : (page + 1) * PAGE]
        return JSONResponse([position_row(account_id, position, self.terse) for position in rows])

    # The page in the browser

    async def _login_page(self, request: HttpRequest) -> Response:
        return login_page(self.session)

    async def _act(self, request: HttpRequest) -> Response:
        actions = {"log-in": self.log_in, "log-out": self.log_out, "compete": self.compete}
        action = actions.get(request.path_params["action"])
        if action is None:
            return html_page(404, "Not Found")
        action()
        return RedirectResponse("/", 303)
