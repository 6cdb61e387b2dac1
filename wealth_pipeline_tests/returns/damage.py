"""Kinds of damage: what can be wrong with statements, and what may then be shown. The kinds stand in damage_*.py.

The figure that is right is always that of the books, which a kind changes where the household's history is another one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib import import_module
from typing import get_args

from wealth_pipeline_tests.returns.books import Account, AccountDay, Books, Shape
from wealth_pipeline_tests.returns.oracle import Status
from wealth_pipeline_tests.returns.sections import Row
from wealth_pipeline_tests.returns.statements import FlexFile, Statement, accounts_toml, files

#: The name under which a kind names days of the household; their answers follow from the accounts' otherwise.
HOUSEHOLD = "household"
SHAPES: frozenset[Shape] = frozenset(get_args(Shape))
BY_DAY: frozenset[Shape] = frozenset({"day", "both"})
#: The shapes whose flows are known from Cash Transactions and Transfers alone.
LISTED: frozenset[Shape] = frozenset({"window", "plain"})
WITH_LISTS: frozenset[Shape] = frozenset({"window", "plain", "both"})

RIGHT: frozenset[Status] = frozenset({"shown"})
WITHHELD: frozenset[Status] = frozenset({"withheld"})
RIGHT_OR_WITHHELD: frozenset[Status] = RIGHT | WITHHELD
IBKR_OR_WITHHELD: frozenset[Status] = frozenset({"ibkr", "withheld"})
ANY: frozenset[Status] = frozenset({"shown", "ibkr", "withheld"})


class Impossible(Exception):
    """These books have no place for the damage."""


@dataclass
class World:
    """What is loaded (the files, and accounts.toml), and the books with the right figures.

    touched: the days of accounts and of the household that need not be shown, with what is allowed of them; `shown` is
    the right figure. ibkr: the twr that IBKR states, where it isn't the right one. unjudged: days whose figure follows
    no rule. alone: whether rows lack what tells them from other files' rows. A day of an account that is touched allows
    the household the same, and where it is withheld also the next.
    """

    books: Books
    files: list[FlexFile]
    rng: random.Random
    toml: str = ""
    touched: dict[tuple[str, date], frozenset[Status]] = field(default_factory=dict)
    ibkr: dict[tuple[str, date], Decimal] = field(default_factory=dict)
    unjudged: set[tuple[str, date]] = field(default_factory=set)
    alone: bool = False

    def statements(self, account: Account | None = None, day: date | None = None) -> Iterator[Statement]:
        """The statements of an account, that cover a day."""
        for file in self.files:
            for statement in file.statements:
                if account in (None, self.books.accounts.get(statement.account)) and (
                    day is None or statement.covers(day)
                ):
                    yield statement

    def drop(self, wrong: Callable[[Statement], bool]) -> None:
        """Take statements out of the files."""
        for file in self.files:
            file.statements = [statement for statement in file.statements if not wrong(statement)]
        self.files = [file for file in self.files if file.statements]

    def rows(self, section: str, account: Account | None = None, day: date | None = None) -> Iterator[Row]:
        """The rows of a section, in the statements of an account that cover a day."""
        for statement in self.statements(account, day):
            yield from statement.sections.get(section, [])

    def touch(self, account: Account | None, days: list[date], allowed: frozenset[Status]) -> None:
        """Say what is allowed of days of an account; None: of the household."""
        for day in days:
            self.touched[account.name if account else HOUSEHOLD, day] = allowed

    def ordinary(self, wanted: Callable[[AccountDay], bool] = lambda _: True) -> tuple[Account, AccountDay]:
        """A random day of an account that has a return, not its first nor its last two, without a holiday about it."""
        found = [
            (account, account.rows[day])
            for account in self.books.accounts.values()
            for day in sorted(account.rows)[2:-2]
            if account.rows[day].start and account.rows[day].end and not account.holidays and wanted(account.rows[day])
        ]
        if not found:
            raise Impossible
        return self.rng.choice(found)

    def after(self, account: Account, day: date) -> date:
        """The date of the row after a day's."""
        return min(later for later in account.rows if later > day)

    def window(self, account: Account, day: date) -> list[date]:
        """The days of the rows of the windows that cover a day."""
        covering = list(self.statements(account, day))
        return [known for known in sorted(account.rows) if any(one.covers(known) for one in covering)]


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A kind of damage. what: what it does and what is allowed of it. shapes: the statements that it can be done to."""

    name: str
    what: str
    shapes: frozenset[Shape]
    apply: Callable[[World], None]


#: The kinds that are registered so far; `kinds` registers all.
KINDS: dict[str, Damage] = {}
Apply = Callable[[World], None]


def kind(what: str, shapes: frozenset[Shape] = SHAPES) -> Callable[[Apply], Apply]:
    """Register a function as a kind of damage of its name."""

    def register(apply: Apply) -> Apply:
        KINDS[apply.__name__] = Damage(name=apply.__name__, what=what, shapes=shapes, apply=apply)
        return apply

    return register


def kinds() -> dict[str, Damage]:
    """Every kind, by name."""
    for module in ("books", "changes", "coverage", "rows"):
        import_module(f"wealth_pipeline_tests.returns.damage_{module}")
    return KINDS


def undamaged(books: Books) -> World:
    """Some books' files as they are: everything must be as in the books."""
    return World(books, files(books), random.Random(0), toml=accounts_toml(books))


def damaged(name: str, seed: int, books: Books) -> World:
    """Some books' files with a kind of damage at a random place; raises Impossible where there is none."""
    if books.shape not in kinds()[name].shapes:
        raise Impossible
    world = World(books, files(books), random.Random(f"{name} {seed}"))
    KINDS[name].apply(world)
    world.toml = accounts_toml(books)
    return world
