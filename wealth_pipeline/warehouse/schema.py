"""The warehouse's tables and views: DDL made from the declarations, the rest from the .sql files beside this one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import duckdb
import pyarrow as pa

from wealth_pipeline.tables.columns import TableSpec
from wealth_pipeline.tables.figures import TABLES

#: The versioned tables by family, in the order of their declaration.
FAMILIES: dict[str, tuple[TableSpec, ...]] = {
    family: tuple(table for table in TABLES if table.family == family)
    for family in dict.fromkeys(table.family for table in TABLES if table.family)
}
#: The tables in which the latest statement wins.
LATEST: tuple[TableSpec, ...] = tuple(table for table in TABLES if table.scope)
#: The tables in which the newest statement that covers a day replaces that day's rows.
EVENTS: tuple[TableSpec, ...] = tuple(table for table in TABLES if table.events)


@cache
def sql(name: str) -> str:
    """The text of one of the package's .sql files."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text()


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


def stored(table: TableSpec) -> str:
    """The name of the physical table that holds a declared table's rows."""
    return f"{table.name}_versions" if table.family else table.name


def create_statements() -> list[str]:
    """Every statement that makes an empty warehouse, in order."""
    statements = [sql("schema")]
    for table in TABLES:
        if table.name != "accounts":
            statements.append(_create(table))
    statements.append(_create_account_descriptions())
    statements += [_current_view(table) for tables in FAMILIES.values() for table in tables]
    statements.append(sql("views"))
    return statements


def _create(table: TableSpec) -> str:
    columns = [
        f"{c.name} {c.sql_type}{'' if c.nullable else ' NOT NULL'}"
        for c in table.columns
        if not (table.family and c.name == "known_since")
    ]
    if table.family:
        columns += ["known_from TIMESTAMP NOT NULL", "known_to TIMESTAMP", "content VARCHAR NOT NULL"]
    return f"CREATE TABLE {stored(table)} ({', '.join(columns)})"


def _create_account_descriptions() -> str:
    """What each statement says of an account; the view `accounts` takes each field's newest."""
    accounts = TABLES[0]
    columns = ", ".join(f"{c.name} {c.sql_type}" for c in accounts.read)
    return f"CREATE TABLE account_descriptions ({columns}, sha256 VARCHAR NOT NULL, when_generated TIMESTAMP NOT NULL)"


def _current_view(table: TableSpec) -> str:
    """The newest version of each row, with exactly the declared columns."""
    columns = ", ".join("known_from AS known_since" if c.name == "known_since" else c.name for c in table.columns)
    return f"CREATE VIEW {table.name} AS SELECT {columns} FROM {stored(table)} WHERE known_to IS NULL"


def figure_tables() -> list[str]:
    """The tables and views whose content follows from the archived statements alone."""
    return [
        *(table.name for table in TABLES),
        *(stored(table) for table in TABLES if table.family),
        "nav_history",
        "nav_parts_seen",
        "net_worth",
        "reconciliation",
        "restatements",
    ]
