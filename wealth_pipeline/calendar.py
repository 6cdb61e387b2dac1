"""Time and days: IBKR's report dates are weekdays in New York; the exchange calendar tells holidays from sessions."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import cache
from zoneinfo import ZoneInfo

#: IBKR's days are New York's, and so is the schedule.
MARKET_TIMEZONE = "America/New_York"
NEW_YORK = ZoneInfo(MARKET_TIMEZONE)

#: The longest that anything of ours lies ahead, a lockout of the token: what lies further, a wrong clock wrote.
FURTHEST = timedelta(hours=24)
#: A clock that shows less is wrong, beyond doubt: this software is younger.
EARLIEST_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """The time. Whatever depends on it takes a clock, so that a test can give it another one."""

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The day in New York."""
        return new_york_day(self.now())

    def monotonic(self) -> float:
        """Seconds that only ever grow, whoever sets the machine's clock: to measure how long something takes."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


#: The machine's own.
CLOCK = Clock()


def new_york_day(moment: datetime) -> date:
    """The day in New York at a moment; one without a zone is in UTC, as in the databases."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(NEW_YORK).date()


def last_weekdays(count: int, now: datetime) -> list[date]:
    """The last `count` weekdays before today in New York, oldest first (IBKR: data exist for completed days)."""
    today = new_york_day(now)
    days: list[date] = []
    day = today - timedelta(days=1)
    while len(days) < count:
        if day.isoweekday() < 6:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


def due_session(now: datetime, looks: Collection[time_of_day]) -> date:
    """The newest session whose figures should be there: the last look, of the morning after it, has passed.

    looks: the times in New York at which somebody asks IBKR on the morning after each weekday.
    """
    local = now.astimezone(NEW_YORK)
    day = local.date() - timedelta(days=1 if local.time() >= max(looks) else 2)
    while not is_session(day):
        day -= timedelta(days=1)
    return day


def weekdays_between(first: date, last: date) -> list[date]:
    """All weekdays from `first` to `last`, both included."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.isoweekday() < 6]


def is_session(day: date) -> bool:
    """Whether the New York Stock Exchange trades on `day`; beyond the known calendar each weekday is one."""
    calendar = _exchange()
    if not calendar.first_session.date() <= day <= calendar.last_session.date():
        return day.isoweekday() < 6
    return bool(calendar.is_session(day.isoformat()))


@cache
def _exchange():  # type: ignore[no-untyped-def]
    import exchange_calendars  # takes a second; most runs meet no day without a NAV row

    return exchange_calendars.get_calendar("XNYS")
