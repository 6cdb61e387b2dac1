"""The schema's version follows from the declarations and the rules: nobody has to think of raising it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

import wealth_pipeline
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.income import INCOME
from wealth_pipeline.tables.records import RECORDS
from wealth_pipeline.tables.relations import Record
from wealth_pipeline.tables.returns import RETURNS
from wealth_pipeline.tables.views import VIEWS
from wealth_pipeline.warehouse import schema_digest
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.version import SCHEMA_VERSION
from wealth_pipeline_tests.lives import Folder, days, statement

PACKAGE = Path(wealth_pipeline.__file__).parent
EARNED = (*RETURNS, *INCOME)


def test_the_written_version_is_the_one_that_follows_from_the_code() -> None:
    """When it differs: `make docs`."""
    assert schema_digest.schema_digest() == SCHEMA_VERSION


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("SELECT 1 -- a one\nFROM t", "SELECT\n  1 FROM t /* all\nof it */", True),
        ("SELECT a b", "SELECT ab", False),
        ("SELECT '--  a'", "SELECT '-- a'", False),
        ("SELECT 'it''s' --'", "SELECT 'it''s'", True),
        ('SELECT x AS "two  words"', 'SELECT x AS "two words"', False),
        ("SELECT a - -1", "SELECT a --1", False),
    ],
)
def test_comments_and_white_space_are_no_rules(one: str, other: str, same: bool) -> None:
    """What stands between quotes is."""
    assert (list(schema_digest.tokens(one)) == list(schema_digest.tokens(other))) is same


@pytest.mark.parametrize(
    "change, same",
    [
        ({"description": "Another text.", "unit": "stones"}, True),
        ({"name": "another"}, False),
        ({"type": TABLES[1].columns[1].type, "nullable": False}, False),
        ({"attribute": "another"}, False),
    ],
)
def test_a_column_counts_and_what_is_said_of_it_does_not(change: dict[str, Any], same: bool) -> None:
    """Descriptions are for people, and change without a rebuild."""
    view, *others = VIEWS
    assert isinstance(view, Record)
    changed = replace(view, columns=(replace(view.columns[0], **change), *view.columns[1:]))
    assert (schema_digest.schema_digest((changed, *others, *EARNED, *TABLES, *RECORDS)) == SCHEMA_VERSION) is same


@pytest.mark.parametrize(
    "change, same",
    [({"key": ()}, False), ({"melt": True}, False), ({"section": replace(TABLES[0].section, costs="all")}, True)],
)
def test_how_a_table_is_kept_counts_and_what_its_section_is_good_for_does_not(
    change: dict[str, Any], same: bool
) -> None:
    changed = replace(TABLES[0], **change)
    assert (schema_digest.schema_digest((*VIEWS, *EARNED, changed, *TABLES[1:], *RECORDS)) == SCHEMA_VERSION) is same


@pytest.fixture
def changed_program(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python on a copy of the program in which somebody has added a column to the trades, and nothing else."""
    code = tmp_path / "code"
    shutil.copytree(PACKAGE, code / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    added = 0
    for module in (code / PACKAGE.name / "tables").glob("*.py"):
        text, count = re.subn(
            r"(class Trades\(.*?\n)(    \w+: \w+ = column\()",
            r'\1    added_column: Text = column("addedColumn", "It was added.")\n\2',
            module.read_text(),
            count=1,
            flags=re.DOTALL,
        )
        module.write_text(text)
        added += count
    assert added == 1

    def run(*words: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {"PYTHONPATH": str(code)} | ({"WEALTH_DATA_DIR": str(data)} if data else {})
        return subprocess.run(
            [sys.executable, "-m", *words], check=True, capture_output=True, text=True, env=environ, cwd=tmp_path
        )

    return run


def test_an_added_column_is_noticed_and_the_next_load_rebuilds_by_itself(
    changed_program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Nothing else has to be done: `make docs` writes the version, and the figures stay what they were."""
    house = Folder(tmp_path / "data")
    house.load(statement({"U1": days(date(2026, 1, 5), date(2026, 1, 9))}))
    before = house.rows("SELECT * EXCLUDE (known_since) FROM nav_history ORDER BY ALL")

    written = changed_program("wealth_pipeline.warehouse.schema_digest").stdout
    assert int(written) != SCHEMA_VERSION  # what the test of the written version compares
    (tmp_path / "code" / "wealth_pipeline" / "warehouse" / "schema_version.txt").write_text(written)
    (tmp_path / "new.xml").write_bytes(statement({"U2": days(date(2026, 1, 5), date(2026, 1, 9))}))
    imported = changed_program("wealth_pipeline.cli", "import", "new.xml", data=tmp_path / "data")
    assert imported.stdout.startswith("loaded   new.xml\n1 loaded")
    assert "rebuilt from the archive now" in imported.stderr
    assert "Rebuilding: 1 of 1 statements" in imported.stderr

    published = DataFolder(tmp_path / "data").published
    with duckdb.connect(str(published), read_only=True) as con:
        assert con.execute("SELECT schema_version FROM warehouse_info").fetchall() == [(int(written),)]
        assert "added_column" in [name for name, *_ in con.execute("DESCRIBE trades").fetchall()]
        rows = con.execute("SELECT * EXCLUDE (known_since) FROM nav_history WHERE account_id = 'U1' ORDER BY ALL")
        assert rows.fetchall() == before
        assert con.execute("SELECT count(DISTINCT account_id) FROM nav_history").fetchall() == [(2,)]
