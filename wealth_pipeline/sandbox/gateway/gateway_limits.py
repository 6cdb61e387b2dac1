"""The gateway's rate limits. IBKR: ten requests a second, some paths less; then the penalty box."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

#: Seconds in the penalty box after a 429.
PENALTY = 15 * 60.0
#: Seconds between two requests of a path; the others have only the limit of all requests together.
_SPACING = {"/portfolio/accounts": 5, "/tickle": 1, "/sso/validate": 60}
_PER_SECOND = 10


class RateLimits:
    """What was asked lately, and whether the client is in the penalty box.

    Args:
        clock: seconds that only grow.

    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._recent: deque[float] = deque()
        self._last_call: dict[str, float] = {}
        self._penalty_until = 0.0

    def exceeded(self, path: str) -> bool:
        """Count a request; whether it is one too many, which puts the client into the penalty box."""
        now = self._clock()
        self._recent.append(now)
        while now - self._recent[0] >= 1:
            self._recent.popleft()
        too_soon = now - self._last_call.get(path, -60.0) < _SPACING.get(path, 0)
        self._last_call[path] = now
        if now < self._penalty_until or len(self._recent) > _PER_SECOND or too_soon:
            self._penalty_until = max(self._penalty_until, now + PENALTY)
            return True
        return False

    def penalize(self) -> None:
        """Put the client into the penalty box."""
        self._penalty_until = self._clock() + PENALTY
