"""What goes wrong with the gateway, and the replies that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from wealth_pipeline.sandbox.flex.responses import Hang, html_page

#: The names of all faults, each with what it does.
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


class ScriptedFaults:
    """Faults that wait for the requests they are for."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str]] = []

    def script(self, fault: str, count: int, path: str) -> None:
        """The next `count` requests whose path begins with `path` go wrong in this way.

        Raises:
            ValueError: no such fault.

        """
        if fault not in FAULTS:
            raise ValueError(f"no fault is called {fault!r}; there are: {', '.join(FAULTS)}")
        self._waiting += [(fault, path)] * count

    def take(self, path: str) -> str | None:
        """The fault of a request to this path, None if it has none; it is used up."""
        found = next((pair for pair in self._waiting if path.startswith(pair[1])), None)
        if found is None:
            return None
        self._waiting.remove(found)
        return found[0]


def error(text: str, status: int) -> Response:
    """An error as the gateway words it."""
    return JSONResponse({"error": text, "statusCode": status}, status)


def faulty(fault: str, reply: Callable[[], Response], stopping: Callable[[], bool]) -> Response:
    """A reply that misbehaves.

    Args:
        fault: one of `FAULTS`.
        reply: makes the reply that would have been given.
        stopping: whether the gateway is being stopped, so that a deliberately slow answer ends.

    """
    if fault == "429":
        return Response(status_code=429)
    if fault == "hang":
        return Hang(stopping)
    if fault == "drip":
        return _Endless(stopping)
    good = bytes(reply().body)
    if fault == "cut-off":
        return _CutOff(good)
    if fault == "truncated":
        return Response(good[: len(good) // 2], media_type="application/json")
    return _plain(fault)


def _plain(fault: str) -> Response:
    replies: dict[str, Response] = {
        "401": Response(status_code=401),
        "403": html_page(403, "Access Denied"),
        "500": error("Internal Server Error", 500),
        "503": html_page(503, "Service Unavailable"),
        "no-session": JSONResponse({"error": "no session"}),
        "no-bridge": error("Bad Request: no bridge", 400),
        "accounts-first": error("Please query /accounts first", 400),
        "redirect": RedirectResponse("/sso/Login?forwardTo=22&RL=1&ip2loc=US", 302),
        "html": html_page(200, "Login"),
        "null": JSONResponse(None),
    }
    return replies[fault]


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
        request = Request(scope, receive)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        while not self._stopping() and not await request.is_disconnected():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.05)
