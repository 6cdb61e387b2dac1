"""What `returns_asof(t)` says of a time is what a warehouse shows that only ever loaded the statements of then."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb
import pytest

from wealth_pipeline_tests.fuzz.house import House, opened
from wealth_pipeline_tests.returns.books import Shape
from wealth_pipeline_tests.returns.damage import World
from wealth_pipeline_tests.returns.examples import examples
from wealth_pipeline_tests.returns.judge import answers
from wealth_pipeline_tests.returns.statements import FlexFile

#: Households in which something is wrong or said again, and the form of their statements.
DAMAGED: dict[str, Shape] = {
    "change_unreadable": "day", "component_missing": "both", "day_restated": "day", "flow_restated": "both",
    "stale_file": "day", "statement_missing": "day", "twr_of_another_figure": "day",
}  # fmt: skip
#: Those whose days are stated again weeks later, with other figures.
RESTATED = ("day_restated", "flow_restated")
#: Households in which nothing is wrong.
SOUND: tuple[Shape, ...] = ("day", "both", "window", "plain")
NAMES = [*DAMAGED, *SOUND]
NO_CHANGE = "no Change in NAV of that time states the flows of exactly this day"
#: Why days are withheld, or have IBKR's return, whose flows Cash Transactions and Transfers may tell.
FLOWS_UNKNOWN = (NO_CHANGE, "the Change in NAV lacks fields of the flows", "a newer statement covers the day without")
Key = tuple[str, date]
Rows = dict[Key, dict[str, Any]]


@dataclass
class Household:
    """A household without its damage and with it, and a time, late in an evening: what was known then, and at last.

    published: `returns_daily` of a warehouse that has the statements of then, and of one that has all. known: what
    returns_asof says of then, and of the last moment, in the one that has all.
    """

    sound: World
    world: World
    then: datetime
    published_then: Rows = field(default_factory=dict)
    known_then: Rows = field(default_factory=dict)
    published_at_last: Rows = field(default_factory=dict)
    known_at_last: Rows = field(default_factory=dict)


def household(sound: World, world: World, name: str) -> Household:
    """With a random time between its statements; before everything is stated again, where that is done."""
    generated = sorted({statement.generated.date() for statement in world.statements()})
    last = max(statement.generated.date() for statement in sound.statements())
    day = last if name in RESTATED else random.Random(name).choice(generated[:-1])
    return Household(sound, world, datetime.combine(day, time(23)))


def files(made: Iterable[Household], *, of_then: bool) -> Iterator[FlexFile]:
    """The statements of then, or those after it: the first files of all households as one, then the second."""
    parts = [
        [[s for s in file.statements if (s.generated <= one.then) is of_then] for file in one.world.files]
        for one in made
    ]
    for joined in zip_longest(*([statements for statements in part if statements] for part in parts)):
        yield FlexFile([statement for statements in joined if statements for statement in statements])


def load(house: House, made: Iterable[FlexFile]) -> None:
    for file in made:
        loaded = house.load(file.data())
        assert loaded.status == "loaded", loaded.reason


def rows(con: duckdb.DuckDBPyConnection, relation: str, world: World) -> Rows:
    """The rows of a household's accounts, without what follows from proofs."""
    accounts = list(world.books.accounts)
    found = con.execute(f"FROM {relation} WHERE account_id IN (SELECT unnest(?))", [accounts])
    names = [column[0] for column in found.description or ()]
    made = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {
        (row["account_id"], row["report_date"]): {name: value for name, value in row.items() if name != "proof"}
        for row in made
    }


@cache
def households() -> dict[str, Household]:
    """All households: in a warehouse with the statements of then, and in one with all of them, the newest first."""
    pairs = {
        # Each load takes as long as hundreds of statements.
        name: next(pair for pair in examples(name, number, shape) if len(pair[1].files) <= 3)
        for number, (name, shape) in enumerate(DAMAGED.items())
    }
    for number, shape in enumerate(SOUND, len(pairs)):
        sound, _ = next(examples("files_in_reverse", number, shape))
        pairs[shape] = (sound, sound)
    made = {name: household(*pair, name) for name, pair in pairs.items()}
    then, later = (list(files(made.values(), of_then=of_then)) for of_then in (True, False))
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as house:
        load(house, then)
        for one in made.values():
            one.published_then = rows(house.con, "returns_daily", one.world)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as house:
        load(house, [*reversed(later), *reversed(then)])
        house.con.execute("CREATE TABLE at_last AS FROM returns_asof('2030-01-01')")
        for one in made.values():
            one.known_then = rows(house.con, f"returns_asof('{one.then}')", one.world)
            one.published_at_last = rows(house.con, "returns_daily", one.world)
            one.known_at_last = rows(house.con, "at_last", one.world)
    return made


def contradicted(known: Rows, published: Rows) -> list[str]:
    """Where what was known is another return than what was published then, one line a day."""
    assert known.keys() == published.keys()
    return [
        f"{key}: {row} is not {published[key]}"
        for key, row in known.items()
        if row != published[key] and not permitted(row, published[key])
    ]


def permitted(known: dict[str, Any], published: dict[str, Any]) -> bool:
    """Whether less was known, for only the Change in NAV keeps versions, and nothing else."""
    if known["return_percent"] is None and published["return_percent"] is None:
        return bool(known["status"] == published["status"] or known["status"] == "withheld")
    if not (known["reason"] or "").startswith(FLOWS_UNKNOWN):
        return False
    return known["status"] == "withheld" or bool(abs(known["return_percent"] - published["return_percent"]) < 2e-8)


def off(known: Rows, world: World) -> list[str]:
    """Where a return that is shown isn't the one of the books, one line a day."""
    right = answers(world)
    return [
        f"{key}: {row['return_percent']} is not {right[key].return_percent}"
        for key, row in known.items()
        if row["status"] == "shown" and abs(row["return_percent"] - float(right[key].return_percent or 0)) > 2e-8
    ]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_known_then_is_what_was_published_then_whatever_came_before_or_later(name: str) -> None:
    one = households()[name]
    assert one.known_then
    assert one.known_then != one.known_at_last
    assert contradicted(one.known_then, one.published_then) == []
    assert contradicted(one.known_at_last, one.published_at_last) == []


@pytest.mark.parametrize("name", ["day", "both"])
def test_a_day_of_which_a_change_in_nav_tells_the_flows_has_all_that_is_published(name: str) -> None:
    one = households()[name]
    assert one.known_then == one.published_then
    assert one.known_at_last == one.published_at_last
    assert off(one.known_then, one.world) == off(one.known_at_last, one.world) == []
    assert Counter(row["status"] for row in one.known_at_last.values())["shown"] > 30


def test_a_day_without_a_change_in_nav_is_withheld() -> None:
    one = households()["plain"]
    said = Counter((row["status"], row["reason"]) for row in one.known_at_last.values() if row["status"] != "none")
    assert said.keys() == {("withheld", NO_CHANGE)}
    assert said.total() > 30


@pytest.mark.parametrize("name", RESTATED)
def test_a_restated_day_has_its_old_return_before_and_its_new_one_after(name: str) -> None:
    one = households()[name]
    assert off(one.known_then, one.sound) == off(one.known_at_last, one.world) == []
    old, new = answers(one.sound), answers(one.world)
    changed = [key for key in one.known_then if old[key].return_percent != new[key].return_percent]
    assert changed
    for key in changed:
        assert one.known_then[key]["status"] == one.known_at_last[key]["status"] == "shown"
        assert one.known_then[key]["return_percent"] != one.known_at_last[key]["return_percent"]
