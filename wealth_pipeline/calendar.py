"""Days: IBKR's report dates are weekdays in New York; the exchange calendar only tells holidays from sessions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

#: IBKR's days are New York's, and so is the schedule.
MARKET_TIMEZONE = "America/New_York"
NEW_YORK = ZoneInfo(MARKET_TIMEZONE)


def last_weekdays(count: int, now: datetime) -> list[date]:
    """The last `count` weekdays before today in New York, oldest first (IBKR: data exist for completed days)."""
    today = now.astimezone(NEW_YORK).date()
    days: list[date] = []
    day = today - timedelta(days=1)
    while len(days) < count:
        if day.isoweekday() < 6:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


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
