"""A short run of the properties; `make fuzz` is the long one."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from wealth_pipeline.tables.figures import BY_NAME, TABLES
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse

from .figures import Choice, household
from .forms import Form, Frame, render
from .house import differences, opened
from .proofs import every_cent
from .runs import every_damage, every_form
from .second_reading import strays


def test_figures_come_back_exactly_in_every_form() -> None:
    """Dates, nulls, numbers, levels, models, missing and unknown attributes, encodings: the figures are the same."""
    whole, wrong = every_form(100, 1)
    assert wrong == []
    assert whole == 100


def test_a_damaged_file_loads_correctly_or_is_refused_with_one_clear_line() -> None:
    """Never a traceback, never a part of a file."""
    outcomes, wrong = every_damage(35, 1)
    assert wrong == []
    assert outcomes["loaded"] > 3
    assert len(outcomes) > 4


def test_a_cent_on_a_figure_of_income_fails_the_proofs_that_cover_it_and_no_other() -> None:
    """`make fuzz` does so with every figure that a proof covers."""
    seen, wrong = every_cent(1, income=True, step=4)
    assert wrong == []
    assert seen >= 3


def test_the_published_database_holds_the_figures(tmp_path: Path) -> None:
    """What people query is what the statement says."""
    folder = DataFolder(tmp_path)
    told = [(household(n, Choice(days=3, by_day=bool(n % 2), rows=2)), Form(summaries=True)) for n in range(10)]
    warehouse = Warehouse(folder)
    with warehouse.writing():
        entry = folder.archive.add(io.BytesIO(render(told, Frame())), source="import")
        assert [loaded.status for loaded in warehouse.load([entry.sha256])] == ["loaded"]
    with duckdb.connect(str(folder.published), read_only=True) as con:
        assert differences(con, [figures for figures, _ in told]) == []


@pytest.mark.parametrize("section", ["EquitySummaryInBase", "CashReport", "OpenPositions", "Trades", "ChangeInNAV"])
def test_the_comparison_sees_one_unit_of_the_last_decimal(tmp_path: Path, section: str) -> None:
    """A comparison that never fails proves nothing."""
    told = household(5, Choice(rows=1))
    with opened(tmp_path) as house:
        house.load(render([(told, Form())], Frame()))
        assert differences(house.con, [told]) == []
        row = told.parts[0].sections[section][0]
        name, figure = next((name, value) for name, value in row.items() if isinstance(value, Decimal))
        row[name] = figure + Decimal("1e-12")
        assert differences(house.con, [told]) != []


#: How a file can tell which rows are positions and which are lots.
_LEVELS = {
    "both levels": Choice(),
    "lots only": Choice(levels="lots"),
    "no level": Choice(omitted=frozenset({("OpenPosition", "levelOfDetail")})),
}


@pytest.mark.parametrize("level", _LEVELS)
def test_the_second_reading_sees_rows_that_lack_and_figures_that_differ(tmp_path: Path, level: str) -> None:
    """The same for the other comparison, table by table."""
    data = render([(household(6, _LEVELS[level]), Form())], Frame())
    tables = TABLES if level == "both levels" else [BY_NAME["positions"], BY_NAME["position_lots"]]
    with opened(tmp_path) as house:
        sha256 = house.load(data).sha256
        assert strays(house.con, sha256, data, moments=True) == []
        for table in tables:
            name = "account_descriptions" if table.name == "accounts" else table.stored
            figures = ["amount"] if table.melt else [c.name for c in table.read if pa.types.is_decimal(c.type)]
            other = f"{figures[0]} = coalesce({figures[0]}, 0) * 2 + 1" if figures else "alias = 'another'"
            for damage in (f"DELETE FROM {name}", f"UPDATE {name} SET {other}"):
                house.con.begin()
                house.con.execute(damage)
                found = strays(house.con, sha256, data, moments=True)
                house.con.rollback()
                assert {line.split(":")[0] for line in found} == {table.name}, damage
