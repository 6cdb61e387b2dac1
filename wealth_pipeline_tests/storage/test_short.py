"""Two of the long runs of `make storage`, made short; any order of statements is test_versions.py's."""

from __future__ import annotations

from wealth_pipeline_tests.storage import crashes, readers


def test_nights_pass_under_readers_who_see_each_of_them_whole() -> None:
    told: list[str] = []
    readers.run(2, 1, 2, told.append)
    assert "committed: 0" in told[-1]


def test_a_killed_night_is_completed_by_the_next() -> None:
    told: list[str] = []
    crashes.run(2, told.append)
    assert "digests are those of an undisturbed run" in told[-1]
