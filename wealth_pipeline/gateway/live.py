"""Reading `live.duckdb`: the newest live figures.

Each function opens the file read-only and closes it again. Figures are Decimal, times UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from wealth_pipeline.errors import WealthError

#: The published file in the data folder.
FILE = "live.duckdb"


class NoLiveFigures(WealthError):
    """No snapshot was loaded yet."""


@dataclass(frozen=True)
class LiveNav:
    """An account's newest live net liquidation value, in its base currency. captured_at: UTC."""

    account_id: str
    captured_at: datetime
    base_currency: str | None
    net_liquidation: Decimal


@cache
def sql(name: str) -> str:
    """The text of one of the package's .sql files."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def attach(con: duckdb.DuckDBPyConnection, data_dir: Path) -> bool:
    """Attach the live figures of a data folder to a connection as `live`, read-only; whether there are any."""
    return _attach(con, data_dir / FILE, "live")


def latest_nav(data_dir: Path) -> list[LiveNav]:
    """Each account's newest live NAV; raises NoLiveFigures if there is none."""
    with _memory() as con:
        if not attach(con, data_dir):
            raise NoLiveFigures(
                "There are no live balances yet", "Log in to the gateway and switch the sensor `gateway` on in the UI."
            )
        rows = con.execute(
            "SELECT account_id, captured_at, base_currency, net_liquidation FROM live.live_nav_latest ORDER BY 1"
        ).fetchall()
    return [LiveNav(*row) for row in rows]


@contextmanager
def _memory() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    try:
        yield con
    finally:
        con.close()


def _attach(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> bool:
    if not path.exists():
        return False
    quoted = str(path).replace("'", "''")
    con.execute(f"ATTACH '{quoted}' AS {name} (READ_ONLY)")
    return True
