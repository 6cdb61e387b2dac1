"""The long runs of `make storage`, made short."""

from __future__ import annotations

from wealth_pipeline_tests.storage import crashes, order, readers


def test_any_order_of_random_statements_gives_equal_digests_and_the_past_can_be_asked() -> None:
    told: list[str] = []
    order.run(5, 1, told.append)
    assert told[-1].endswith("what a replay up to then gives.")


def test_nights_pass_under_readers_who_see_each_of_them_whole() -> None:
    told: list[str] = []
    readers.run(2, 1, 2, told.append)
    assert "committed: 0" in told[-1]


def test_a_killed_night_is_completed_by_the_next() -> None:
    told: list[str] = []
    crashes.run(2, told.append)
    assert "digests are those of an undisturbed run" in told[-1]
