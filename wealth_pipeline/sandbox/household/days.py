"""Report days and trading days of the simulated household.

IBKR: an account has a statement for every weekday, exchange holidays included; never for a weekend.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

#: The zone of IBKR's report days and of its times without a zone.
NEW_YORK = ZoneInfo("America/New_York")

ONE_DAY = timedelta(days=1)


def new_york_now() -> datetime:
    """The present, aware."""
    return datetime.now(tz=NEW_YORK)


def is_weekday(day: date) -> bool:
    """Whether IBKR makes a statement for this day."""
    return day.weekday() < 5


def weekdays(first: date, last: date) -> Iterator[date]:
    """Each weekday from `first` to `last`, both included, oldest first."""
    day = first
    while day <= last:
        if is_weekday(day):
            yield day
        day += ONE_DAY


def weekday_on_or_after(day: date) -> date:
    """The day itself, or the Monday after a weekend day."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def weekday_before(day: date) -> date:
    """The last weekday before the day."""
    day -= ONE_DAY
    return day if is_weekday(day) else day - timedelta(days=day.weekday() - 4)


def add_weekdays(day: date, count: int) -> date:
    """The weekday `count` weekdays after the day."""
    for _ in range(count):
        day = weekday_on_or_after(day + ONE_DAY)
    return day


@cache
def is_trading_day(day: date) -> bool:
    """Whether the simulated exchanges are open: weekdays except four big American holidays."""
    if not is_weekday(day) or (day.month, day.day) in {(1, 1), (7, 4), (12, 25)}:
        return False
    thanksgiving = day.month == 11 and day.weekday() == 3 and 22 <= day.day <= 28
    return not thanksgiving


@cache
def trading_day_of_month(day: date) -> int:
    """How many trading days the day's month has up to and including the day."""
    return sum(is_trading_day(day.replace(day=number)) for number in range(1, day.day + 1))


def third_friday(year: int, month: int) -> date:
    """The day on which listed options and futures of a month expire."""
    fifteenth = date(year, month, 15)
    return fifteenth + timedelta(days=(4 - fifteenth.weekday()) % 7)


def quarterly_expiry(day: date, at_least_days: int) -> date:
    """The first third Friday of March, June, September or December that is so many days away."""
    for year in (day.year, day.year + 1):
        for month in (3, 6, 9, 12):
            expiry = third_friday(year, month)
            if expiry >= day + timedelta(days=at_least_days):
                return expiry
    raise ValueError(f"no quarterly expiry within two years of {day}")
