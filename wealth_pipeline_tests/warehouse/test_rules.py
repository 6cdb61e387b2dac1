"""The rules as files: each has its stage and its header, and the SQL that is made in Python is written down as text."""

from __future__ import annotations

from pathlib import Path

import pytest

import wealth_pipeline.warehouse
from wealth_pipeline.warehouse import rules
from wealth_pipeline.warehouse.ddl import DAY_RULES, FUNCTIONS, sql
from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.fuzz.house import opened

from . import made_sql

ROOM = Path(wealth_pipeline.warehouse.__file__).parent
STAGES = {name: value for name, value in vars(rules).items() if name.isupper()}
#: The folders of sql/ that hold rules.
FOLDERS = sorted({name.split("/")[0] for names in STAGES.values() for name in names if "/" in name})
RULES = [name for names in STAGES.values() for name in names]


def test_each_rule_is_made_in_one_stage_and_no_file_lies_idle() -> None:
    files = {
        str(f.relative_to(ROOM / "sql").with_suffix("")) for d in FOLDERS for f in (ROOM / "sql" / d).glob("*.sql")
    }
    assert sorted(RULES) == sorted(files | {name for name in RULES if "/" not in name})


@pytest.mark.parametrize(
    "file",
    [*RULES, *FUNCTIONS, *DAY_RULES, *(f"../proofs/{f.stem}" for f in sorted((ROOM / "proofs").glob("*.sql")))],
)
def test_a_rule_is_short_and_says_what_it_takes_and_gives(file: str) -> None:
    lines = sql(file).splitlines()
    header = "\n".join(line for line in lines if line.startswith("-- "))
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 120
    assert lines[0].startswith("-- ")
    if "query_table" in sql(file) or "MACRO" not in sql(file):
        assert "Out: " in header


def test_the_sql_that_is_made_of_the_declarations_is_what_is_written_down() -> None:
    """`make docs` writes it again; the difference is for the reviewer to read."""
    written = {file.name: file.read_text() for file in made_sql.FOLDER.glob("*.sql")}
    assert written == made_sql.texts()


#: The tables that are made empty where the rules that make them have nothing to look at.
STAND_INS = {
    "returns/no_windows": ("agreed_windows", "window_trials", "failed_windows"),
    "returns/household_unpaired": ("household_pairs", "household_transit"),
}


@pytest.mark.parametrize("stand_in", STAND_INS)
def test_what_stands_for_a_rule_without_rows_has_the_columns_that_the_rule_makes(stand_in: str, tmp_path: Path) -> None:
    def columns() -> dict[str, list[tuple[str, str]]]:
        return {
            table: [(name, kind) for name, kind, *_ in house.con.execute(f"DESCRIBE {table}").fetchall()]
            for table in STAND_INS[stand_in]
        }

    with opened(tmp_path) as house:
        assert house.load(flexml.file(flexml.flex(EquitySummaryInBase=[flexml.nav()]))).status == "loaded"
        house.con.execute(sql(stand_in))
        empty = columns()
        for table in STAND_INS[stand_in]:
            if table == "household_pairs":
                for made_before in ("returns/household_sides", "returns/household_matches"):
                    house.con.execute(sql(made_before))
            house.con.execute(sql(f"returns/{table}"))
        assert columns() == empty
