"""A warehouse of the test's own, with the few questions that tests ask."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from wealth_pipeline.warehouse.archive import Archive
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.load import Loaded, load
from wealth_pipeline.warehouse.warehouse import Warehouse

#: Tables that say when and how something was fetched, not what it says.
_NO_FIGURES = {"statements", "warehouse_info", "flex_requests", "days_to_report"}


class House:
    """An open warehouse and its archive."""

    def __init__(self, root: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.root = root
        self.archive = Archive(root / "archive")
        self.con = con

    def load(self, data: bytes) -> Loaded:
        """Archive and load a file."""
        return load(self.con, self.archive, self.archive.add(io.BytesIO(data), source="import").sha256)

    def loaded(self, data: bytes) -> Loaded:
        """The same for a file that must load."""
        outcome = self.load(data)
        assert outcome.status == "loaded", outcome.reason
        return outcome

    def refused(self, data: bytes) -> str:
        """The reason why a file is rejected, after a look that no table of figures changed."""
        before = self.contents()
        outcome = self.load(data)
        assert outcome.status == "rejected"
        assert self.contents() == before
        assert self.rows("SELECT status, reason FROM statements WHERE sha256 = ?", outcome.sha256) == [
            ("rejected", outcome.reason)
        ]
        assert outcome.reason is not None
        assert "\n" not in outcome.reason
        return outcome.reason

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.con.execute(query, list(values)).fetchall()

    def texts(self, query: str) -> list[tuple[str | None, ...]]:
        """All rows of a query as texts, decimals without trailing zeros."""
        return [tuple(_text(value) for value in row) for row in self.rows(query)]

    def notes(self, kind: str) -> dict[str, int]:
        """The notes of a kind: how often, by name."""
        return dict(self.rows("SELECT name, sum(count)::INT FROM statement_notes WHERE kind = ? GROUP BY name", kind))

    def proofs(self, account: str = "U1") -> dict[str, str]:
        """The status of each proof of an account's newest day."""
        newest = "(SELECT max(report_date) FROM reconciliation WHERE account_id = ?)"
        return dict(
            self.rows(
                f"SELECT check_name, status FROM reconciliation WHERE account_id = ? AND report_date = {newest}",
                account,
                account,
            )
        )

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table and view but those of the bookkeeping, in a fixed order."""
        names = self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
            " AND NOT starts_with(table_name, 'new_') AND table_catalog = current_database() ORDER BY 1"
        )
        return {
            name: self.rows(f"FROM {name} ORDER BY ALL NULLS FIRST") for (name,) in names if name not in _NO_FIGURES
        }


def _text(value: object) -> str | None:
    if value is None:
        return None
    written = str(value) if not hasattr(value, "normalize") else f"{value:f}"
    return written.rstrip("0").rstrip(".") if hasattr(value, "normalize") and "." in written else written


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty warehouse's file: copying it is cheaper than making its tables."""
    folder = DataFolder(tmp_path_factory.mktemp("empty"))
    list(Warehouse(folder).load([]))
    return folder.warehouse


@pytest.fixture
def new_house(empty: Path, tmp_path: Path) -> Iterator[Callable[[], House]]:
    """Makes empty warehouses, as many as a test needs."""
    opened: list[House] = []

    def make() -> House:
        root = tmp_path / f"house{len(opened)}"
        root.mkdir()
        shutil.copyfile(empty, root / "warehouse.duckdb")
        con = duckdb.connect(str(root / "warehouse.duckdb"), config={"threads": 1})
        con.execute("SET TimeZone = 'UTC'")
        con.execute("PRAGMA disable_checkpoint_on_shutdown")  # nobody opens it again
        opened.append(House(root, con))
        return opened[-1]

    yield make
    for house in opened:
        house.con.close()


@pytest.fixture
def house(new_house: Callable[[], House]) -> House:
    """An empty warehouse."""
    return new_house()
