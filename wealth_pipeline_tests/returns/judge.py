"""What is wrong with the returns that the pipeline made of damaged statements; an empty list: nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from wealth_pipeline_tests.returns import formulas
from wealth_pipeline_tests.returns.books import Timing
from wealth_pipeline_tests.returns.damage import HOUSEHOLD, World
from wealth_pipeline_tests.returns.oracle import Answer, Status, account_days, household_days

Key = tuple[str, date]


@dataclass(frozen=True)
class Found:
    """A day as the pipeline shows it. flow: in less out. implied: the flow that IBKR's own return implies."""

    status: str
    return_percent: float | None
    reason: str | None = None
    flow: Decimal | None = None
    implied: Decimal | None = None
    timing: Timing | None = None


@dataclass
class Verdict:
    """What must be shown of a household's days, and what may be.

    right: the answers. permitted: the statuses allowed of each day; of a day that isn't there none is.
    unjudged: days whose figure follows no rule, or an assumption.
    """

    world: World
    household: bool = True
    right: dict[Key, Answer] = field(init=False)
    permitted: dict[Key, frozenset[Status]] = field(init=False)
    unjudged: set[Key] = field(init=False)
    _sure: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        right = answers(self.world)
        kept = {key for key in {*right, *self.world.touched} if self.household or key[0] != HOUSEHOLD}
        self.right = {key: answer for key, answer in right.items() if key in kept}
        self.permitted = {key: made for key, made in allowed(self.world, right).items() if key in kept}
        self._sure = _sure(self.world, right)
        # Where outflows are assumed to count at the start, the household's return follows its accounts'.
        assumed = {
            (HOUSEHOLD, day)
            for (name, day), answer in right.items()
            if name not in (HOUSEHOLD, *self._sure) and answer.flow_out and self.world.books.timing == "end"
        }
        self.unjudged = assumed | set(self.world.unjudged)

    def wrong(self, found: Mapping[Key, Found]) -> list[str]:
        """One line for each day that shows what it must not."""
        return [line for key in sorted({*self.permitted, *found}) for line in self._wrong(key, found.get(key))]

    def _wrong(self, key: Key, shown: Found | None) -> Iterator[str]:
        statuses: frozenset[Status] = self.permitted.get(key, frozenset())
        where = f"{key[0]} {key[1]}"
        if shown is None:
            if "withheld" not in statuses:
                yield f"{where}: no row, and {sorted(statuses)} is allowed"
        elif not statuses:
            if shown.status in ("shown", "ibkr") and key[0] in self.world.books.accounts:
                yield f"{where}: {shown.status} for a day that isn't there"
        elif shown.status not in statuses:
            yield f"{where}: {shown.status} ({shown.reason}), and {sorted(statuses)} is allowed"
        elif shown.status != "shown" and not shown.reason:
            yield f"{where}: {shown.status} without a reason"
        elif shown.status in ("withheld", "none"):
            if shown.return_percent is not None:
                yield f"{where}: {shown.status} with a return of {shown.return_percent}"
        elif key not in self.unjudged and key in self.right:
            yield from self._off(key, shown, self.right[key])

    def _off(self, key: Key, shown: Found, answer: Answer) -> Iterator[str]:
        stated = self.world.ibkr.get(key) if shown.status == "ibkr" else None
        expected = answer.return_percent if stated is None else Fraction(stated)
        if shown.return_percent is None or expected is None:
            yield f"{key[0]} {key[1]}: {shown.status} {shown.return_percent}, expected {expected}"
            return
        timing, before = self.world.books.timing, answer.invested
        if stated is None and key[0] not in (HOUSEHOLD, *self._sure) and shown.timing not in (None, timing):
            timing = "end" if timing == "start" else "start"
            before = answer.start + answer.flow_in - (answer.flow_out if timing == "start" else 0)
            expected = 100 * ((answer.end + (answer.flow_out if timing == "end" else 0)) / before - 1)
        after = before * (1 + expected / 100)
        if abs(Fraction(shown.return_percent) - expected) > formulas.return_tolerance(before, after):
            yield f"{key[0]} {key[1]}: {shown.status} {shown.return_percent}, expected {float(expected)}"
        if key not in self.world.touched:
            for name, flow in (("flow", shown.flow), ("implied flow", shown.implied)):
                if flow is not None and abs(Fraction(flow) - answer.net_flow) > formulas.flow_tolerance(
                    before, after, timing
                ):
                    yield f"{key[0]} {key[1]}: {name} {flow}, expected {float(answer.net_flow)}"


def answers(world: World) -> dict[Key, Answer]:
    """The right answer of every day of every account, and of the household."""
    of_accounts = {
        (account.name, answer.day): answer
        for account in world.books.accounts.values()
        for answer in account_days(world.books, account)
    }
    return of_accounts | {(HOUSEHOLD, answer.day): answer for answer in household_days(world.books)}


def _sure(world: World, right: Mapping[Key, Answer]) -> frozenset[str]:
    """The accounts of which a return that IBKR states shows where outflows count; else the day's start is assumed.

    One over several days shows it where each of them has a return, and none of them is damaged.
    """
    sure = set()
    for statement in world.statements():
        inside = [key for key in right if key[0] == statement.account and statement.covers(key[1])]
        stated = any(change["twr"] is not None for change in statement.sections.get("ChangeInNAV", []))
        if stated and not any(key in world.touched for key in inside) and _differs([right[key] for key in inside]):
            sure.add(statement.account)
    return frozenset(sure)


def _differs(days: list[Answer]) -> bool:
    """Whether the chain of some days shows where their outflows count."""
    chains = []
    for timing in ("start", "end"):
        factors = [formulas.factor(one.start, one.end, one.flow_in, one.flow_out, timing) for one in days]
        known = [factor for factor, one in zip(factors, days, strict=True) if factor and one.factor is not None]
        if len(known) < len(days):
            return False
        chains.append(formulas.chained(known))
    return abs(chains[0] - chains[1]) > Fraction(len(days) + 1, 10**10)


def allowed(world: World, right: Mapping[Key, Answer]) -> dict[Key, frozenset[Status]]:
    """What is allowed of each day: its answer's status, unless the damage touches it."""
    made = {key: world.touched.get(key, frozenset({answer.status})) for key, answer in right.items()}
    made |= {key: statuses for key, statuses in world.touched.items() if key not in made}
    for (name, day), statuses in world.touched.items():
        if name == HOUSEHOLD or world.books.accounts[name].excluded or statuses == {"shown"}:
            continue
        later = min((one for one in world.books.days if one > day), default=day)
        if (HOUSEHOLD, day) in right and right[HOUSEHOLD, day].status == "shown":
            made[HOUSEHOLD, day] |= statuses
        made[HOUSEHOLD, later] = made.get((HOUSEHOLD, later), frozenset()) | {"withheld"}
    none = {key for key, answer in right.items() if answer.status == "none"}
    return {key: statuses | {"none"} if key in none else statuses for key, statuses in made.items()}
