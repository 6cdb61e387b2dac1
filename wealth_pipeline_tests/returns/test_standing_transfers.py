"""A transfer that two members repeat: each sum that leaves one is paired with the one that arrives for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.books import Books
from wealth_pipeline_tests.returns.statements import FlexFile, files
from wealth_pipeline_tests.returns.test_household import account, books, moved

#: Six weeks of weekdays, from a Monday on.
DAYS = [day for day in (date(2026, 3, 2) + timedelta(days=n) for n in range(42)) if day.weekday() < 5]


def standing(left: Sequence[int], arrived: Sequence[int], begins: int = 0) -> Books:
    """A sends 10 to B and earns 1 a day; on which days they leave A and arrive. begins: the day of the first NAV."""
    days = DAYS[begins:]
    gains = [1] * (len(days) - 1)
    outs = [moved(-10, day, "B", DAYS) for day in left if day > begins]
    ins = [moved(10, day, "A", DAYS) for day in arrived if day > begins]
    return books(account("A", gains, *outs, days=days), account("B", [0] * len(gains), *ins, days=days), days=days)


def household(folder: Path, *loaded: FlexFile) -> list[tuple[Any, ...]]:
    """Status, net flow and value of the household's days, of these files one after the other."""
    folder.mkdir(exist_ok=True)
    with opened(folder) as house:
        for file in loaded:
            assert house.load(file.data()).status == "loaded"
        return house.con.execute(
            "SELECT report_date, status, flow_in, flow_out, end_value, gain FROM household_daily ORDER BY report_date"
        ).fetchall()


def whole(made: Books) -> FlexFile:
    """All statements in one file."""
    return FlexFile(
        [statement for file in files(made, [(made.days[1], made.days[-1])]) for statement in file.statements]
    )


WEEKS = range(5, len(DAYS), 5)


@pytest.mark.parametrize("left, arrived", [(0, 1), (0, 3), (1, 0)])
def test_a_weekly_transfer_is_in_transit_each_week_until_it_arrives(left: int, arrived: int, tmp_path: Path) -> None:
    """Also where it arrives the day before it left."""
    outs, ins = ([week + day for week in WEEKS if week + day < len(DAYS)] for day in (left, arrived))
    rows = household(tmp_path, whole(standing(outs, ins)))
    waits = DAYS.index(max(DAYS)) - 5
    assert [row[4] for row in rows[:waits]] == [200 + n for n in range(waits)]
    assert {row[1:4] for row in rows[1:waits]} == {("shown", 0, 0)}


def test_the_pairs_are_the_same_whether_each_night_is_loaded_or_all_at_once(tmp_path: Path) -> None:
    made = standing(list(WEEKS), [week + 1 for week in WEEKS if week + 1 < len(DAYS)])
    every = whole(made).statements
    nights = [FlexFile([one for one in every if one.last == day]) for day in DAYS[26:]]
    begun = FlexFile([one for one in every if one.last < DAYS[26]])
    assert household(tmp_path / "nights", begun, *nights) == household(tmp_path / "at once", whole(made))


def test_a_file_of_the_past_pairs_what_is_there_again_as_it_would_have(tmp_path: Path) -> None:
    """Without its days the transfers beside them have another partner, or none."""
    made = standing([5, 8, 12, 15], [6, 10, 13, 17])
    every = whole(made).statements
    late = [one for one in every if one.account == "B" and one.last in (DAYS[6], DAYS[10])]
    orders = [FlexFile([one for one in every if one not in late]), *(FlexFile([one]) for one in late)]
    assert household(tmp_path / "late", *orders) == household(tmp_path / "at once", whole(made))


def test_a_history_that_begins_with_an_arrival_does_not_shift_the_pairs_after_it(tmp_path: Path) -> None:
    rows = household(tmp_path, whole(standing(list(WEEKS), [week + 1 for week in WEEKS if week + 1 < len(DAYS)], 5)))
    assert rows[1][2:] == (10, 0, 211, 1)
    assert {row[2:4] for row in rows[2:-1]} == {(0, 0)}
    assert [row[4] for row in rows[1:-5]] == [211 + n for n in range(len(rows) - 6)]


def test_a_transfer_that_never_arrives_does_not_take_the_other_side_of_the_next(tmp_path: Path) -> None:
    rows = household(tmp_path, whole(standing([1, 6], [7])))
    assert rows[1][1:] == ("shown", 0, 10, 191, 1)
    assert {row[1:4] for row in rows[2:]} == {("shown", 0, 0)}
