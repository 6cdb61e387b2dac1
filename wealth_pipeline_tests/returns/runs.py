"""One household, or one kind of damage, loaded in a data folder of its own: for the long run."""

from __future__ import annotations

import random
from collections import Counter
from typing import get_args

from wealth_pipeline_tests.returns.books import Books, Shape
from wealth_pipeline_tests.returns.damage import World, undamaged
from wealth_pipeline_tests.returns.examples import example
from wealth_pipeline_tests.returns.judge import Verdict
from wealth_pipeline_tests.returns.loaded import found, published, returns_and_flows

SHAPES: tuple[Shape, ...] = get_args(Shape)
#: The days of accounts that were shown, by status, and what is wrong with them.
Outcome = tuple[Counter[str], list[str]]


def household(seed: int) -> Outcome:
    """Load the files of a household in their order and in another one, compare all figures; about 2000 account-days."""
    rng = random.Random(seed)
    world = undamaged(Books.made(seed, rng.randrange(30, 51), rng.randrange(50, 71), SHAPES[seed % len(SHAPES)]))
    name = f"household {seed} ({world.books.shape})"
    outcome, rows = _judged(world, name)
    rng.shuffle(world.files)
    with published(world) as con:
        other = returns_and_flows(con)
    if other != rows:
        differ = [*((Counter(other) - Counter(rows)) + (Counter(rows) - Counter(other))).elements()]
        outcome[1].append(f"{name}: in another order {len(differ)} rows differ, {differ[:1]}")
    return outcome


def damage(name: str, shape: Shape, seed: int) -> Outcome:
    """Load a damaged household."""
    return _judged(example(name, seed, shape), f"{name} ({shape}, {seed})")[0]


def _judged(world: World, name: str) -> tuple[Outcome, list[tuple[object, ...]]]:
    with published(world) as con:
        shown, rows = found(con), returns_and_flows(con)
    wrong = Verdict(world).wrong(shown)
    wrong += [f"{key} is there twice" for key, times in Counter(row[:4] for row in rows).items() if times > 1]
    return (Counter(day.status for day in shown.values()), [f"{name}: {line}" for line in wrong]), rows
