"""The password of the UI on a shared machine: HTTP Basic once, then a session cookie; wrong tries are slowed."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

#: A session ends after so many seconds, or with the webserver.
SESSION_SECONDS = 30 * 24 * 3600
#: Wrong tries that are answered at once; each further one waits twice as long as the one before it, up to the longest.
FREE_TRIES, FIRST_WAIT, LONGEST_WAIT = 3, 0.5, 8.0
#: Answers to wrong tries that may be waiting at the same time; beyond, no try is looked at. So guessing in parallel
#: gains nothing, and costs no memory.
MOST_WAITING = 4
#: After so long without a wrong try the next ones are answered at once again.
_FORGOTTEN_SECONDS = 600.0


class Password:
    """What a request has to show. port: where the UI listens, for cookies are shared by all ports of a host."""

    def __init__(
        self,
        password: str,
        port: int,
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.cookie = f"wealth_session_{port}"
        self._password = password.encode()
        self._key = secrets.token_bytes(32)
        self._clock, self._wait = clock, wait
        self._wrong_tries, self._last_wrong, self._waiting = 0, 0.0, 0

    def has_session(self, cookies: Sequence[str]) -> bool:
        """Whether one of the request's Cookie headers holds a session of this server that has not ended."""
        for name, _, value in (part.strip().partition("=") for header in cookies for part in header.split(";")):
            ends, _, rest = value.partition(".")
            if (
                name == self.cookie
                and hmac.compare_digest(value.encode(), self._signed(f"{ends}.{rest.partition('.')[0]}").encode())
                and int(ends) > self._clock()
            ):
                return True
        return False

    def new_cookie(self, *, secure: bool) -> str:
        """The header Set-Cookie of a new session. secure: whether the page came by https."""
        session = self._signed(f"{int(self._clock()) + SESSION_SECONDS}.{secrets.token_urlsafe(24)}")
        attributes = f"Path=/; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Strict"
        return f"{self.cookie}={session}; {attributes}{'; Secure' if secure else ''}"

    async def check(self, authorizations: Sequence[str]) -> Literal["right", "wrong", "too many tries"]:
        """Whether the one Authorization header holds the password; any user name will do. Wrong ones wait here."""
        if self._waiting >= MOST_WAITING:
            return "too many tries"
        given = _basic(authorizations[0]) if len(authorizations) == 1 else None
        if given is not None and hmac.compare_digest(given, self._password):
            self._wrong_tries = 0
            return "right"
        now = self._clock()
        self._wrong_tries = 1 if now - self._last_wrong > _FORGOTTEN_SECONDS else self._wrong_tries + 1
        self._last_wrong = now
        if self._wrong_tries > FREE_TRIES:
            self._waiting += 1
            try:
                await self._wait(min(FIRST_WAIT * 2 ** min(self._wrong_tries - FREE_TRIES - 1, 10), LONGEST_WAIT))
            finally:
                self._waiting -= 1
        return "wrong"

    def _signed(self, text: str) -> str:
        return f"{text}.{hmac.digest(self._key, text.encode(), 'sha256').hex()}"


def _basic(authorization: str) -> bytes | None:
    """The password in a header `Authorization: Basic ...`, None if there is none."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    _, colon, password = decoded.partition(b":")
    return password if scheme.lower() == "basic" and colon else None
