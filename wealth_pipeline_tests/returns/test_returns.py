"""A short run of the pipeline's returns and flows against exact fractions; `make returns` is the long one."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from functools import cache

import pytest

from wealth_pipeline_tests.returns.books import BEGINNING, Books
from wealth_pipeline_tests.returns.damage import World, kinds, undamaged
from wealth_pipeline_tests.returns.examples import example
from wealth_pipeline_tests.returns.judge import Found, Key, Verdict
from wealth_pipeline_tests.returns.loaded import found, returns_and_flows, together
from wealth_pipeline_tests.returns.runs import SHAPES

NAMES = sorted(kinds())


def of(world: World, shown: dict[Key, Found]) -> dict[Key, Found]:
    """The days of a world's own accounts."""
    return {key: day for key, day in shown.items() if key[0] in world.books.accounts}


def test_every_return_and_flow_is_right_and_the_order_of_the_files_does_not_matter() -> None:
    """To IBKR's ninth decimal, over thousands of days of accounts."""
    worlds = [
        undamaged(Books.made(seed, 30, 25, shape, BEGINNING - timedelta(days=150 * seed)))
        for seed, shape in enumerate(SHAPES)
    ]
    with together(worlds) as con:
        shown, rows = found(con), returns_and_flows(con)
    assert [line for world in worlds for line in Verdict(world, household=False).wrong(of(world, shown))] == []
    statuses = Counter(day.status for world in worlds for day in of(world, shown).values())
    assert statuses["shown"] > 2000
    assert statuses.keys() == {"shown", "none"}
    for world in worlds:
        random.Random(1).shuffle(world.files)
    with together(worlds) as con:
        assert returns_and_flows(con) == rows


@cache
def damage() -> tuple[dict[str, World], dict[Key, Found]]:
    """An example of every kind, and what became of all of them."""
    worlds = {name: example(name, number) for number, name in enumerate(NAMES)}
    with together(list(worlds.values())) as con:
        return worlds, found(con)


@pytest.mark.parametrize("name", NAMES)
def test_damage_shows_the_right_figure_or_ibkrs_or_none(name: str) -> None:
    worlds, shown = damage()
    world = worlds[name]
    assert of(world, shown)
    assert Verdict(world, household=False).wrong(of(world, shown)) == []
