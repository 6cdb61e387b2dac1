"""The returns that the pipeline makes of statements: of one household, or of many in one warehouse."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import duckdb

from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.books import Books
from wealth_pipeline_tests.returns.damage import HOUSEHOLD, World
from wealth_pipeline_tests.returns.judge import Found, Key
from wealth_pipeline_tests.returns.statements import FlexFile, accounts_toml, files

_DAYS = (
    "SELECT account_id, report_date, status, return_percent, reason, flow_in - flow_out, implied_flow, flow_timing"
    f" FROM returns_daily UNION ALL SELECT '{HOUSEHOLD}', report_date, status, return_percent, reason, NULL, NULL, NULL"
    " FROM household_daily"
)


@contextmanager
def published(world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """What people query after a household's files were loaded into a data folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = DataFolder(Path(folder))
        (data.root / "accounts.toml").write_text(world.toml, encoding="utf-8")
        warehouse = Warehouse(data, reporting_currency=world.books.reporting)
        with warehouse.writing():
            sha256s = [data.archive.add(io.BytesIO(file.data()), source="import").sha256 for file in world.files]
            refused = [loaded.reason for loaded in warehouse.load(sha256s) if loaded.status not in ("loaded", "known")]
        assert refused == []
        with duckdb.connect(str(data.published), read_only=True, config={"threads": 1}) as con:
            yield con


@contextmanager
def together(worlds: Sequence[World]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the accounts of many households, which have no day and no account's name in common.

    A load takes long, however small the file is: the first files of all of them are loaded as one, then the second, and
    so on, so that each household's are loaded in their order.
    """
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as house:
        joined = [
            FlexFile([statement for file in files if file for statement in file.statements])
            for files in zip_longest(*(world.files for world in worlds if not world.alone))
        ]
        for file in [*joined, *(file for world in worlds if world.alone for file in world.files)]:
            loaded = house.load(file.data())
            assert loaded.status in ("loaded", "known"), loaded.reason
        yield house.con


def found(con: duckdb.DuckDBPyConnection) -> dict[Key, Found]:
    """The returns of every account and day, and of the household."""
    return {(account, day): Found(*figures) for account, day, *figures in con.execute(_DAYS).fetchall()}


def returns_and_flows(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """All that follows from the statements, whatever their order."""
    flows = "account_id, report_date, kind, ordinal, amount_base, source, counterparty_account"
    queries = ("SELECT * FROM returns_daily ORDER BY ALL", f"SELECT {flows} FROM flows ORDER BY ALL")
    return [row for query in queries for row in con.execute(query).fetchall()]


def loaded(folder: Path, books: Books, made: Sequence[FlexFile] | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to what was published of the statements of these books. made: other files than theirs."""
    data = DataFolder(folder / "data")
    data.root.mkdir()
    (data.root / "accounts.toml").write_text(accounts_toml(books))
    warehouse = Warehouse(data, reporting_currency=books.reporting)
    with warehouse.writing():
        sha256s = [data.archive.add(io.BytesIO(one.data()), source="import").sha256 for one in made or files(books)]
        for one in warehouse.load(sha256s):
            assert one.status == "loaded", one.reason
    return duckdb.connect(str(data.published), read_only=True)
