"""Returns as a simple tool computes them of the rows of statements, with whatever rows there are and no check at all.

It shows which kinds of damage are worth their name: those that make a tool wrong that lacks the check against them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from wealth_pipeline_tests.flexml import Value
from wealth_pipeline_tests.returns.books import COMPONENTS
from wealth_pipeline_tests.returns.damage import HOUSEHOLD, World
from wealth_pipeline_tests.returns.judge import Key
from wealth_pipeline_tests.returns.sections import Row
from wealth_pipeline_tests.returns.statements import Statement

#: What else a simple tool does.
#: twr: it shows the twr, and 0 without one.
#: residue: what the Change in NAV doesn't name as a result is a flow.
#: changes_only: flows come from the Change in NAV alone.
#: any_window: the Change in NAV of whatever period counts, if it ends on the day.
#: any_type: whatever isn't called a dividend or a fee is a flow.
#: adds_up: the rows of all files are added up.
#: copies: an amount that comes again on a day is a copy.
#: by_effect: rows are dated by when they took effect.
#: before: a row of a day without NAV counts on the NAV before.
#: of_the_statement: each row is of its statement's account.
#: last, first: the last file, or the first, that states a NAV is right.
#: as_loaded: rows come in the order of their days.
#: whole_days: a file replaces the days it covers.
#: at_the_end: flows count at the end of their day.
Shortcut = Literal[
    "twr", "residue", "changes_only", "any_window", "any_type", "adds_up", "copies", "by_effect", "before",
    "of_the_statement", "last", "first", "as_loaded", "whole_days", "at_the_end",
]  # fmt: skip
#: The shortcut that each kind of damage is a trap for, where the tool isn't wrong without any.
TRAPS: dict[str, Shortcut] = {
    "change_in_nav_unticked": "changes_only",
    "change_over_two_days": "any_window",
    "change_unreadable": "residue",
    "dates_of_effect_of_another_year": "by_effect",
    "day_restated": "first",
    "deposit_reversed": "copies",
    "everything_generated_again": "adds_up",
    "file_of_each_account": "whole_days",
    "file_twice": "adds_up",
    "files_in_another_order": "as_loaded",
    "files_in_reverse": "as_loaded",
    "flow_after_the_last_row": "before",
    "flow_restated": "first",
    "other_income": "residue",
    "payments_in_lieu": "any_type",
    "result_in_its_other_form": "residue",
    "stale_file": "last",
    "statements_in_another_order": "as_loaded",
    "summary_rows": "of_the_statement",
    "transfers_listed_as_deposits": "any_type",
    "twr_missing": "twr",
    "twr_of_another_figure": "twr",
    "twr_unticked": "twr",
    "vast_deposit": "at_the_end",
    "vast_withdrawal": "at_the_end",
    "windows_besides": "adds_up",
}
#: The kinds that show only that nothing is withheld without need, or that are judged by what may be shown.
NO_TRAPS = frozenset({
    "components_of_zero_missing", "counterparty_unticked", "joining_without_history", "other_rates_missing",
    "statement_of_a_holiday_missing", "twr_of_a_window_of_another_figure",
})  # fmt: skip

_PAID = ("Deposits", "Debit", "Bill")
#: The shortcuts of tools that know of no Change in NAV.
_LISTS_ALONE = ("adds_up", "before", "copies")
_RESULTS = ("mtm", "dividends", "otherFees")


class Naive:
    """The returns of a world's files, in percent, by account and day, and of all accounts together."""

    def __init__(self, world: World, shortcut: Shortcut | None = None) -> None:
        self.shortcut = shortcut
        self.reporting = world.books.reporting
        self.statements = [statement for file in world.files for statement in file.statements]
        self.nav: dict[str, dict[date, Fraction]] = {}
        self.before: dict[Key, Fraction] = {}
        self.currencies: dict[str, Value] = {}
        self.rates: dict[tuple[Value, date], Fraction] = {}
        self._seen: dict[Key, datetime] = {}
        for file in world.files:
            if shortcut == "whole_days":
                self._forget([day for s in file.statements for day in world.books.days if s.covers(day)])
            for statement in file.statements:
                self._read(statement)

    def returns(self) -> dict[Key, Fraction]:
        """Every figure that the tool shows."""
        made = {(account, day): value for account in self.nav for day, value in self._of_account(account)}
        return made | {(HOUSEHOLD, day): value for day, value in self._of_household()}

    def _forget(self, days: list[date]) -> None:
        for account in self.nav.values():
            for day in days:
                account.pop(day, None)

    def _read(self, statement: Statement) -> None:
        for row in statement.sections["EquitySummaryInBase"]:
            account, day = statement.account, _date(row["reportDate"])
            known = self.nav.setdefault(account, {})
            if day not in known:
                self.before[account, day] = list(known.values())[-1] if known else Fraction(0)
            newer = day not in known or statement.generated >= self._seen[account, day]
            if day not in known or self.shortcut == "last" or (newer and self.shortcut != "first"):
                known[day] = _number(row["total"])
                self._seen[account, day] = statement.generated
                self.currencies[account] = row.get("currency")
        for row in statement.sections["ConversionRates"]:
            if row["toCurrency"] == self.reporting:
                self.rates[row["fromCurrency"], _date(row["reportDate"])] = _number(row["rate"])

    def _of_account(self, account: str) -> Iterator[tuple[date, Fraction]]:
        days = sorted(self.nav[account])
        for previous, day in pairwise(days):
            start, end, flow = self.nav[account][previous], self.nav[account][day], self._flow(account, day, days)
            if self.shortcut == "as_loaded":
                start = self.before[account, day]
            if self.shortcut == "twr":
                yield day, sum((_number(c.get("twr")) for c in self._changes(account, day)), Fraction(0))
            elif self.shortcut == "at_the_end" and start:
                yield day, 100 * ((end - flow) / start - 1)
            elif start + flow > 0:
                yield day, 100 * (end / (start + flow) - 1)

    def _of_household(self) -> Iterator[tuple[date, Fraction]]:
        """An account's first NAV is money that came in; transfers between accounts are none."""
        days = sorted({day for known in self.nav.values() for day in known})
        for previous, day in pairwise(days):
            start = end = Fraction(0)
            for account, known in self.nav.items():
                if previous in known:
                    start += known[previous] * self._rate(account, previous)
                if day in known and day != min(known):
                    flow = self._flow(account, day, sorted(known), internal=False)
                    start += flow * self._rate(account, day)
                    end += known[day] * self._rate(account, day)
            joined = sum(
                (known[day] * self._rate(a, day) for a, known in self.nav.items() if min(known) == day), Fraction(0)
            )
            if start > 0:
                yield day, 100 * (end / start - 1)
            elif joined:
                yield day, Fraction(0)

    def _rate(self, account: str, day: date) -> Fraction:
        currency = self.currencies[account]
        return Fraction(1) if currency == self.reporting else self.rates.get((currency, day), Fraction(1))

    def _flow(self, account: str, day: date, days: list[date], *, internal: bool = True) -> Fraction:
        names = set(COMPONENTS.values()) - {"grantActivity"} - (set() if internal else {"internalCashTransfers"})
        for change in self._changes(account, day) if self.shortcut not in _LISTS_ALONE else ():
            if self.shortcut == "residue":
                results = sum((_number(change.get(name)) for name in _RESULTS), Fraction(0))
                return _number(change["endingValue"]) - _number(change["startingValue"]) - results
            return sum((_number(change.get(name)) for name in names), Fraction(0))
        amounts = [] if self.shortcut == "changes_only" else list(self._booked(account, day, days, internal))
        return sum(dict.fromkeys(amounts) if self.shortcut == "copies" else amounts, Fraction(0))

    def _changes(self, account: str, day: date) -> list[Row]:
        """The newest Change in NAV of exactly a day."""
        found = [
            (statement.generated, number, change)
            for number, statement in enumerate(self.statements)
            if statement.account == account
            for change in statement.sections.get("ChangeInNAV", [])
            if change["toDate"] == day and (self.shortcut == "any_window" or change["fromDate"] == day)
        ]
        return [max(found, key=lambda one: one[:2])[2]] if found else []

    def _booked(self, account: str, day: date, days: list[date], internal: bool) -> Iterator[Fraction]:
        """The rows of a day of Cash Transactions and Transfers, of the newest statement that covers it."""
        covering = [s for s in self.statements if s.account == account and s.covers(day)]
        newest = max(covering, key=lambda s: s.generated, default=None)
        for statement in covering if self.shortcut == "adds_up" else [newest] if newest else []:
            for row in statement.sections.get("CashTransactions", []):
                if self._is_of(row, account, day, days) and self._is_flow(str(row.get("type"))):
                    yield _number(row["amount"]) * _number(row["fxRateToBase"] or 1)
            for row in statement.sections.get("Transfers", []):
                if self._is_of(row, account, day, days) and (internal or row["type"] != "INTERNAL"):
                    amount = _number(row["cashTransfer"]) + _number(row["positionAmount"])
                    yield amount * _number(row["fxRateToBase"] or 1)

    def _is_of(self, row: Row, account: str, day: date, days: list[date]) -> bool:
        booked = row.get("dateTime" if self.shortcut == "by_effect" and "dateTime" in row else "reportDate")
        if self.shortcut == "before" and isinstance(booked, date):
            booked = max((known for known in days if known <= booked), default=booked)
        mine = self.shortcut == "of_the_statement" or row.get("accountId") == account
        return mine and booked == day

    def _is_flow(self, kind: str) -> bool:
        return kind not in ("Dividends", "Other Fees") if self.shortcut == "any_type" else kind.startswith(_PAID)


def _date(value: Value) -> date:
    assert isinstance(value, date)
    return value


def _number(value: Value) -> Fraction:
    """A figure; 0 where it is missing or can't be read."""
    try:
        return Fraction(Decimal(str(value)))
    except InvalidOperation:
        return Fraction(0)
