"""Books with each kind of damage, so that many can be loaded together: no two have a day or an account in common."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from wealth_pipeline_tests.returns.books import BEGINNING, Books, Shape
from wealth_pipeline_tests.returns.damage import Impossible, World, damaged, kinds, undamaged

#: Accounts and weekdays of an example.
SIZE = (3, 18)
#: How many seeds an example may try; no two numbers try the same.
_SEEDS = 40


def example(name: str, number: int = 0, shape: Shape | None = None) -> World:
    """Some books with a kind of damage, in the first of its shapes and seeds that has a place for it.

    number: of the example; those of different numbers can be loaded together. The shapes are tried from another one on.
    """
    for _, world in examples(name, number, shape):
        return world
    raise AssertionError(f"{name}: no place in any books")


def examples(name: str, number: int = 0, shape: Shape | None = None) -> Iterator[tuple[World, World]]:
    """The examples of a kind, each without its damage and with it."""
    shapes = [shape] if shape else sorted(kinds()[name].shapes)
    turn = number % len(shapes)
    beginning = BEGINNING - timedelta(days=120 * number)
    for seed in range(number * _SEEDS, (number + 1) * _SEEDS):
        for chosen in shapes[turn:] + shapes[:turn]:
            try:
                world = damaged(name, seed, Books.made(seed, *SIZE, chosen, beginning))
            except Impossible:
                continue
            yield undamaged(Books.made(seed, *SIZE, chosen, beginning)), world
