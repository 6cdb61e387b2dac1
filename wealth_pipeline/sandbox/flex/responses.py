"""HTTP answers of the sandbox, the good ones and those that misbehave."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

XML = "text/xml;charset=utf-8"
_PAUSE = 0.05
_CHUNK = 64 * 1024

#: Whether the server is being stopped, so that a deliberately slow answer ends.
Stopping = Callable[[], bool]


def html_page(status: int, text: str) -> Response:
    """A page meant for a person in a browser."""
    text = escape(text)
    return HTMLResponse(f"<html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>", status)


def reply(*, version: int, timestamp: str, tags: dict[str, str], lowercase: bool = False) -> Response:
    """A FlexStatementResponse.

    Args:
        version: 3, or 2 for the older form, which has the message or the reference in a `code` element.
        timestamp: New York time, as in `28 August, 2012 10:37 AM EDT`.
        tags: element names and their text, in order.
        lowercase: tag names in lower case, as some documents of IBKR show them.

    """
    if version == 2:
        tags = {"code": tags.get("ReferenceCode") or tags["ErrorMessage"]}
    # IBKR: live replies have the attribute in single quotes, unlike the documented ones.
    lines = [f"<{name}>{escape(text)}</{name}>\n" for name, text in tags.items()]
    body = f"<FlexStatementResponse timestamp='{timestamp}'>\n{''.join(lines)}</FlexStatementResponse>\n"
    if lowercase:
        for name in ("FlexStatementResponse", *tags):
            body = body.replace(f"<{name}", f"<{name.lower()}").replace(f"</{name}", f"</{name.lower()}")
    return Response(body, media_type=XML)


def statement(chunks: Iterator[bytes]) -> Response:
    """The statement itself, sent while it is made."""
    return StreamingResponse(chunks, media_type=XML)


def truncated(chunks: Iterator[bytes]) -> Response:
    """The first half of the statement in an answer that looks whole to HTTP."""
    body = b"".join(chunks)
    return Response(body[: len(body) // 2], media_type=XML)


def huge(chunks: Iterator[bytes], padding: int) -> Response:
    """The statement with so many bytes of white space after its beginning: still correct, but very big."""

    def padded() -> Iterator[bytes]:
        yield next(chunks)
        for done in range(0, padding, _CHUNK):
            yield b" " * min(_CHUNK, padding - done)
        yield from chunks

    return StreamingResponse(padded(), media_type=XML)


def drip(chunks: Iterator[bytes], pause: float, stopping: Stopping) -> Response:
    """The statement byte by byte."""

    async def slowly() -> AsyncIterator[bytes]:
        for chunk in chunks:
            for byte in chunk:
                yield bytes([byte])
                waited = 0.0
                while waited < pause and not stopping():
                    await asyncio.sleep(min(_PAUSE, pause))
                    waited += _PAUSE
                if stopping():
                    return

    return StreamingResponse(slowly(), media_type=XML)


class Hang(Response):
    """No answer: waits until the client has gone or the server is stopped."""

    def __init__(self, stopping: Stopping) -> None:
        super().__init__()
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait (ASGI)."""
        request = Request(scope, receive)
        while not self._stopping() and not await request.is_disconnected():
            await asyncio.sleep(_PAUSE)


class Reset(Response):
    """The connection is reset (TCP RST), before any header or, with `chunks`, after the first bytes of the body."""

    def __init__(self, transport: asyncio.Transport | None, chunks: Iterator[bytes] | None = None) -> None:
        super().__init__()
        self._transport = transport
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the first bytes, if there are any to be sent, and reset the connection (ASGI)."""
        if self._chunks is not None:
            headers = [(b"content-type", XML.encode()), (b"content-length", b"1000000")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": next(self._chunks), "more_body": True})
            # Let the bytes leave: a reset throws away what is still in the buffer.
            await asyncio.sleep(_PAUSE)
        if self._transport is not None:
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
