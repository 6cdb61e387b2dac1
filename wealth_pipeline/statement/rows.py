"""Rows of one element: their texts, gathered while the file is parsed, become typed columns a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wealth_pipeline.statement import values
from wealth_pipeline.statement.frame import CLOCKS, EARLIEST, NOTHING, StatementError, impossible
from wealth_pipeline.statement.notes import Notes, is_sampled, shown_value
from wealth_pipeline.statement.vocabulary import (
    ACCOUNTS,
    IDENTIFIERS,
    declared,
    is_amount,
    is_personal,
    known_names,
    wholes_of,
)
from wealth_pipeline.tables.columns import AMOUNT
from wealth_pipeline.tables.figures import DESCRIPTIVE
from wealth_pipeline.tables.sections import NAV, OF_NO_ACCOUNT, SIDE_ELEMENTS

#: The days that a row reports, and the times at which something was done, which lots have from long ago too.
_REPORTED = frozenset({"reportDate", "fromDate", "toDate"})
_DONE = frozenset({"dateTime", "tradeDate", "date"})
_OPENED = frozenset({"openDateTime", "holdingPeriodDateTime"})
#: How many years after the statement a year of two digits can be: of what is to come, and of what has been.
_YEARS_AHEAD = {"maturity": 94, "expiry": 94}


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A row that cannot be loaded: its element and number in the file, its FlexStatement, and why.

    attribute: the one that cannot be read. refuses: whether the NAV rests on the row, unless it is a sum of others.
    """

    element: str
    row: int
    ordinal: int
    reason: str
    attribute: str
    refuses: bool

    def refusal(self) -> StatementError:
        """What refuses the file, where the NAV rests on the row."""
        return StatementError(
            f"{self.element} row {self.row}: {self.reason}",
            f"{NOTHING} If IBKR really sends this, please report it.",
        )


@dataclass(frozen=True)
class Batch:
    """Rows of one element, typed.

    columns: `ordinal` of the FlexStatement, `row` (the element's number in the file, from 1), then the declared
    columns. amounts: None, or (`ordinal`, `row`, `component`, `amount`) of the open elements. odd: None, or the columns
    of the rows that are set aside, NULL where they cannot be read: what a row belongs to can be seen from the rest.
    """

    element: str
    columns: pa.Table
    amounts: pa.Table | None
    odd: pa.Table | None = None


@dataclass
class Reading:
    """What the rows of a file share while it is read.

    last_days: the last day that each FlexStatement can report: the one on which it was generated, in New York.
    """

    date_format: str | None = None
    notes: Notes = field(default_factory=Notes)
    set_aside: list[SetAside] = field(default_factory=list)
    last_days: list[date] = field(default_factory=list)

    def convert(self, name: str, texts: Sequence[str], kind: pa.DataType, refuse: values.Refuse) -> pa.Array:
        """A column of an attribute's texts, typed."""
        if name in IDENTIFIERS:
            return values.identifiers(texts)
        if name in ACCOUNTS:
            return values.accounts(texts)
        last_year = self.last_days[0].year + _YEARS_AHEAD.get(name, 1)
        return values.convert(texts, kind, self.date_format, last_year, refuse=refuse)

    def last_day(self, ordinals: Sequence[int]) -> pa.Array:
        """The last day that each of these FlexStatements can report."""
        return pa.array(self.last_days, pa.date32()).take(pa.array([n - 1 for n in ordinals], pa.int64()))


class RowGroup:
    """Rows of one element with the same attributes in the same order."""

    def __init__(self, element: str, names: tuple[str, ...], reading: Reading) -> None:
        self.element = element
        self.names = names
        self.reading = reading
        self.notes = reading.notes
        known = known_names().get(element, frozenset())
        columns = declared()[element]
        self.columns = [name for name in names if name in columns]
        self.amounts: list[str] = []
        self.noted: list[tuple[str, str]] = []
        for name in names:
            if is_personal(element, name) and name not in columns:
                self.noted.append(("personal_attribute", name))
            elif is_amount(element, name):
                self.amounts.append(name)
            elif name not in columns:
                self.noted.append(("attribute_not_loaded" if name in known else "unknown_attribute", name))
        #: Amounts that are parts of another one here, by name.
        self.wholes = wholes_of(element, self.amounts)
        #: A row's place (`ordinal` and `row`) and its attributes' texts.
        self.rows: list[tuple[Any, ...]] = []

    @property
    def held(self) -> int:
        """How many texts are held."""
        return len(self.rows) * len(self.names)

    def batch(self) -> Batch:
        """The held rows, typed, without those that are set aside; raises StatementError for what refuses the file."""
        self.ordinals, self.numbers, *by_name = zip(*self.rows, strict=True)
        self.texts = dict(zip(self.names, by_name, strict=True))
        self.odd: dict[int, SetAside] = {}
        for kind, name in self.noted:
            sample = next(filter(None, self.texts[name]), None) if is_sampled(self.element, kind) else None
            self.notes.add(kind, f"{self.element}.{name}", sample, len(self.rows))
        place = {"ordinal": pa.array(self.ordinals, pa.int32()), "row": pa.array(self.numbers, pa.int64())}
        columns = dict(place)
        for name in self.columns:
            column, kind = declared()[self.element][name]
            columns[column] = self._convert(name, self.texts[name], kind)
        table, amounts, odd = pa.table(columns), self._amounts(place), None
        if self.odd:
            numbers = pa.array([self.numbers[index] for index in self.odd], pa.int64())
            odd = table.filter(pc.is_in(table["row"], numbers))
            table = table.filter(pc.invert(pc.is_in(table["row"], numbers)))
            amounts = amounts and amounts.filter(pc.invert(pc.is_in(amounts["row"], numbers)))
            self.reading.set_aside += self.odd.values()
        self.rows = []
        return Batch(self.element, table, amounts, odd)

    def _convert(self, name: str, texts: Sequence[str], kind: pa.DataType) -> pa.Array:
        column = self.reading.convert(name, texts, kind, lambda error: self._refuse(name, error))
        if name in _REPORTED | _DONE | _OPENED:
            self._refuse_impossible(name, texts, column)
        return column

    def _is_side(self, index: int) -> bool:
        """Whether the NAV does not rest on the row at `index`, so that it can be set aside."""
        if self.element == "OpenPosition":
            return "levelOfDetail" in self.texts and self.texts["levelOfDetail"][index] == "LOT"
        return self.element in SIDE_ELEMENTS

    def _may_be_a_sum(self, index: int) -> bool:
        """Whether the row at `index` may sum up others, and be left out: the whole file shows that.

        IBKR: such rows have no account beside rows that have one, or `-`; or the date MULTI.
        """
        account, day = (self.texts[name][index] if name in self.texts else "" for name in ("accountId", "reportDate"))
        if self.element in OF_NO_ACCOUNT:
            return False
        return account in values.NULLS or (self.element == NAV.element and day in values.DATE_NULLS)

    def _refuse_impossible(self, name: str, texts: Sequence[str], column: pa.Array) -> None:
        """Refuse the days that cannot be: before IBKR reported any, or after the statement was generated."""
        days = column.cast(pa.date32()) if pa.types.is_timestamp(column.type) else column
        latest = self.reading.last_day(self.ordinals)
        if name not in _REPORTED:
            latest = pc.add(latest, pa.scalar(CLOCKS)).cast(pa.date32())
        late = pc.greater(days, latest)
        wrong = late if name in _OPENED else pc.or_(late, pc.less(days, pa.scalar(EARLIEST)))
        for index in pc.indices_nonzero(wrong).to_pylist():
            if name in _OPENED and not self._is_side(index):
                self.notes.add_unreadable(self.element, name, texts[index])
                continue
            generated = self.reading.last_days[self.ordinals[index] - 1]
            why = impossible(days[index].as_py(), generated) or ""
            self._refuse(name, values.Unreadable(index, texts[index], why), described=False)

    def _refuse(self, name: str, error: values.Unreadable, described: bool = True) -> None:
        """Note a description, set a row of a side aside, or raise StatementError naming the row and the attribute.

        Of a row that may be a sum of others it is only kept that it cannot be read.
        """
        if described and name in DESCRIPTIVE:
            self.notes.add_unreadable(self.element, name, error.text)
            return
        index = error.index
        odd = SetAside(
            element=self.element,
            row=self.numbers[index],
            ordinal=self.ordinals[index],
            reason=f"{name}={shown_value(self.element, error.text)} {error.why}",
            attribute=name,
            refuses=not self._is_side(index),
        )
        if odd.refuses and not self._may_be_a_sum(index):
            raise odd.refusal()
        # A day that cannot be read is not one that is lacking, as a sum's can be.
        if index not in self.odd or name == "reportDate":
            self.odd[index] = odd

    def _amounts(self, place: dict[str, pa.Array]) -> pa.Table | None:
        parts = []
        known = known_names().get(self.element, frozenset())
        for name in self.amounts:
            column: Sequence[str] = self.texts[name]
            if name not in known:
                self.notes.add("unknown_attribute", f"{self.element}.{name}", column[0], len(column))
                # What is not a number is not an amount; a number that cannot be kept exactly must not hide.
                column = [text if values.is_number(text) else "" for text in column]
            if name in self.wholes:
                column = self._without_whole(name, column, self.texts[self.wholes[name]])
            amount = self._convert(name, column, AMOUNT)
            component = pa.array(repeat(name, len(amount)), pa.string())
            part = pa.table({**place, "component": component, "amount": amount})
            parts.append(part.filter(amount.is_valid()) if amount.null_count else part)
        return pa.concat_tables(parts) if parts else None

    def _without_whole(self, name: str, column: Sequence[str], whole: Sequence[str]) -> list[str]:
        """A part's texts, emptied where its whole has a value; in the other rows its amount must not hide."""
        stated = {text for text in set(whole) if values.is_number(text)}
        if name in known_names()[self.element] and (left_out := sum(text in stated for text in whole)):
            self.notes.add("attribute_not_loaded", f"{self.element}.{name}", count=left_out)
        return ["" if total in stated else text for text, total in zip(column, whole, strict=True)]
