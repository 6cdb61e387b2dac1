"""The DDL that follows from the declarations, and the descriptions that DuckDB keeps beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from graphlib import TopologicalSorter

import duckdb

from wealth_pipeline.tables.columns import Column
from wealth_pipeline.tables.relations import Macro, Record, Relation

_COMMENT = re.compile("--.*")
_READ = re.compile(r"\b(?:FROM|JOIN) (\w+)")


def create_table(name: str, columns: Iterable[Column]) -> str:
    """CREATE TABLE, one line a column."""
    lines = ",\n".join(f"    {_defined(column)}" for column in columns)
    return f"CREATE TABLE {name} (\n{lines}\n)"


def _defined(column: Column) -> str:
    parts = [column.name, column.sql_type]
    parts += [] if column.nullable else ["NOT NULL"]
    parts += [f"CHECK ({column.name} IN ({', '.join(map(_literal, column.only))}))"] if column.only else []
    return " ".join(parts)


def insert_rows(record: Record) -> str:
    """INSERT of the rows that a record has from the start."""
    rows = ",\n".join(f"    ({', '.join(map(_literal, row))})" for row in record.rows)
    return f"INSERT INTO {record.name} VALUES\n{rows}"


def create_view(view: Relation, query: str) -> str:
    """CREATE VIEW, or CREATE MACRO of one with a parameter, from the text of its .sql file."""
    kind = f"MACRO {view.name} AS TABLE" if isinstance(view, Macro) else f"VIEW {view.name} AS"
    return f"CREATE {kind}\n{query.rstrip()}"


def file_name(view: Relation) -> str:
    """The name of a view's .sql file, without its ending."""
    return view.name.partition("(")[0]


def in_order(views: dict[str, str]) -> list[str]:
    """The statements that make these views, by name, so that each comes after those that it reads."""
    found = {name: {*_READ.findall(_COMMENT.sub("", text))} & views.keys() - {name} for name, text in views.items()}
    read = {name: sorted(others) for name, others in found.items()}  # a set has another order in each process
    return [views[name] for name in TopologicalSorter(read).static_order()]


def _literal(value: str | bool | None) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    return "'" + value.replace("'", "''") + "'"


def describe(con: duckdb.DuckDBPyConnection, relations: Iterable[Relation]) -> None:
    """Write what relations and columns are as COMMENTs, where the database does not say so yet.

    A description may change without the tables: they are not made again for it.
    """
    declared: dict[tuple[str, str | None], str] = {}
    for relation in relations:
        declared[relation.name, None] = relation.description
        declared |= {(relation.name, column.name): column.comment for column in relation.columns}
    said = con.execute(
        "SELECT 'TABLE', table_name, NULL, comment FROM duckdb_tables()"
        " WHERE NOT internal AND NOT temporary AND database_name = current_database()"
        " UNION ALL SELECT 'VIEW', view_name, NULL, comment FROM duckdb_views()"
        " WHERE NOT internal AND NOT temporary AND database_name = current_database()"
        " UNION ALL SELECT 'COLUMN', table_name, column_name, comment FROM duckdb_columns()"
        " WHERE NOT internal AND database_name = current_database() AND schema_name = 'main'"
    ).fetchall()
    for kind, name, column, comment in said:
        text = declared.get((name, column))
        if text is not None and text != comment:
            con.execute(f"COMMENT ON {kind} {name}{f'.{column}' if column else ''} IS {_literal(text)}")
