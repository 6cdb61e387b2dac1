"""The window of days for which a statement is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from wealth_pipeline.sandbox.flex.refusals import RefusalError
from wealth_pipeline.sandbox.household.days import ONE_DAY, weekday_before

#: Days of a window, both ends included.
LONGEST_WINDOW = 365

_DATE = re.compile(r"\d{8}")


@dataclass(frozen=True)
class Window:
    """First and last day, both included, and IBKR's name of the period, empty for dates that were asked for."""

    first: date
    last: date
    period: str

    def until(self, available: date) -> Window:
        """The part of it of which statements are available.

        A weekend at the end belongs to the window; a weekday that isn't there yet cuts it.
        """
        return replace(self, last=available) if weekday_before(self.last + ONE_DAY) > available else self

    def last_day_alone(self) -> Window:
        """Its last weekday."""
        day = weekday_before(self.last + ONE_DAY)
        return Window(day, day, "LastBusinessDay")


def asked_window(query: Mapping[str, str], today: date) -> Window:
    """The window that a SendRequest asks for: dates, a number of days, or the query's own period.

    Raises:
        RefusalError: 1020 if the parameters make no sense, 1003 for a window that is too long or not over yet.

    """
    if "fd" in query or "td" in query:
        first, last = _date(query.get("fd", "")), _date(query.get("td", ""))
        if first > last:
            raise RefusalError("1020")
        if (last - first).days >= LONGEST_WINDOW or last >= today:
            raise RefusalError("1003")
        return Window(first, last, "")
    days = query.get("p", "7")
    if not days.isdecimal() or not 1 <= int(days) <= LONGEST_WINDOW:
        raise RefusalError("1020")
    period = "" if "p" in query else "Last7CalendarDays"
    return Window(today - timedelta(days=int(days)), today - ONE_DAY, period)


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise RefusalError("1020")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise RefusalError("1020") from None
