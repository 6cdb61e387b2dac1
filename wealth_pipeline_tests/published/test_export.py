"""Files for everyone: every table and view, every digit."""

from __future__ import annotations

import csv
import stat
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from wealth_pipeline.cli.main import main
from wealth_pipeline_tests.flexml import file, flex, nav

TOTAL = Decimal("1234567.123456789012")


@pytest.fixture
def loaded(clean_environment: Path) -> Path:
    """A data folder with one statement."""
    (clean_environment / "one.xml").write_bytes(file(flex(EquitySummaryInBase=[nav(total=TOTAL)])))
    assert CliRunner().invoke(main, ["import", "one.xml"]).exit_code == 0
    return clean_environment


def export(*words: str) -> list[str]:
    """Run `wealth export`; the names of the files it prints."""
    done = CliRunner().invoke(main, ["export", *words])
    assert done.exit_code == 0, done.output
    return [line.split()[-1] for line in done.output.splitlines()]


def test_parquet_holds_every_table_and_every_digit(loaded: Path) -> None:
    names = export("out")
    assert {"nav_history.parquet", "positions.parquet", "restatements.parquet", "statements.parquet"} <= set(names)
    assert sorted(path.name for path in (loaded / "out").iterdir()) == sorted(names)
    assert duckdb.execute("SELECT total FROM 'out/nav_history.parquet'").fetchall() == [(TOTAL,)]
    assert stat.S_IMODE((loaded / "out" / "nav.parquet").stat().st_mode) == 0o600


def test_csv_holds_decimals_as_they_are_and_replaces_an_older_export(loaded: Path) -> None:
    for _ in range(2):
        assert "nav_history.csv" in export("out", "--csv")
    (row,) = csv.DictReader((loaded / "out" / "nav_history.csv").open())
    assert row["total"] == "1234567.123456789012"


def test_a_folder_that_cannot_be_written_is_a_sentence(loaded: Path) -> None:
    (loaded / "file").write_text("")
    done = CliRunner().invoke(main, ["export", "file/out"])
    assert done.exit_code == 1
    assert "cannot be written: Not a directory" in done.output
