"""Days: weekdays by New York's clock, sessions by the exchange's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from wealth_pipeline.calendar import NEW_YORK, due_session, is_session, last_weekdays, weekdays_between


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        (datetime(2026, 11, 24, 11, 0, tzinfo=UTC), date(2026, 11, 23)),  # Tuesday, 06:00 in New York
        (datetime(2026, 11, 24, 4, 59, tzinfo=UTC), date(2026, 11, 20)),  # still Monday in New York
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), date(2026, 11, 20)),  # Monday: Friday is the newest
        (datetime(2026, 11, 21, 12, 0, tzinfo=UTC), date(2026, 11, 20)),  # Saturday
        (datetime(2026, 11, 27, 11, 0, tzinfo=UTC), date(2026, 11, 26)),  # the day after Thanksgiving
        (datetime(2026, 3, 9, 10, 0, tzinfo=UTC), date(2026, 3, 6)),  # the Monday after the clocks changed
        (datetime(2027, 1, 1, 11, 0, tzinfo=UTC), date(2026, 12, 31)),  # New Year
    ],
)
def test_the_newest_day_is_the_last_complete_weekday_in_new_york(now: datetime, newest: date) -> None:
    assert last_weekdays(1, now) == [newest]


def test_the_last_weekdays_come_oldest_first_without_weekends() -> None:
    days = last_weekdays(6, datetime(2026, 11, 24, 11, 0, tzinfo=UTC))
    assert days == [date(2026, 11, d) for d in (16, 17, 18, 19, 20, 23)]


def test_weekdays_between_two_days_include_both() -> None:
    assert weekdays_between(date(2026, 11, 20), date(2026, 11, 23)) == [date(2026, 11, 20), date(2026, 11, 23)]


def test_holidays_are_no_sessions_and_half_days_are() -> None:
    assert not is_session(date(2026, 11, 26))
    assert is_session(date(2026, 11, 27))
    assert not is_session(date(2026, 11, 28))


def test_beyond_the_known_calendar_each_weekday_is_a_session() -> None:
    """The library's calendar ends a year ahead and begins twenty years back."""
    assert is_session(date(1990, 1, 1))
    assert not is_session(date(1990, 1, 6))


LOOKS = (time(6), time(12), time(9))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24 11:59", "2026-11-20"),  # Tuesday: Monday's session may still come
        ("2026-11-24 12:00", "2026-11-23"),
        ("2026-11-25 05:00", "2026-11-23"),
        ("2026-11-21 11:59", "2026-11-19"),  # Saturday morning
        ("2026-11-21 12:00", "2026-11-20"),
        ("2026-11-22 03:00", "2026-11-20"),  # Sunday
        ("2026-11-23 23:59", "2026-11-20"),  # Monday: nobody looks, and nothing is new
        ("2026-11-27 13:00", "2026-11-25"),  # the day after Thanksgiving
        ("2026-11-28 13:00", "2026-11-27"),  # a half day is a session
        ("2026-03-09 13:00", "2026-03-06"),  # the Monday after the clocks changed
        ("2027-01-02 13:00", "2026-12-31"),  # New Year on a Friday
    ],
)
def test_a_session_is_due_once_the_last_look_of_the_next_morning_has_passed(now: str, due: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=NEW_YORK)
    assert due_session(moment, LOOKS) == date.fromisoformat(due)
    assert due_session(moment.astimezone(UTC), LOOKS) == date.fromisoformat(due)
