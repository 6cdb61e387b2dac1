"""A warehouse that many examples share: every example has accounts of its own."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.warehouse.archive import Archive
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.load import Loaded, load
from wealth_pipeline.warehouse.warehouse import Warehouse

from .figures import Expected, Household

#: What a rejected file must leave as it was.
_KEPT = [table.name for table in TABLES] + [
    "statement_accounts", "statement_notes", "observations", "versions", "account_descriptions", "reconciliation",
]  # fmt: skip
#: The tables without an account, and what tells one household's rows there.
_OWNERS = {"fx_rates": "to_currency", "securities": "conid"}


class House:
    """An open warehouse and its archive."""

    def __init__(self, folder: DataFolder, con: duckdb.DuckDBPyConnection) -> None:
        self.archive: Archive = folder.archive
        self.con = con

    def load(self, data: bytes, date_format: str = "MM/dd/yyyy") -> Loaded:
        """Archive and load a file; raises StatementError where it is no statement at all."""
        return load(self.con, self.archive, self.archive.add(io.BytesIO(data), source="import").sha256, date_format)

    def digest(self) -> list[tuple[Any, ...]]:
        """A cheap look at every table of figures: rows, and what the newest says of its time."""
        newest = {table.name for table in TABLES if any(c.name == "known_since" for c in table.columns)}
        query = " UNION ALL ".join(
            f"SELECT '{name}', count(*), {'max(known_since)' if name in newest else 'NULL'} FROM {name}"
            for name in _KEPT
        )
        return self.con.execute(query).fetchall()


@contextmanager
def opened(root: Path) -> Iterator[House]:
    """A new warehouse in `root`, on one thread."""
    folder = DataFolder(root)
    list(Warehouse(folder).load([]))
    con = duckdb.connect(str(folder.warehouse), config={"threads": 1})
    try:
        con.execute("SET TimeZone = 'UTC'")
        # DuckDB takes a spawned process for a notebook, and draws a bar.
        con.execute("SET enable_progress_bar = false")
        yield House(folder, con)
    finally:
        con.close()


def differences(con: duckdb.DuckDBPyConnection, told: Sequence[Household], older: timedelta | None = None) -> list[str]:
    """Where the tables differ from the figures, one line a table. older: of what age another file of them is."""
    wanted: Expected = {}
    for household in told:
        for table, rows in household.expected().items():
            wanted.setdefault(table, []).extend(rows)
    owners = {
        "account_id": [household.account for household in told],
        "to_currency": [household.base for household in told],
        "conid": [conid for household in told for conid in household.contracts],
    }
    found = []
    for table, rows in wanted.items():
        names = list(rows[0]) if rows else ["*"]
        owner = _OWNERS.get(table, "account_id")
        query = f"SELECT {', '.join(names)} FROM {table} WHERE {owner} IN (SELECT unnest(?))"
        stated = Counter(tuple(row[name] for name in names) for row in rows)
        given = Counter(con.execute(query, [owners[owner]]).fetchall())
        if stated != given:
            lacking, added = list((stated - given).elements()), list((given - stated).elements())
            found.append(f"{table}: {len(lacking)} lacking, {len(added)} unstated: {names} {lacking[:2]} {added[:2]}")
    generated = {(h.account, p.first, p.last, p.generated) for h in told for p in h.parts}
    if older:
        generated |= {(account, first, last, at - older) for account, first, last, at in generated}
    columns = "account_id, from_date, to_date, when_generated"
    query = f"SELECT {columns} FROM statement_accounts WHERE account_id IN (SELECT unnest(?))"
    given_statements = set(con.execute(query, [owners["account_id"]]).fetchall())
    if generated != given_statements:
        found.append(f"statement_accounts: {list(generated ^ given_statements)[:4]}")
    return found
