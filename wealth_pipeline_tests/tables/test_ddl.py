"""The databases are what is declared: their DDL, the descriptions in them, and the .sql files of their views."""

from __future__ import annotations

import re
import shutil
import sqlite3
from dataclasses import fields
from datetime import date
from pathlib import Path

import duckdb
import pytest

from wealth_pipeline.flex.ledger import FlexRequest, RequestLedger, Window
from wealth_pipeline.gateway import store
from wealth_pipeline.tables.catalog import LIVE, OFFICIAL
from wealth_pipeline.tables.ddl import file_name
from wealth_pipeline.tables.figures import BY_NAME, NAV_PARTS
from wealth_pipeline.tables.records import RECORDS_BY_NAME
from wealth_pipeline.tables.relations import Macro, Relation, TableSpec, View
from wealth_pipeline.tables.views import VIEWS_BY_NAME
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.tables import snapshot

ROOT = Path(__file__).parents[2]
OFFICIAL_FILES = ROOT / "wealth_pipeline" / "warehouse" / "sql" / "views"
LIVE_FILES = ROOT / "wealth_pipeline" / "gateway" / "sql" / "views"
IN_FILES: dict[Path, list[Relation]] = {
    OFFICIAL_FILES: [v for v in OFFICIAL if isinstance(v, View | Macro) or (isinstance(v, TableSpec) and v.is_view)],
    LIVE_FILES: [v for v in LIVE if isinstance(v, View)],
}
EACH = pytest.mark.parametrize(
    "file, view",
    [pytest.param(d / f"{file_name(v)}.sql", v, id=v.name) for d, views in IN_FILES.items() for v in views],
)


def test_the_ddl_is_the_one_that_was_reviewed() -> None:
    """When it differs as it should: `make docs`."""
    assert (Path(__file__).parent / "ddl.sql").read_text() == snapshot.text()


def _said(path: Path) -> dict[tuple[str, str | None], str | None]:
    """The comments of a database's tables and views, and of their columns."""
    with duckdb.connect(str(path), read_only=True) as con:
        rows = con.execute(
            "SELECT table_name, NULL, comment FROM duckdb_tables() WHERE NOT internal"
            " UNION ALL SELECT view_name, NULL, comment FROM duckdb_views() WHERE NOT internal"
            " UNION ALL SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    return {(table, column): comment for table, column, comment in rows}


def _to_say(relations: tuple[Relation, ...]) -> dict[tuple[str, str | None], str]:
    said: dict[tuple[str, str | None], str] = {}
    for relation in relations:
        if not isinstance(relation, Macro):
            said[relation.name, None] = relation.description
            said |= {(relation.name, c.name): c.comment for c in relation.columns}
    return said


def test_the_official_database_says_of_everything_in_it_what_it_is(tmp_path: Path) -> None:
    """Also where it was made before a description changed."""
    list(Warehouse(DataFolder(tmp_path)).load([]))
    assert _said(tmp_path / "wealth.duckdb") == _to_say(OFFICIAL)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("COMMENT ON COLUMN nav.total IS 'Something else.'; COMMENT ON VIEW accounts IS NULL")
    list(Warehouse(DataFolder(tmp_path)).load([]))
    assert _said(tmp_path / "wealth.duckdb") == _to_say(OFFICIAL)


def test_the_live_database_says_of_everything_in_it_what_it_is(tmp_path: Path) -> None:
    store.load(tmp_path)
    older = tmp_path / "older.duckdb"
    shutil.copyfile(tmp_path / "live.duckdb", older)
    with duckdb.connect(str(older)) as con:
        con.execute("COMMENT ON TABLE live_nav IS 'Something else.'")
    older.replace(tmp_path / "live.duckdb")
    store.load(tmp_path)
    assert _said(tmp_path / "live.duckdb") == _to_say(LIVE)


def test_every_sql_file_of_a_view_belongs_to_a_declared_one() -> None:
    for folder, views in IN_FILES.items():
        assert {file.stem for file in folder.iterdir()} == {file_name(view) for view in views}


@EACH
def test_a_views_file_says_what_it_reads_and_what_it_makes(file: Path, view: Relation) -> None:
    header, _, query = file.read_text().partition("\n\n")
    why, _, rest = " ".join(line.removeprefix("--").strip() for line in header.splitlines()).partition(" In: ")
    read, _, made = rest.partition(" Out: ")
    assert why
    assert made
    relations = {r.name for r in (*OFFICIAL, *LIVE)}
    named = set(re.findall(r"\w+", re.sub(r"\([^)]*\)", "", read)))
    assert named & relations == set(re.findall(r"\b(?:FROM|JOIN) (\w+)", re.sub("--.*", "", query))) & relations
    if not made.startswith(("the columns of", "what")):
        assert made.rstrip(".").split(", ") == [c.name for c in view.columns]


def test_a_part_of_the_nav_is_declared_in_the_nav_alone() -> None:
    """Its column in nav_history, the parts that are added up, and the classes of positions follow it."""
    attributes = {part.attribute for part in NAV_PARTS}
    history = [c for c in VIEWS_BY_NAME["nav_history"].columns if c.nav_part]
    assert {c.name for c in history} < {part.name for part in NAV_PARTS}
    assert {component for _, component, *_ in RECORDS_BY_NAME["asset_classes"].rows} - {None} < attributes
    amounts = {c.name for c in BY_NAME["nav"].columns if c.unit == "base"}
    assert {part.name for part in NAV_PARTS} == amounts - {"total"}


def test_the_copy_of_the_request_ledger_has_the_ledgers_columns(tmp_path: Path) -> None:
    """It is declared among the tables; the ledger, which must open fast, keeps a table of its own."""
    declared = [c.name for c in RECORDS_BY_NAME["flex_requests"].columns]
    assert [field.name for field in fields(FlexRequest)] == declared
    ledger = RequestLedger(tmp_path / "state.sqlite")
    ledger.start("ibkr", "1", Window(date(2025, 3, 10), date(2025, 3, 10)))
    with sqlite3.connect(tmp_path / "state.sqlite") as db:
        assert [name for _, name, *_ in db.execute("PRAGMA table_info(flex_requests)")] == declared
