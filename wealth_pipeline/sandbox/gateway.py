"""IBKR's Client Portal Gateway for the simulated household: session, accounts, ledger, positions, and what goes wrong.

Figures are those of the latest complete day's books, rounded to single precision as IBKR's are.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from wealth_pipeline.sandbox.accruals import accrued_coupon
from wealth_pipeline.sandbox.days import NEW_YORK, weekday_before
from wealth_pipeline.sandbox.flex_service import new_york_now
from wealth_pipeline.sandbox.household import DEFAULT_FIRST_DAY, DEFAULT_SEED, shared_household
from wealth_pipeline.sandbox.instruments import Instrument
from wealth_pipeline.sandbox.records import ZERO, Account, AccountDay, Position
from wealth_pipeline.sandbox.responses import Hang, html_page

API = "/v1/api"
PAGE = 100
"""Positions on a page."""
IDLE = timedelta(minutes=6)
"""How long a session lives without a request."""
PENALTY = 15 * 60.0
"""Seconds in the penalty box after a 429."""
FAULTS = {
    "401": "an empty reply with status 401",
    "403": "Access Denied, as from a gateway whose ips.allow lacks the client",
    "429": "too many requests; the penalty box begins",
    "500": "an error with status 500",
    "503": "an HTML page with status 503",
    "no-session": "an error in a reply with status 200",
    "no-bridge": "the brokerage session is gone",
    "accounts-first": "the reply to a request that came before /portfolio/accounts",
    "redirect": "a redirect to the login page",
    "html": "a web page with status 200",
    "truncated": "the first half of the reply, as if it were whole",
    "cut-off": "the connection ends in the middle of the reply",
    "hang": "no answer at all, until the client gives up",
    "drip": "the answer byte by byte, without end",
    "null": "the reply is null",
}
"""The names of all faults, each with what it does."""

Session = Literal["logged_in", "logged_out", "timed_out", "competing"]

_MAC = "AA:BB:CC:00:11:22"
_LEDGER_COLUMNS = {
    "STK": "stockmarketvalue",
    "OPT": "stockoptionmarketvalue",
    "BILL": "tbillsmarketvalue",
    "FUND": "funds",
    "CRYPTO": "cryptocurrencyvalue",
    "FUT": "futuremarketvalue",
}


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
        seed: of the household.
        first_day: of the household.
        positions: so many positions at least in the first account, filled up with invented stocks.

    Attributes:
        requests: every request to the API, oldest first.
        account_limit: the greatest number of accounts shown, 2 or less.
        terse: whether replies lack the fields that come and go.
        base_total: whether the ledger has its BASE entry.

    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = new_york_now,
        clock: Callable[[], float] = time.monotonic,
        rate_limits: bool = True,
        logged_in: bool = True,
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
        self._household = shared_household(seed, first_day, ())
        self._positions = positions
        self._faults: list[tuple[str, str]] = []
        self._session: Session = "logged_out"
        self._logged_in_on = date.min
        self._last_used = now()
        self._recent: deque[float] = deque()
        self._last_call: dict[str, float] = {}
        self._penalty_until = 0.0
        self._accounts_asked = False
        if logged_in:
            self.log_in()
        portfolio = f"{API}/portfolio/{{account}}"
        self._app = Starlette(
            routes=[
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
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request (ASGI)."""
        await self._app(scope, receive, send)

    # What a person, or a test, does

    @property
    def session(self) -> Session:
        """The state of the session now. IBKR: six idle minutes end the brokerage session, midnight ends all of it."""
        if self._session != "logged_out" and self._now().astimezone(NEW_YORK).date() != self._logged_in_on:
            self._session = "logged_out"
        if self._session == "logged_in" and self._now() - self._last_used > IDLE:
            self._session = "timed_out"
        return self._session

    def log_in(self) -> None:
        """Somebody logs in in the browser."""
        self._session = "logged_in"
        self._logged_in_on = self._now().astimezone(NEW_YORK).date()
        self._last_used = self._now()
        self._accounts_asked = False

    def log_out(self) -> None:
        """The session ends."""
        self._session = "logged_out"

    def compete(self) -> None:
        """The same user logs in to TWS, which takes the brokerage session."""
        self._session = "competing"

    def script(self, fault: str, count: int = 1, path: str = "") -> None:
        """The next `count` requests whose path begins with `path` shall go wrong in this way.

        Raises:
            ValueError: no such fault.

        """
        if fault not in FAULTS:
            raise ValueError(f"no fault is called {fault!r}; there are: {', '.join(FAULTS)}")
        self._faults += [(fault, path)] * count

    # One request

    def _answer(self, reply: Callable[[HttpRequest], Response]) -> Callable[[HttpRequest], Any]:
        async def endpoint(request: HttpRequest) -> Response:
            path = request.url.path.removeprefix(API)
            entry = Request(self._now(), self._clock(), f"{request.method} {path}")
            self.requests.append(entry)
            fault = next((pair for pair in self._faults if path.startswith(pair[1])), None)
            if fault:
                self._faults.remove(fault)
                entry.answer = fault[0]
                return await self._faulty(fault[0], reply, request)
            response = self._limited(path) or reply(request)
            if self.session == "logged_in":
                self._last_used = self._now()
            entry.answer = str(response.status_code)
            return response

        return endpoint

    def _limited(self, path: str) -> Response | None:
        """A 429 if this is one request too many. IBKR: 10 a second, some paths less; then the penalty box."""
        if not self._rate_limits:
            return None
        now = self._clock()
        self._recent.append(now)
        while now - self._recent[0] >= 1:
            self._recent.popleft()
        spacing = {"/portfolio/accounts": 5, "/tickle": 1, "/sso/validate": 60}.get(path, 0)
        too_soon = now - self._last_call.get(path, -60.0) < spacing
        self._last_call[path] = now
        if now < self._penalty_until or len(self._recent) > 10 or too_soon:
            self._penalty_until = max(self._penalty_until, now + PENALTY)
            return JSONResponse({"error": "Too many requests", "statusCode": 429}, 429)
        return None

    async def _faulty(self, fault: str, reply: Callable[[HttpRequest], Response], request: HttpRequest) -> Response:
        if fault == "429":
            self._penalty_until = self._clock() + PENALTY
            return Response(status_code=429)
        if fault == "hang":
            return Hang(lambda: self.stopping)
        if fault == "drip":
            return _Endless(lambda: self.stopping)
        good = bytes(reply(request).body)
        if fault == "cut-off":
            return _CutOff(good)
        if fault == "truncated":
            return Response(good[: len(good) // 2], media_type="application/json")
        plain: dict[str, Response] = {
            "401": Response(status_code=401),
            "403": html_page(403, "Access Denied"),
            "500": JSONResponse({"error": "Internal Server Error", "statusCode": 500}, 500),
            "503": html_page(503, "Service Unavailable"),
            "no-session": JSONResponse({"error": "no session"}),
            "no-bridge": JSONResponse({"error": "Bad Request: no bridge", "statusCode": 400}, 400),
            "accounts-first": JSONResponse({"error": "Please query /accounts first", "statusCode": 400}, 400),
            "redirect": RedirectResponse("/sso/Login?forwardTo=22&RL=1&ip2loc=US", 302),
            "html": html_page(200, "Login"),
            "null": JSONResponse(None),
        }
        return plain[fault]

    # Session

    def _auth_status(self) -> dict[str, Any]:
        session = self.session
        if session == "logged_out":
            return {"authenticated": False, "competing": False, "connected": False, "MAC": _MAC}
        told: dict[str, Any] = {
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
        return {name: told[name] for name in ("authenticated", "competing", "connected")} if self.terse else told

    def _status(self, request: HttpRequest) -> Response:
        return JSONResponse(self._auth_status())

    def _tickle(self, request: HttpRequest) -> Response:
        if self.session == "logged_out":
            return _unauthorized()
        told: dict[str, Any] = {
            "session": "a-secret-of-the-session",
            "ssoExpires": 460311,
            "collission": False,
            "userId": 123456789,
            "hmds": {"error": "no bridge"},
            "iserver": {"authStatus": self._auth_status()},
        }
        return JSONResponse({"session": told["session"], "hmds": told["hmds"]} if self.terse else told)

    def _validate(self, request: HttpRequest) -> Response:
        if self.session == "logged_out":
            return _unauthorized()
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
            return _unauthorized()
        if session != "logged_in":
            return JSONResponse({"error": "Bad Request: no bridge", "statusCode": 400}, 400)
        account = request.path_params.get("account")
        if account is None:
            return None
        if not self._accounts_asked:
            return JSONResponse({"error": "Please query /accounts first", "statusCode": 400}, 400)
        if account not in {shown.account_id for shown in self._shown()}:
            text = f"Bad Request: accountId is not valid: {account}"
            return JSONResponse({"error": text, "statusCode": 400}, 400)
        return None

    def _shown(self) -> tuple[Account, ...]:
        return self._household.accounts[: self.account_limit]

    def _accounts(self, request: HttpRequest) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        self._accounts_asked = True
        return JSONResponse([_description(account, self.terse) for account in self._shown()])

    def _day(self, account_id: str) -> AccountDay:
        return self._household.day(account_id, weekday_before(self._now().astimezone(NEW_YORK).date()))

    def _holdings(self, account_id: str) -> list[Position]:
        held = list(self._day(account_id).positions)
        if account_id == self._household.accounts[0].account_id:
            held += [_invented(number) for number in range(len(held), self._positions)]
        return held

    def _ledger(self, request: HttpRequest) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        account_id = request.path_params["account"]
        day, held = self._day(account_id), self._holdings(account_id)
        entries = {currency: _entry(day, currency, held) for currency in day.rates}
        ledger = {
            currency: _ledger_entry(entry, currency, day.rates[currency], account_id, self._now())
            for currency, entry in entries.items()
            if any(entry.values()) or currency == day.account.base
        }
        if self.base_total:
            columns = next(iter(entries.values()))
            total = {
                name: sum((entry[name] * day.rates[currency] for currency, entry in entries.items()), ZERO)
                for name in columns
            }
            ledger["BASE"] = _ledger_entry(total, "BASE", Decimal(1), account_id, self._now())
        return JSONResponse(ledger)

    def _page(self, request: HttpRequest) -> Response:
        refused = self._refused(request)
        if refused:
            return refused
        account_id, page = request.path_params["account"], request.path_params["page"]
        rows = self._holdings(account_id)[page * PAGE : (page + 1) * PAGE]
        return JSONResponse([_row(account_id, position, self.terse) for position in rows])

    # The page in the browser

    async def _login_page(self, request: HttpRequest) -> Response:
        buttons = "".join(
            f'<form method="post" action="/sandbox/{action}"><button>{text}</button></form>'
            for action, text in {
                "log-in": "Log in",
                "log-out": "Log out",
                "compete": "Log in to TWS with the same user",
            }.items()
        )
        return HTMLResponse(
            "<title>Sandbox gateway</title><h1>Sandbox of the Client Portal Gateway</h1>"
            "<p>No user name, no password, nothing real. The session: "
            f"<b>{self.session.replace('_', ' ')}</b>.</p>{buttons}"
        )

    async def _act(self, request: HttpRequest) -> Response:
        actions = {"log-in": self.log_in, "log-out": self.log_out, "compete": self.compete}
        action = actions.get(request.path_params["action"])
        if action is None:
            return html_page(404, "Not Found")
        action()
        return RedirectResponse("/", 303)


def _unauthorized() -> Response:
    return JSONResponse({"error": "not authenticated", "statusCode": 401}, 401)


def _single(amount: Decimal) -> float:
    """The amount as IBKR shows it: the shortest text of its single-precision value."""
    return float(str(np.float32(float(amount))))


def _invented(number: int) -> Position:
    """One of the stocks that fill an account up: 10 shares at 12.50 that cost 10.25."""
    stock = Instrument(
        symbol=f"PAD{number}",
        conid=990_000_000 + number,
        description=f"PADDING {number} INC",
        asset_category="STK",
        currency="USD",
        listing_exchange="NYSE",
    )
    return Position(
        instrument=stock,
        model="",
        lots=(),
        quantity=Decimal(10),
        price=Decimal("12.5"),
        value=Decimal(125),
        cost=Decimal("102.5"),
        nav_value=Decimal(125),
    )


def _entry(day: AccountDay, currency: str, held: list[Position]) -> dict[str, Decimal]:
    """What an account has in one currency, exact: the ledger's columns."""
    entry = dict.fromkeys(
        ("cashbalance", "settledcash", "interest", "dividends", "unrealizedpnl", "netliquidationvalue"), ZERO
    ) | dict.fromkeys((*_LEDGER_COLUMNS.values(), "corporatebondsmarketvalue", "tbondsmarketvalue"), ZERO)
    line = day.cash[currency]
    entry["cashbalance"], entry["settledcash"] = line.end, line.settled
    if currency in day.interest:  # Yen bear no interest.
        entry["interest"] = day.interest[currency].end
    entry["dividends"] = sum((d.net for d in day.dividends if d.instrument.currency == currency), ZERO)
    value = entry["cashbalance"] + entry["interest"] + entry["dividends"]
    for position in held:
        instrument = position.instrument
        if instrument.currency != currency:
            continue
        if instrument.coupon is not None:
            accrued = accrued_coupon(instrument, position.quantity, day.day)
            entry["interest"] += accrued
            value += accrued
        if instrument.asset_category == "BOND":
            column = "corporatebondsmarketvalue" if instrument.sub_category == "Corp" else "tbondsmarketvalue"
            entry[column] += position.nav_value
        elif instrument.asset_category in _LEDGER_COLUMNS:
            entry[_LEDGER_COLUMNS[instrument.asset_category]] += position.nav_value
        entry["unrealizedpnl"] += position.unrealized
        value += position.nav_value
    entry["netliquidationvalue"] = value
    return entry


def _ledger_entry(
    entry: Mapping[str, Decimal], currency: str, rate: Decimal, account_id: str, now: datetime
) -> dict[str, Any]:
    absent = (
        "warrantsmarketvalue moneyfunds realizedpnl issueroptionsmarketvalue futuresonlypnl futureoptionmarketvalue"
        " cashbalancefxsegment commoditymarketvalue"
    )
    return {
        **dict.fromkeys(absent.split(), 0.0),
        **{name: _single(amount) for name, amount in entry.items()},
        "exchangerate": 1 if rate == 1 else _single(rate),
        "sessionid": 1,
        "currency": currency,
        "acctcode": account_id,
        "key": "LedgerList",
        "timestamp": int(now.timestamp()),
        "severity": 0,
        "secondkey": currency,
    }


def _description(account: Account, terse: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": account.account_id,
        "PrepaidCrypto-Z": False,
        "PrepaidCrypto-P": False,
        "brokerageAccess": True,
        "accountId": account.account_id,
        "accountVan": account.account_id,
        "accountTitle": account.holder,
        "displayName": account.holder,
        "accountAlias": account.alias,
        "accountStatus": 1769922000000,
        "currency": account.base,
        "type": account.customer_type.upper(),
        "tradingType": "STKNOPT",
        "businessType": "INDEPENDENT",
        "category": "",
        "ibEntity": account.entity,
        "faclient": False,
        "clearingStatus": "O",
        "covestor": False,
        "noClientTrading": False,
        "trackVirtualFXPortfolio": True,
        "acctCustType": account.customer_type.upper(),
        "parent": {"mmc": [], "accountId": "", "isMParent": False, "isMChild": False, "isMultiplex": False},
        "desc": f"{account.account_id} - {account.holder}",
    }
    return {name: told[name] for name in ("accountId", "currency", "displayName")} if terse else told


def _row(account_id: str, position: Position, terse: bool) -> dict[str, Any]:
    instrument, quantity = position.instrument, position.quantity
    told: dict[str, Any] = {
        "acctId": account_id,
        "conid": instrument.conid,
        "contractDesc": instrument.symbol,
        "position": float(quantity),
        # IBKR: a price is shown with the noise of its single precision, 584.6799927 for 584.68.
        "mktPrice": float(f"{float(np.float32(float(position.price))):.10g}"),
        "mktValue": _single(position.value),
        "currency": instrument.currency,
        "avgCost": round(float(position.cost / quantity), 8),
        "avgPrice": round(float(position.cost / quantity / instrument.multiplier), 8),
        "realizedPnl": 0.0,
        "unrealizedPnl": _single(position.unrealized),
        "exchs": None,
        "expiry": f"{instrument.expiry:%Y%m%d}" if instrument.expiry else None,
        "putOrCall": instrument.put_call or None,
        # IBKR: the types wobble.
        "multiplier": None if instrument.multiplier == 1 else float(instrument.multiplier),
        "strike": str(instrument.strike) if instrument.strike is not None else 0.0,
        "exerciseStyle": None,
        "conExchMap": [],
        "assetClass": instrument.asset_category,
        "undConid": instrument.underlying.conid if instrument.underlying else 0,
        "model": position.model,
        "ticker": instrument.symbol,
        "name": instrument.description,
        "listingExchange": instrument.listing_exchange,
        "isUS": instrument.country == "US",
    }
    return told if not terse else {name: told[name] for name in ("conid", "position", "mktValue", "currency")}


class _CutOff(Response):
    """The reply's first half, with a Content-Length that promises more; then the connection ends."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._half = body[: len(body) // 2]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the half (ASGI)."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._half, "more_body": False})


class _Endless(Response):
    """White space, byte by byte, until the client gives up or the gateway stops."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        super().__init__()
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Drip (ASGI)."""
        request = HttpRequest(scope, receive)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        while not self._stopping() and not await request.is_disconnected():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.05)
