"""The declarations are whole: each column says what it is, and the database has exactly these."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from wealth_pipeline.statement.vocabulary import declared, known_names
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse

EACH = pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])


@EACH
def test_every_column_is_described_and_every_amount_has_a_unit_or_is_a_count(table: TableSpec) -> None:
    """The data dictionary and Dagster's column schema are made from this."""
    assert table.description
    for column in table.columns:
        assert column.description.endswith((".", ";", ")")) or ":" in column.description, column.name
        assert column.sql_type


@EACH
def test_the_key_is_made_of_columns(table: TableSpec) -> None:
    """A misspelt key would fail at the first load only."""
    assert set(table.key) | set(table.scope) <= {column.name for column in table.columns}


@EACH
def test_every_attribute_is_one_that_ibkr_writes(table: TableSpec) -> None:
    """A misspelt attribute would be NULL for ever, and the right one noted as not loaded."""
    assert {column.attribute for column in table.read} <= known_names()[table.element] | {
        "accountId",
        "fromDate",
        "toDate",
        "reportDate",
    }


def test_an_attribute_has_one_type_in_all_tables_of_an_element() -> None:
    """Tables of one element share the reading of it."""
    for table in TABLES:
        for column in table.read:
            assert declared()[table.element][column.attribute or ""][1] == column.type


def test_the_database_has_exactly_the_declared_columns(tmp_path: Path) -> None:
    """In their order and type."""
    list(Warehouse(DataFolder(tmp_path)).load([]))
    with duckdb.connect(str(tmp_path / "wealth.duckdb"), read_only=True) as con:
        for table in TABLES:
            described = con.execute(f"DESCRIBE {table.name}").fetchall()
            assert [(row[0], row[1]) for row in described] == [(c.name, c.sql_type) for c in table.columns]


@EACH
def test_the_rules_are_the_models_without_the_columns_that_have_none(table: TableSpec) -> None:
    """What Pandera still checks at a load is all that the whole model would find on typed rows."""
    whole = table.model.to_schema()
    left_out = whole.columns.keys() - table.rules.columns.keys()
    assert all(whole.columns[name].nullable and not whole.columns[name].checks for name in left_out)
    empty = pa.schema([(c.name, c.type) for c in table.columns if c.name in table.rules.columns]).empty_table()
    table.rules.validate(empty.to_pandas(types_mapper=pd.ArrowDtype))
