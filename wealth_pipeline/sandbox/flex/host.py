"""The sandbox answers programs on this machine, and no web page whose name was made to lead here (DNS rebinding)."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_NAMES = ("localhost", "127.0.0.1", "[::1]")


class LocalOnly:
    """Passes on to `app` the requests for this machine and this port, with exactly one header Host."""

    def __init__(self, app: ASGIApp, port: int, *, default_port: int) -> None:
        self._app = app
        ports = [f":{port}", *[""] * (port == default_port)]  # clients leave their scheme's default port out
        self._hosts = {f"{name}{suffix}".encode() for name in _NAMES for suffix in ports}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request (ASGI)."""
        hosts = [value.lower() for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and hosts[0] in self._hosts:
            await self._app(scope, receive, send)
        else:
            refusal = PlainTextResponse("The sandbox answers only as localhost or 127.0.0.1, with its port.\n", 403)
            await refusal(scope, receive, send)
