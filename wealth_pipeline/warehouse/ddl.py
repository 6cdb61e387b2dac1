"""The warehouse's DDL: made from the declarations, the queries of its views from the .sql files in `sql/views/`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import duckdb
import pyarrow as pa

from wealth_pipeline.tables import ddl
from wealth_pipeline.tables.catalog import OFFICIAL
from wealth_pipeline.tables.figures import NAV_PARTS, TABLES
from wealth_pipeline.tables.relations import Macro, Record, TableSpec, View
from wealth_pipeline.tables.views import VIEWS_BY_NAME

#: The versioned tables by family, in the order of their declaration.
FAMILIES: dict[str, tuple[TableSpec, ...]] = {
    family: tuple(table for table in TABLES if table.family == family)
    for family in dict.fromkeys(table.family for table in TABLES if table.family)
}
#: What the views and rules call, and nobody queries.
FUNCTIONS = ("functions", "period_steps", "period_figures")
#: The rules of a day's return, which the load and `returns_asof` call; they read tables.
DAY_RULES = (
    "day/steps_asof",
    "day/exact_changes_of",
    "day/reasons_of",
    "day/trials_of",
    "day/window_trials_of",
    "day/rules_of",
    "day/chosen_of",
    "day/returns_of",
)
#: The same where DuckDB looks at the tables as soon as they are made: it does for those without a parameter.
OF_TABLES = (
    "income_booked",
    "income_declared",
    "income_expected",
    "covered_sections",
    "whole_periods",
    "costs_rows",
)
#: What the view of the gains joins; they read views.
GAINS = ("gains/held", "gains/sold", "gains/summed", "gains/paid", "gains/known")
#: The tables in which the latest statement wins.
LATEST: tuple[TableSpec, ...] = tuple(table for table in TABLES if table.scope)
#: The tables in which the newest statement that covers a day replaces that day's rows.
EVENTS: tuple[TableSpec, ...] = tuple(table for table in TABLES if table.events)


@cache
def sql(name: str) -> str:
    """The text of one of the package's .sql files."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def stage_name(element: str) -> str:
    """The temporary table of an element's rows: `stage_open_position` for OpenPosition."""
    return "stage" + re.sub(r"([A-Z])", r"_\1", element).lower()


def insert(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Append rows to a table by the names of their columns; `executemany` takes half a millisecond for each row."""
    # DuckDB finds the variable by its name. Rows that are registered stay in memory until the transaction ends.
    con.execute(f"INSERT INTO {name} BY NAME FROM rows")


def texts(names: Iterable[str]) -> str:
    """Columns as one list of texts for hashing: NULL differs from empty."""
    return ", ".join(f"coalesce(CAST({name} AS VARCHAR), '-')" for name in names)


def create_statements() -> list[str]:
    """Every statement that makes an empty warehouse, in order."""
    records = [record for record in OFFICIAL if isinstance(record, Record)]
    return [
        *map(sql, FUNCTIONS),
        nav_by_part(),
        *(ddl.create_table(table.name, table.columns) for table in TABLES if table.scope or table.events),
        *(ddl.create_table(record.name, record.columns) for record in records),
        *(ddl.insert_rows(record) for record in records if record.rows),
        *map(sql, DAY_RULES),
        *map(sql, OF_TABLES),
        *ddl.in_order(_views() | {f"gains_{name.rpartition('/')[2]}": sql(name) for name in GAINS}),
    ]


def _views() -> dict[str, str]:
    current = {table.name: _current_view(table) for table in TABLES if table.family}
    listed = [v for v in OFFICIAL if isinstance(v, View | Macro) or (isinstance(v, TableSpec) and v.is_view)]
    return current | {
        ddl.file_name(view): ddl.create_view(view, sql(f"views/{ddl.file_name(view)}")) for view in listed
    }


def _current_view(table: TableSpec) -> str:
    """The newest version of each row, with exactly the declared columns."""
    columns = ", ".join("known_from AS known_since" if c.name == "known_since" else c.name for c in table.columns)
    return f"CREATE VIEW {table.name} AS\nSELECT {columns}\nFROM {table.stored} WHERE known_to IS NULL"


def nav_by_part() -> str:
    """The macro that makes of a row `n` of `nav` the parts as `nav_history` shows them.

    Its struct has those with a column of their own there, and `other`: the sum of the rest and of `learned`, the parts
    that are in no column; NULL if none is stated.
    """
    own = [c.name for c in VIEWS_BY_NAME["nav_history"].columns if c.nav_part]
    rest = [c.name for c in NAV_PARTS if c.name not in own]
    stated = ", ".join([*(f"n.{name}" for name in rest), "learned"])
    total = " + ".join(f"coalesce({name}, 0)" for name in stated.split(", "))
    shown = ",\n".join(f"    {name}: n.{name}" for name in own)
    return (
        f"CREATE MACRO nav_by_part(n, learned) AS {{\n{shown},\n    other: CASE WHEN coalesce({stated}) IS NOT NULL"
        f"\n        THEN CAST({total} AS DECIMAL(28,12)) END\n}}"
    )


def figure_tables() -> list[str]:
    """The tables and views whose content follows from the archived statements alone."""
    listed = [r.name for r in OFFICIAL if isinstance(r, Record | View) and r.replayed]
    return [*(table.name for table in TABLES), *listed]
