"""Opening `warehouse.duckdb`: its tables are made where there are none, and it is refused where they are others."""

from __future__ import annotations

from pathlib import Path

import duckdb

from wealth_pipeline.files import drive
from wealth_pipeline.files.duck import Held, connect, trouble
from wealth_pipeline.tables.catalog import OFFICIAL
from wealth_pipeline.tables.ddl import describe
from wealth_pipeline.warehouse import version
from wealth_pipeline.warehouse.ddl import create_statements
from wealth_pipeline.warehouse.folder import WarehouseError

_SAFE = "What IBKR sent is safe in the archive; the next run loads it."


class Outdated(Exception):
    """The warehouse was written by an older version of this software."""


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the private database at `path`, making it if it isn't there.

    Raises Outdated for one with the tables or rules of an older version, WarehouseError for one that is held, damaged,
    or of a newer version.
    """
    try:
        con = connect(path)
    except Held as held:
        raise WarehouseError(held.what, f"{held.advice} {_SAFE}") from None
    except duckdb.Error as error:
        raise unwritable(path, error) from None
    try:
        drive.set_mode(path, 0o600)
        _make(con)
    except duckdb.Error as error:
        con.close()
        raise unwritable(path, error) from None
    except BaseException:
        con.close()
        raise
    return con


def unwritable(path: Path, error: duckdb.Error | OSError) -> WarehouseError:
    """The error that says why a database cannot be written."""
    what, advice = trouble(path, error)
    return WarehouseError(what, f"{advice} {_SAFE}")


def _make(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of an empty database; raises Outdated or WarehouseError for one with other tables or rules."""
    tables = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "warehouse_info" in tables:
        written = version.origin(con)
        if written.newer:
            raise WarehouseError(
                f"The warehouse was written by a newer wealth_pipeline ({written.written_by}, this is"
                f" {version.program()})",
                "Update wealth_pipeline; or, to stay with this version, run `wealth replay`.",
            )
        if not written.ours:
            raise Outdated
    con.begin()
    if "warehouse_info" not in tables:
        for statement in create_statements():
            con.execute(statement)
        con.execute(
            "INSERT INTO warehouse_info (schema_version, written_by) VALUES (?, ?)",
            [version.SCHEMA_VERSION, version.program()],
        )
    describe(con, OFFICIAL)
    con.commit()
