"""The window of a pull: the days that are wanted, and an audit of those before."""

from __future__ import annotations

from datetime import date

import pytest

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.flex.ledger import Window
from wealth_pipeline.pull.ask import PullError, asked_window


def test_the_window_begins_with_the_overlap_and_ends_with_the_last_day() -> None:
    window = asked_window([date(2026, 11, 19), date(2026, 11, 16)], overlap_days=7)
    assert window == Window(date(2026, 11, 9), date(2026, 11, 19))


def test_a_quarter_is_asked_for_in_one_run_and_no_more() -> None:
    """IBKR: larger windows, broken out by day, were seen to hang."""
    quarter = weekdays_between(date(2026, 8, 21), date(2026, 11, 19))
    assert asked_window(quarter, overlap_days=0).last == date(2026, 11, 19)
    with pytest.raises(PullError) as error:
        asked_window([date(2026, 8, 20), *quarter], overlap_days=0)
    assert "wealth pull --from DATE --to DATE" in str(error.value)
