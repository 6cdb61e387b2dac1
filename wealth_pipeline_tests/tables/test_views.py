"""The declared columns of everything that is stored are those that DuckDB publishes."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from wealth_pipeline.gateway import store
from wealth_pipeline.tables.catalog import LIVE, OFFICIAL
from wealth_pipeline.tables.relations import Relation
from wealth_pipeline.warehouse.ddl import DAY_RULES, FUNCTIONS, GAINS, OF_TABLES, sql
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse


def _published(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Every table and view of a database, and our macros, with the names and types of their columns."""
    with duckdb.connect(str(path), read_only=True) as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM information_schema.tables").fetchall()]
        asked = {name: name for name in names}
        for name, parameters in con.execute(
            "SELECT function_name, parameters FROM duckdb_functions()"
            " WHERE function_type = 'table_macro' AND NOT internal AND function_name NOT IN ?",
            [re.findall(r"CREATE MACRO (\w+)", "".join(map(sql, FUNCTIONS + DAY_RULES + OF_TABLES + GAINS)))],
        ).fetchall():
            given = ", ".join(["'2026-01-01'"] * len(parameters))
            asked[f"{name}({', '.join(parameters)})"] = f"{name}({given})"
        return {
            name: [(row[0], row[1]) for row in con.execute(f"DESCRIBE FROM {relation}").fetchall()]
            for name, relation in asked.items()
        }


def _declared(relations: tuple[Relation, ...]) -> dict[str, list[tuple[str, str]]]:
    return {relation.name: [(c.name, c.sql_type) for c in relation.columns] for relation in relations}


def test_the_official_database_publishes_exactly_what_is_declared(tmp_path: Path) -> None:
    list(Warehouse(DataFolder(tmp_path)).load([]))
    assert _published(tmp_path / "wealth.duckdb") == _declared(OFFICIAL)


def test_the_live_database_publishes_exactly_what_is_declared(tmp_path: Path) -> None:
    store.load(tmp_path)
    assert _published(tmp_path / "live.duckdb") == _declared(LIVE)


def test_every_column_is_described_and_every_key_is_made_of_columns() -> None:
    for relation in (*OFFICIAL, *LIVE):
        assert relation.description
        assert set(relation.key) <= {c.name for c in relation.columns}, relation.name
        assert all(c.description for c in relation.columns), relation.name
