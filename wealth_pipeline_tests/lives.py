"""Statements of accounts that live, move and end, and a data folder that loads them as the program does."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.flexml import file, flex

Totals = Mapping[date, int]


def statement(accounts: Mapping[str, Totals], *, closed: Mapping[str, date] | None = None) -> bytes:
    """A file with a FlexStatement for each account, whose NAV is what `accounts` says of each day.

    It is generated on the day after the last of them, or on 10 January 2026 if that is later.
    """
    last = max(day for totals in accounts.values() for day in totals)
    generated = f"{max(last + timedelta(days=1), date(2026, 1, 10)):%Y%m%d};060000"
    return file(
        *(
            flex(
                account,
                max(totals),
                first=min(totals),
                generated=generated,
                AccountInformation={"currency": "USD", "dateClosed": (closed or {}).get(account)},
                EquitySummaryInBase=[
                    {"accountId": account, "currency": "USD", "reportDate": day, "cash": total, "total": total}
                    for day, total in totals.items()
                ],
            )
            for account, totals in accounts.items()
        )
    )


def days(first: date, last: date, total: int = 1000) -> dict[date, int]:
    """The same total on every weekday."""
    return dict.fromkeys(weekdays_between(first, last), total)


class Folder:
    """A data folder, loaded as the program does it."""

    def __init__(self, root: Path) -> None:
        self.warehouse = Warehouse(DataFolder(root))

    def load(self, *statements: bytes, connection: str | None = None, fetched: date = date(2026, 1, 10)) -> None:
        """Archive and load files that came on a day."""
        with self.warehouse.writing():
            added = [self.archive(data, connection, fetched) for data in statements]
            assert all(one.status != "rejected" for one in self.warehouse.load(added))

    def archive(self, data: bytes, connection: str | None, fetched: date) -> str:
        """Archive a file; its sha256."""
        return self.warehouse.folder.archive.add(
            io.BytesIO(data),
            source="flex" if connection else "import",
            connection=connection,
            now=datetime(fetched.year, fetched.month, fetched.day, 12).astimezone(),
        ).sha256

    def say(self, text: str) -> None:
        """Write accounts.toml."""
        (self.warehouse.folder.root / "accounts.toml").write_text(text)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with duckdb.connect(str(self.warehouse.folder.published), read_only=True) as con:
            return con.execute(query).fetchall()

    def worth(self) -> dict[date, Decimal | None]:
        """The net worth of each day."""
        return dict(self.rows("SELECT report_date, total FROM net_worth"))
