"""What can be queried, and how it comes about: tables of figures, live tables, records, views, macros."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import pandera.pandas as pandera
import pyarrow as pa

from wealth_pipeline.tables.columns import Column, Table
from wealth_pipeline.tables.sections import Section


class Relation(Protocol):
    """Whatever has rows. description: what a row is. key: the columns that identify one; none if nothing does."""

    @property
    def name(self) -> str:
        """As in SQL."""

    @property
    def description(self) -> str:
        """What a row is."""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """In their order."""


@dataclass(frozen=True)
class Modelled:
    """A table whose columns and rules stand in a Pandera model, and its description in the model's docstring."""

    name: str
    model: type[Table]
    key: tuple[str, ...]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The declared columns, in order."""
        return tuple(
            Column(
                name=name,
                type=declared.dtype.type.pyarrow_dtype,
                description=declared.description or "",
                nullable=bool(declared.nullable),
                **(declared.metadata or {}),
            )
            for name, declared in self.model.to_schema().columns.items()
        )

    @cached_property
    def rules(self) -> pandera.DataFrameSchema:
        """The model's schema, of the columns that have a rule besides their type.

        The types are Arrow's from the parser to the database, and Pandera takes 0.6 ms to look at one column.
        """
        schema = self.model.to_schema()
        return schema.remove_columns([name for name, c in schema.columns.items() if c.nullable and not c.checks])

    @property
    def description(self) -> str:
        """What a row is."""
        return " ".join((self.model.__doc__ or "").split())

    @property
    def read(self) -> tuple[Column, ...]:
        """The columns that are read from attributes."""
        return tuple(c for c in self.columns if c.attribute is not None)


@dataclass(frozen=True)
class TableSpec(Modelled):
    """A table of figures.

    section: where in a statement its rows stand. melt: whether each undeclared amount attribute of the element becomes
    a row (component, amount). One of three says how its rows are kept; without any of them the table is a view over
    what each statement says:

    family: the group of tables that is versioned as one content (`nav`, `positions`, `cash`, `dividends`).
    scope: the latest statement wins, for the rows that have these columns in common.
    event_days: the newest statement that covers a day replaces that day's rows (what happened, as against what there
    is). These columns say the day of a row without report date, the first that is filled.
    """

    section: Section
    melt: bool = False
    family: str | None = None
    scope: tuple[str, ...] = ()
    event_days: tuple[str, ...] = ()

    @property
    def element(self) -> str:
        """The XML element whose attributes fill it."""
        return self.section.element

    @property
    def events(self) -> bool:
        """Whether it holds what happened."""
        return bool(self.event_days)

    @property
    def is_view(self) -> bool:
        """Whether its rows are looked up in what each statement says, by the query in `<name>.sql`."""
        return not (self.family or self.scope or self.event_days)

    @property
    def stored(self) -> str:
        """The table that holds its rows."""
        return f"{self.name}_versions" if self.family else self.name


@dataclass(frozen=True)
class LiveTable(Modelled):
    """A table of live figures. element: the reply of the Gateway whose fields fill it."""

    element: str


@dataclass(frozen=True)
class _Listed:
    """A relation whose columns are listed.

    like: the relation whose columns it hands on, if it does. replayed: whether its content follows from the archived
    statements alone, so that a replay makes the same again.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    like: str | None = None
    replayed: bool = False


@dataclass(frozen=True)
class Record(_Listed):
    """A table that is written by the pipeline. rows: those that it has from the start."""

    rows: tuple[tuple[str | bool | None, ...], ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """Its columns for Arrow."""
        return pa.schema([(c.name, c.type) for c in self.columns])


@dataclass(frozen=True)
class View(_Listed):
    """A view: the query in `<name>.sql`."""


@dataclass(frozen=True)
class Macro(_Listed):
    """A query with a parameter, which ends its name: `nav_asof(t)` is the query in `nav_asof.sql`."""
