"""What the service knows about each token: whether it is valid, how often it asks, whether it is locked out.

IBKR: a token may make one request a second and ten a minute; too many failures lock it out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from wealth_pipeline.sandbox.flex.faults import MESSAGES, Faults
from wealth_pipeline.sandbox.flex.refusals import RefusalError

#: As long as a real token, and obviously not one.
DEFAULT_TOKEN = "123456".zfill(24)
#: IBKR locks a token out after too many failures; after how many is not documented.
FAILURES_BEFORE_LOCKOUT = 10

_COUNTS_AS_FAILURE = frozenset({"1001", "1012", "1014", "1020"})


@dataclass
class _Token:
    expired: bool = False
    failures: int = 0
    locked_until: datetime | None = None
    recent: deque[float] = field(default_factory=deque)


class Tokens:
    """The tokens of the service.

    Args:
        token: the valid token.
        faults: how long a lockout lasts.
        now: the present, aware.
        clock: seconds that only grow.
        rate_limits: keep IBKR's limits (1018) and lock a token out that fails too often (1025).

    Attributes:
        current: the valid token; `renew` changes it.

    """

    def __init__(
        self,
        token: str,
        *,
        faults: Faults,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        rate_limits: bool,
    ) -> None:
        self.current = token
        self._faults = faults
        self._now = now
        self._clock = clock
        self._rate_limits = rate_limits
        self._tokens = {token: _Token()}

    def add(self) -> str:
        """Another token, valid beside the current one."""
        token = str(int(self.current) + 10**6).zfill(len(self.current))
        self._tokens[token] = _Token()
        return token

    def expire(self, token: str) -> None:
        """From now on the token is answered with 1012."""
        self._tokens[token].expired = True

    def renew(self) -> str:
        """A new current token; IBKR: making one invalidates the old one (1015)."""
        del self._tokens[self.current]
        self.current = str(int(self.current) + 1).zfill(len(self.current))
        self._tokens[self.current] = _Token()
        return self.current

    def lock_out(self, token: str) -> None:
        """From now on the token is answered with 1025, until it has been left alone for long enough."""
        self._tokens[token].locked_until = self._now() + self._faults.lockout

    def unlock(self, token: str) -> None:
        """End a lockout."""
        self._tokens[token].locked_until = None

    def check(self, token: str, fault: str) -> None:
        """Refuse the request if its token is not valid or asks too often, or if the fault is an error code.

        Raises:
            RefusalError: with its code.

        """
        known = self._tokens.get(token)
        if known is None:
            raise RefusalError("1015")
        if fault == "expired":
            self.expire(self.current)
        if fault == "lockout":
            self.lock_out(self.current)
        self._check_lockout(token, known)
        code = fault if fault in MESSAGES else "1012" if known.expired else None
        too_fast = self._too_fast(known)
        if code in _COUNTS_AS_FAILURE:
            self.count_failure(token)
        if code or too_fast:
            raise RefusalError(code or "1018")

    def count_failure(self, token: str) -> None:
        """A request failed."""
        known = self._tokens[token]
        known.failures += 1
        if self._rate_limits and known.failures >= FAILURES_BEFORE_LOCKOUT:
            self.lock_out(token)

    def count_success(self, token: str) -> None:
        """A request succeeded: failures are counted from zero again."""
        self._tokens[token].failures = 0

    def _check_lockout(self, token: str, known: _Token) -> None:
        """Each request makes a lockout last longer; after it, failures are counted from zero again."""
        if known.locked_until is None:
            return
        if self._now() < known.locked_until:
            self.lock_out(token)
            raise RefusalError("1025")
        known.locked_until = None
        known.failures = 0

    def _too_fast(self, token: _Token) -> bool:
        """IBKR: one request per second, 10 requests per minute (per token), both calls together."""
        now = self._clock()
        while token.recent and now - token.recent[0] >= 60:
            token.recent.popleft()
        fast = bool(token.recent) and (now - token.recent[-1] < 1 or len(token.recent) >= 10)
        token.recent.append(now)
        return fast and self._rate_limits
