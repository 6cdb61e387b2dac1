"""The session of the gateway: who is logged in, and until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Literal

from wealth_pipeline.sandbox.household.days import NEW_YORK

#: How long a session lives without a request.
IDLE = timedelta(minutes=6)

State = Literal["logged_in", "logged_out", "timed_out", "competing"]


class Session:
    """The session of one user, logged out at first.

    Args:
        now: the present, aware; midnight in New York ends the session.
        lasting: whether a session ends only when somebody ends it.

    Attributes:
        accounts_asked: whether the accounts were asked for since the login: the rest of the portfolio waits for it.

    """

    def __init__(self, now: Callable[[], datetime], *, lasting: bool = False) -> None:
        self.accounts_asked = False
        self._now = now
        self._lasting = lasting
        self._state: State = "logged_out"
        self._logged_in_on = date.min
        self._last_used = now()

    @property
    def state(self) -> State:
        """The state now. IBKR: six idle minutes end the brokerage session, midnight ends everything."""
        if self._lasting:
            return self._state
        if self._state != "logged_out" and self._now().astimezone(NEW_YORK).date() != self._logged_in_on:
            self._state = "logged_out"
        if self._state == "logged_in" and self._now() - self._last_used > IDLE:
            self._state = "timed_out"
        return self._state

    def log_in(self) -> None:
        """Somebody logs in in the browser."""
        self._state = "logged_in"
        self._logged_in_on = self._now().astimezone(NEW_YORK).date()
        self._last_used = self._now()
        self.accounts_asked = False

    def log_out(self) -> None:
        """The session ends."""
        self._state = "logged_out"

    def compete(self) -> None:
        """The same user logs in to TWS, which takes the brokerage session."""
        self._state = "competing"

    def use(self) -> None:
        """A request keeps the session alive."""
        if self.state == "logged_in":
            self._last_used = self._now()
