"""The guard around the Dagster UI: one ASGI application that answers, refuses, or passes on.

A browser sends requests to this machine for whatever page is open in it. What such a request may do is decided here, by
what browsers state and pages cannot change: Host, Origin, Sec-Fetch-Site. Starlette's own middleware does not do:
BaseHTTPMiddleware passes websockets unguarded, TrustedHostMiddleware ignores the port.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from wealth_pipeline.settings import check_origins
from wealth_pipeline.ui import origins as origins_of
from wealth_pipeline.ui.password import Password

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
#: Name and value of a header, as ASGI has them.
Header = tuple[bytes, bytes]

#: The messages that carry a response's headers.
_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
_CHALLENGE = (b"www-authenticate", b'Basic realm="wealth_pipeline", charset="UTF-8"')


class Refused(Exception):
    """A request is not answered. status: of HTTP. sentence: what is wrong, and what to do."""

    def __init__(self, status: int, sentence: str, *headers: Header) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers


class Guard:
    """An ASGI application that lets only the UI's own pages and its user through to `app`.

    Args:
        app: what is guarded.
        port: where it listens on loopback.
        origins: complete origins of a tunnel or reverse proxy in front of it. Forwarded headers count for nothing.
        password: what everybody has to show, None where the machine is its user's alone.

    Raises:
        SettingsError: something in `origins` is not a complete origin, or there are some and no password.

    """

    def __init__(
        self, app: Application, *, port: int, origins: Sequence[str] = (), password: str | None = None
    ) -> None:
        check_origins(origins, password)
        self._app = app
        self._origins = origins_of.by_host(port, origins)
        self._password = Password(password, port) if password else None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer, refuse or pass on one request or websocket; raises ValueError for any other kind of connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] not in ("http", "websocket"):
            raise ValueError(f"Only http and websocket are served, not {scope['type']}.")
        headers = _Headers(scope["headers"])
        host = headers.only("host") or ""
        accepted = self._origins.get(host.lower(), frozenset())
        send = _with_headers(send, _security_headers(host.lower(), accepted))
        try:
            _check_address(scope, headers, accepted)
            if scope["type"] == "websocket":
                _check_websocket(headers, accepted)
            else:
                _check_request(scope["method"], scope["path"], scope["query_string"], headers, accepted)
            cookies = await self._check_password(scope["type"], headers, accepted)
        except Refused as refused:
            await _refuse(refused, scope, send)
            return
        await self._app(scope, receive, _with_headers(send, cookies))

    async def _check_password(self, kind: str, headers: _Headers, accepted: frozenset[str]) -> list[Header]:
        """Let those through who have a session or the password; the latter get a session, whose header is returned."""
        if self._password is None or self._password.has_session(headers.all("cookie")):
            return []
        given = headers.all("authorization")
        if kind == "websocket":
            raise Refused(401, "Log in first: open the page itself.")
        if not given:
            raise Refused(401, "The password is needed: that of WEALTH_UI_PASSWORD, with any user name.", _CHALLENGE)
        answer = await self._password.check(given)
        if answer == "too many tries":
            raise Refused(429, "Too many wrong passwords. Try again in a few seconds.", (b"retry-after", b"5"))
        if answer == "wrong":
            raise Refused(401, "That is not the password in WEALTH_UI_PASSWORD.", _CHALLENGE)
        secure = any(origin.startswith("https:") for origin in accepted)
        return [(b"set-cookie", self._password.new_cookie(secure=secure).encode())]


class _Headers:
    """A request's headers by name, in which one that is stated twice is noticed."""

    def __init__(self, headers: Sequence[Header]) -> None:
        self._headers = [(name.decode("latin-1").lower(), value.decode("latin-1").strip()) for name, value in headers]

    def all(self, name: str) -> list[str]:
        return [value for other, value in self._headers if other == name]

    def only(self, name: str) -> str | None:
        """The header's value, None if it is not there; raises nothing: one stated twice is the empty text."""
        values = self.all(name)
        return None if not values else values[0] if len(values) == 1 else ""


def _check_address(scope: MutableMapping[str, Any], headers: _Headers, accepted: frozenset[str]) -> None:
    """Refuse a Host that isn't ours: a page whose name was made to lead to this machine (DNS rebinding) states its own."""
    if not accepted:
        raise Refused(
            403,
            "This address is not the UI's. Open http://127.0.0.1 or http://localhost with the UI's port; a tunnel or"
            " reverse proxy must be named in WEALTH_UI_ORIGINS (docs/security.md).",
        )
    # Starlette's routes end with $, which matches before a line break as well: /graphql%0A would pass for another path.
    if re.search(r"[\x00-\x1f\x7f]", scope["path"]):
        raise Refused(400, "The address has a character in it that no page of the UI has.")


def _check_websocket(headers: _Headers, accepted: frozenset[str]) -> None:
    if headers.only("origin") not in accepted:
        raise Refused(403, "A page of another origin may not connect.")
    _check_fetch_site(headers)


def _check_request(method: str, path: str, query: bytes, headers: _Headers, accepted: frozenset[str]) -> None:
    graphql, report = path.rstrip("/").lower() == "/graphql", path.lower().startswith("/report_")
    if method in ("GET", "HEAD") and not report:
        # Dagster executes whatever ?query= says, mutations too, and browsers send GET for any image.
        if graphql and query:
            raise Refused(405, "Send GraphQL as a POST of application/json.", (b"allow", b"POST"))
        return
    origin = headers.only("origin")
    if origin is not None and origin not in accepted:
        raise Refused(403, "A page of another origin may not change anything.")
    _check_fetch_site(headers)
    if graphql or report:
        media_type = (headers.only("content-type") or "").partition(";")[0].strip().lower()
        # Forms of other pages can send everything but this without being asked first.
        if media_type != "application/json":
            raise Refused(415, "Send it as application/json.")


def _check_fetch_site(headers: _Headers) -> None:
    site = headers.only("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        raise Refused(403, "A page of another site may not change anything.")


def _security_headers(host: str, accepted: frozenset[str]) -> list[Header]:
    """The headers of every response. host: as the browser stated it, to be trusted only with accepted origins."""
    # Safari before 15.4 does not take 'self' for the page's own websockets.
    sockets = "".join(f" {'wss' if o.startswith('https') else 'ws'}://{host}" for o in sorted(accepted))
    policy = (
        "img-src 'self' data:; media-src 'self'; font-src 'self' data:; "
        f"connect-src 'self'{sockets}; frame-src 'none'; frame-ancestors 'none'; form-action 'self'"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"same-origin"),
        (b"x-content-type-options", b"nosniff"),
    ]


def _with_headers(send: Send, headers: list[Header]) -> Send:
    """A `send` that adds these headers to the response, in place of its own but for its policies and cookies."""
    replaced = {name for name, _ in headers} - {b"content-security-policy", b"set-cookie"}

    async def sending(message: Message) -> None:
        if message["type"] in _STARTS:
            own = [(name, value) for name, value in message.get("headers", []) if name.lower() not in replaced]
            message = {**message, "headers": [*own, *headers]}
        await send(message)

    return sending


async def _refuse(refused: Refused, scope: MutableMapping[str, Any], send: Send) -> None:
    kind = "http.response"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        kind = "websocket.http.response"
    body = f"{refused.sentence}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.start", "status": refused.status, "headers": [*headers, *refused.headers]})
    await send({"type": f"{kind}.body", "body": b"" if scope.get("method") == "HEAD" else body})
