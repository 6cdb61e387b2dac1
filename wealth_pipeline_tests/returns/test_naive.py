"""Each kind of damage counts: it alone makes a simple tool wrong that lacks the check against it."""

from __future__ import annotations

import pytest

from wealth_pipeline_tests.returns.books import Books
from wealth_pipeline_tests.returns.damage import World, kinds, undamaged
from wealth_pipeline_tests.returns.examples import examples
from wealth_pipeline_tests.returns.judge import Key, answers
from wealth_pipeline_tests.returns.naive import NO_TRAPS, TRAPS, Naive, Shortcut

#: A millionth of a percent; the smallest damage is a cent.
OFF = 1e-6


def right(world: World, shortcut: Shortcut | None) -> set[Key]:
    """The days of which the tool shows the right figure."""
    shown = Naive(world, shortcut).returns()
    return {
        key
        for key, answer in answers(world).items()
        if answer.return_percent is not None and key in shown and abs(shown[key] - answer.return_percent) <= OFF
    }


def wrong(world: World, shortcut: Shortcut | None) -> set[Key]:
    """The days of which the tool shows a figure where another is right, or none is."""
    shown = Naive(world, shortcut).returns()
    return {key for key, answer in answers(world).items() if answer.status != "none" and key in shown} - right(
        world, shortcut
    )


def trapped(name: str) -> bool:
    """Whether the damage makes the tool wrong on a day on which it was right without the damage."""
    shortcut = TRAPS.get(name)
    return any(right(whole, shortcut) & wrong(world, shortcut) for whole, world in examples(name))


def test_the_tool_is_right_of_accounts_that_nothing_happens_to() -> None:
    for seed in range(3):
        for shape in ("day", "plain", "both"):
            world = undamaged(Books.made(seed, 3, 18, shape))
            flows = [flow for account in world.books.accounts.values() for flow in account.flows()]
            if world.books.timing == "start" and all(flow.kind != "grant" for flow in flows):
                assert not {key for key in wrong(world, None) if key[0] in world.books.accounts}


@pytest.mark.parametrize("name", sorted(kinds().keys() - NO_TRAPS))
def test_without_the_check_the_figure_is_another(name: str) -> None:
    assert trapped(name)


def test_sixty_kinds_count() -> None:
    assert len(kinds().keys() - NO_TRAPS) >= 60
    assert NO_TRAPS | TRAPS.keys() <= kinds().keys()
