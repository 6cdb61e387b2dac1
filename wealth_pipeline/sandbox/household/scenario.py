"""A scenario: which accounts a simulated household has, and what happens in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from wealth_pipeline.sandbox.household.accounts import EU_ACCOUNT, US_ACCOUNT
from wealth_pipeline.sandbox.household.actions import Action
from wealth_pipeline.sandbox.household.days import weekdays
from wealth_pipeline.sandbox.household.plans import EVERY_YEAR, OPENING
from wealth_pipeline.sandbox.household.records import Account
from wealth_pipeline.sandbox.household.rolls import ROLLS, Roll


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A household's accounts and plans. Two of the same name and options are equal; `replace` changes an option.

    Attributes:
        name: which household it is.
        flow_timing: when `twr` counts outflows, at the start or the end of their day; None: as the default household
            does, at the start, and stated on every day.
        position_fx: the part of ChangeInNAV that carries the effect of exchange rates on positions.
        grants_are_flows: whether `twr` counts grants as money that came in, or as a gain.
        accounts: of the household.
        opening: by account and trading day, counted from 1, what its owner does.
        every_year: by account, what its owner does year after year.
        rolls: by account, the contracts that are replaced when they expire.
        joins: the trading day on which an account is opened, where it is not the first.
        leaves: the trading day on which an account is closed.
        late: by account, the first and the last weekday, counted from 0, whose statements come late, all at once.
        corrections: the weekdays, counted from 0, from which on statements show a correction.

    """

    name: str
    flow_timing: Literal["start", "end"] | None = None
    position_fx: Literal["mtm", "fxTranslation"] = "mtm"
    grants_are_flows: bool = True
    accounts: tuple[Account, ...] = field(compare=False)
    opening: Mapping[str, Mapping[int, Sequence[Action]]] = field(compare=False)
    every_year: Mapping[str, Sequence[tuple[Sequence[int], int, Action]]] = field(compare=False)
    rolls: Mapping[str, Sequence[Roll]] = field(compare=False, default_factory=dict)
    joins: Mapping[str, int] = field(compare=False, default_factory=dict)
    leaves: Mapping[str, int] = field(compare=False, default_factory=dict)
    late: Mapping[str, tuple[int, int]] = field(compare=False, default_factory=dict)
    corrections: tuple[int, ...] = field(compare=False, default=())

    def known_at(self, first_day: date, today: date) -> int | None:
        """The latest correction that a statement made today shows; None if nothing is ever corrected."""
        if not self.corrections:
            return None
        passed = len(list(weekdays(first_day, today))) - 1
        return max((known for known in self.corrections if known <= passed), default=0)


DEFAULT = Scenario(
    name="default", accounts=(US_ACCOUNT, EU_ACCOUNT), opening=OPENING, every_year=EVERY_YEAR, rolls=ROLLS
)
