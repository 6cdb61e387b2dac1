"""The vocabulary in which a column is declared: its types, `column()` in a model, `plain()` elsewhere.

What a declaration says of a column is read from there by everything else: the parser takes its XML attribute, the
databases their DDL and COMMENTs, Dagster its column schema, docs/data-dictionary.md its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
FLAG = pa.bool_()
INTEGER = pa.int32()
COUNT = pa.int64()
DAY = pa.date32()
#: A time in UTC, stored without a zone so that SQL gives the same answer in every session time zone.
MOMENT = pa.timestamp("us")
AMOUNT = pa.decimal128(28, 12)
#: Ten decimals: IBKR writes rates with five or six, and amount x rate then still fits DuckDB's DECIMAL(38).
RATE = pa.decimal128(18, 10)
#: A sum of amounts.
SUM = pa.decimal128(38, 12)
#: A ratio, never an amount of money.
RATIO = pa.float64()
#: Flows by IBKR's name of their component.
FLOWS = pa.list_(pa.struct([("component", TEXT), ("kind", TEXT), ("amount", AMOUNT)]))

# The same for the models, which name a column's type by its annotation.
Text = Annotated[pd.ArrowDtype, TEXT]
Flag = Annotated[pd.ArrowDtype, FLAG]
Day = Annotated[pd.ArrowDtype, DAY]
Moment = Annotated[pd.ArrowDtype, MOMENT]
Amount = Annotated[pd.ArrowDtype, AMOUNT]
Rate = Annotated[pd.ArrowDtype, RATE]

#: The types in DuckDB.
SQL_TYPES = {
    TEXT: "VARCHAR",
    TEXTS: "VARCHAR[]",
    FLAG: "BOOLEAN",
    INTEGER: "INTEGER",
    COUNT: "BIGINT",
    DAY: "DATE",
    MOMENT: "TIMESTAMP",
    AMOUNT: "DECIMAL(28,12)",
    RATE: "DECIMAL(18,10)",
    SUM: "DECIMAL(38,12)",
    RATIO: "DOUBLE",
    FLOWS: "STRUCT(component VARCHAR, kind VARCHAR, amount DECIMAL(28,12))[]",
}


def column(
    attribute: str | None,
    description: str,
    *,
    unit: str | None = None,
    nullable: bool = True,
    values: Sequence[str] = (),
    profit: bool = False,
    descriptive: bool = False,
    newer: bool = False,
    nav_part: bool = False,
    **checks: Any,
) -> Any:
    """Declare one column of a model.

    `attribute` is the XML attribute it is read from, None for a column that the warehouse derives. The others are as
    in `Column`. `checks` go to `pandera.Field`. NULL always means "not in the statement"; zero is zero.
    """
    return pandera.Field(
        nullable=nullable,
        description=description,
        metadata={
            "attribute": attribute,
            "unit": unit,
            "values": tuple(values),
            "profit": profit,
            "descriptive": descriptive,
            "newer": newer,
            "nav_part": nav_part,
        },
        **checks,
    )


class Table(pandera.DataFrameModel):
    """Base of all tables: exactly the declared columns, nothing coerced."""

    class Config:
        """Pandera's switches for every table."""

        strict = True
        coerce = False


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column as the parser, the databases, Dagster and the documentation see it.

    attribute: the XML attribute (or field of the Gateway's JSON) it is read from, if any. unit: what the figure counts
    (a currency, shares, percent ...). only: the values it can have, where they are a few words of ours. values: those
    that IBKR was seen to write, where they are few; another one is loaded, and noted as unknown. profit: a profit or
    loss, which IBKR writes as 0 while it is not ready. descriptive: a description, or a figure on which no NAV rests;
    what cannot be read exactly of it is NULL and noted with its text. newer: IBKR offers it to newer queries only.
    nav_part: one of the amounts that add up to the NAV's total.
    """

    name: str
    type: pa.DataType
    description: str
    attribute: str | None = None
    unit: str | None = None
    nullable: bool = True
    only: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    profit: bool = False
    descriptive: bool = False
    newer: bool = False
    nav_part: bool = False

    @property
    def sql_type(self) -> str:
        """The column's DuckDB type."""
        return SQL_TYPES[self.type]

    @property
    def comment(self) -> str:
        """What the column says, with its unit."""
        return f"{self.description} [{self.unit}]" if self.unit else self.description


def plain(
    name: str,
    kind: pa.DataType,
    description: str,
    unit: str | None = None,
    *,
    nullable: bool = True,
    only: Sequence[str] = (),
) -> Column:
    """Declare one column of a record or a view: nothing reads it from a statement."""
    return Column(name=name, type=kind, description=description, unit=unit, nullable=nullable, only=tuple(only))
