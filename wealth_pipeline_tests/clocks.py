"""A clock for tests: sleeping moves it, and costs no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wealth_pipeline.calendar import Clock


class MovableClock(Clock):
    """It stands still but for what is slept, and moves by `tick` whenever somebody looks at it.

    How long something took is the real time, and what was slept.
    """

    def __init__(self, at: datetime = datetime(2026, 7, 3, 10, tzinfo=UTC)) -> None:
        self.at = at
        self.tick = timedelta(0)

    def now(self) -> datetime:
        self.at += self.tick
        return self.at

    def monotonic(self) -> float:
        return super().monotonic() + self.now().timestamp()

    def seconds(self) -> float:
        """The present as the sandbox's limits want it."""
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def advance(self, **duration: float) -> None:
        self.at += timedelta(**duration)
