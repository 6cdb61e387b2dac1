"""The kinds of damage find a place, and the judge sees what must not be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from wealth_pipeline_tests.returns.damage import HOUSEHOLD, World, kinds
from wealth_pipeline_tests.returns.examples import example
from wealth_pipeline_tests.returns.judge import Found, Verdict

NAMES = sorted(kinds())
Key = tuple[str, date]


@cache
def damaged_books(name: str) -> World:
    """An example of a kind that no test changes."""
    return example(name)


def honest(world: World) -> dict[Key, Found]:
    """What a pipeline shows that shows the right figure wherever it may, else IBKR's, else withholds."""
    verdict, shown = Verdict(world), {}
    for key, statuses in verdict.permitted.items():
        answer = verdict.right.get(key)
        if answer is None:
            continue
        if answer.status == "none":
            shown[key] = Found("none", None, answer.reason or "said")
        elif "shown" in statuses and answer.factor is not None:
            shown[key] = Found("shown", float(answer.return_percent or 0), timing=world.books.timing)
        elif "ibkr" in statuses:
            figure = world.ibkr.get(key, answer.return_percent)
            shown[key] = Found("ibkr", float(figure or 0), "said")
        else:
            shown[key] = Found("withheld", None, "said")
    return shown


def test_there_are_sixty_kinds() -> None:
    assert len(NAMES) >= 60
    assert all(kind.what.endswith(".") and kind.shapes for kind in kinds().values())


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_has_a_place_and_an_honest_pipeline_passes(name: str) -> None:
    world = damaged_books(name)
    assert world.files
    assert Verdict(world).wrong(honest(world)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_that_is_not_right_is_seen(name: str) -> None:
    world = damaged_books(name)
    shown, unjudged = honest(world), Verdict(world).unjudged
    judged = [key for key, found in shown.items() if found.status == "shown" and key not in unjudged]
    for key in judged[::7]:
        off = replace(shown[key], return_percent=(shown[key].return_percent or 0) + 1e-6)
        assert [line.split(":")[0] for line in Verdict(world).wrong(shown | {key: off})] == [f"{key[0]} {key[1]}"]


def test_a_day_that_must_be_withheld_must_not_be_shown() -> None:
    seen = set()
    for name in NAMES:
        world = damaged_books(name)
        for key, statuses in world.touched.items():
            if "shown" not in statuses and key[0] != HOUSEHOLD:
                assert Verdict(world).wrong(honest(world) | {key: Found("shown", 0.0)}) != []
                seen.add(name)
    assert {"hole", "statement_missing", "twr_of_another_figure", "day_alone_restated"} <= seen


def test_a_day_that_is_right_must_not_be_withheld() -> None:
    world = damaged_books("files_in_reverse")
    for key, found in honest(world).items():
        if found.status == "shown":
            assert Verdict(world).wrong(honest(world) | {key: Found("withheld", None, "said")}) != []
            return


def test_a_day_without_a_figure_has_a_reason() -> None:
    world = damaged_books("hole")
    shown = honest(world)
    without = {key: Found(found.status, None) for key, found in shown.items() if found.status == "withheld"}
    assert len(Verdict(world).wrong(shown | without)) == len(without) > 0
