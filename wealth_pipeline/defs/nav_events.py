"""A day of the NAV history as Dagster shows it: one materialization a partition, its figures as metadata."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs import markdown
from wealth_pipeline.published.results import NavDay
from wealth_pipeline.text import inline


def nav_history_key(connection: Connection) -> dg.AssetKey:
    """The key of a connection's nav_history."""
    return dg.AssetKey(connection.key("nav_history"))


def nav_events(connection: Connection, days: Iterable[NavDay]) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each report date of `days`, with each account's NAV, change, proof and recent line.

    The figures are floats here, for Dagster's plot alone; the exact ones are in DuckDB.
    """
    for report_date, rows in groupby(
        sorted(days, key=lambda d: (d.report_date, d.account_id)), lambda d: d.report_date
    ):
        accounts = list(rows)
        metadata: dict[str, dg.MetadataValue] = {"accounts": dg.MetadataValue.md(markdown.nav_table(accounts))}
        for day in accounts:
            if len(day.recent) > 1:
                metadata[f"recent NAV {inline(day.account_id)}"] = dg.MetadataValue.md(markdown.nav_chart(day))
        for day in accounts:
            label = inline(f"{day.account_id} ({day.currency})")
            if day.total is not None:
                metadata[f"NAV {label}"] = dg.MetadataValue.float(float(day.total))
            if day.day_change is not None:
                metadata[f"change {label}"] = dg.MetadataValue.float(float(day.day_change))
        statements = dict.fromkeys(day.statement_sha256 for day in accounts)
        metadata["statement (sha256)"] = dg.MetadataValue.md("\n\n".join(statements))
        yield dg.AssetMaterialization(nav_history_key(connection), partition=report_date.isoformat(), metadata=metadata)


def without_nav(connection: Connection, days: Iterable[date]) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each day that has no NAV, and for which none will come."""
    for day in days:
        yield dg.AssetMaterialization(
            nav_history_key(connection),
            partition=day.isoformat(),
            metadata={
                "NAV": "none, and none is lacking: IBKR has no NAV for a day before the account began"
                " (and, rarely, for an exchange holiday)"
            },
        )
