"""The vocabulary in which a table is declared: column types, `column()`, and the table as the other parts read it.

A Pandera model is the only place where a table's columns stand. The parser reads the XML attributes from it, the
warehouse its DDL, Dagster its column schema, docs/data-dictionary.md its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

Text = Annotated[pd.ArrowDtype, pa.string()]
Flag = Annotated[pd.ArrowDtype, pa.bool_()]
Day = Annotated[pd.ArrowDtype, pa.date32()]
#: A time in UTC, stored without a zone so that SQL gives the same answer in every session time zone.
Moment = Annotated[pd.ArrowDtype, pa.timestamp("us")]
Amount = Annotated[pd.ArrowDtype, pa.decimal128(28, 12)]
#: Ten decimals: IBKR writes rates with five or six, and amount x rate then still fits DuckDB's DECIMAL(38).
Rate = Annotated[pd.ArrowDtype, pa.decimal128(18, 10)]

SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
    pa.decimal128(28, 12): "DECIMAL(28,12)",
    pa.decimal128(18, 10): "DECIMAL(18,10)",
    pa.decimal128(38, 12): "DECIMAL(38,12)",
}

History = Literal["versions", "latest"]


def column(
    attribute: str | None,
    description: str,
    *,
    unit: str | None = None,
    nullable: bool = True,
    values: Sequence[str] = (),
    profit: bool = False,
    **checks: Any,
) -> Any:
    """Declare one column of a table.

    `attribute` is the XML attribute it is read from, None for a column that the warehouse derives.
    `unit` says what the figure counts (a currency, shares, percent ...). `values` are those that IBKR was seen to
    write, where there are few: another one is loaded, and noted as unknown. `profit`: a profit or loss, which IBKR
    writes as 0 while it is not ready. `checks` go to `pandera.Field`.
    NULL always means "not in the statement"; zero is zero.
    """
    return pandera.Field(
        nullable=nullable,
        description=description,
        metadata={"attribute": attribute, "unit": unit, "values": tuple(values), "profit": profit},
        **checks,
    )


class Table(pandera.DataFrameModel):
    """Base of all tables: exactly the declared columns, nothing coerced."""

    class Config:
        """Pandera's switches for every table."""

        strict = True
        coerce = False


@dataclass(frozen=True)
class Column:
    """One column as the parser, the warehouse, Dagster and the documentation see it."""

    name: str
    type: pa.DataType
    attribute: str | None
    description: str
    unit: str | None
    nullable: bool
    values: tuple[str, ...] = ()
    profit: bool = False

    @property
    def sql_type(self) -> str:
        """The column's DuckDB type."""
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class TableSpec:
    """One declared table.

    name: as in SQL. model: its Pandera model. key: the columns that identify a row.
    element: the XML element whose attributes fill it. melt: whether each undeclared amount attribute of the
    element becomes a row (component, amount). family: the group of tables that is versioned as one content
    (`nav`, `positions`, `cash`), None where the latest statement wins. scope: for those, the columns whose rows
    a later statement replaces together. events: whether the newest statement that covers a day replaces that day's
    rows (what happened, as against what there is).
    """

    name: str
    model: type[Table]
    key: tuple[str, ...]
    element: str
    melt: bool = False
    family: str | None = None
    scope: tuple[str, ...] = ()
    events: bool = False

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The declared columns, in order."""
        columns = []
        for name, declared in self.model.to_schema().columns.items():
            metadata = declared.metadata or {}
            columns.append(
                Column(
                    name=name,
                    type=declared.dtype.type.pyarrow_dtype,
                    attribute=metadata.get("attribute"),
                    description=declared.description or "",
                    unit=metadata.get("unit"),
                    nullable=bool(declared.nullable),
                    values=metadata.get("values", ()),
                    profit=metadata.get("profit", False),
                )
            )
        return tuple(columns)

    @cached_property
    def rules(self) -> pandera.DataFrameSchema:
        """The model's schema, of the columns that have a rule besides their type.

        The types are Arrow's from the parser to the database, and Pandera takes 0.6 ms to look at one column.
        """
        schema = self.model.to_schema()
        return schema.remove_columns([name for name, c in schema.columns.items() if c.nullable and not c.checks])

    @property
    def description(self) -> str:
        """What a row is: the model's docstring."""
        return " ".join((self.model.__doc__ or "").split())

    @property
    def read(self) -> tuple[Column, ...]:
        """The columns that are read from XML attributes."""
        return tuple(c for c in self.columns if c.attribute is not None)
