"""A day of the NAV history as Dagster shows it: one materialization a partition, its figures as metadata."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import dagster as dg

from wealth_pipeline.settings import Connection
from wealth_pipeline.warehouse.published import NavDay


def nav_history_key(connection: Connection) -> dg.AssetKey:
    """The key of a connection's nav_history."""
    return dg.AssetKey([connection.name, "nav_history"] if connection.prefixed else ["nav_history"])


def nav_events(connection: Connection, days: Iterable[NavDay]) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each report date of `days`, with each account's NAV, change and proof.

    The figures are floats here, for Dagster's plot alone; the exact ones are in DuckDB.
    """
    for report_date, rows in groupby(
        sorted(days, key=lambda d: (d.report_date, d.account_id)), lambda d: d.report_date
    ):
        metadata: dict[str, dg.MetadataValue] = {}
        for day in rows:
            label = f"{day.account_id} ({day.currency})"
            if day.total is not None:
                metadata[f"NAV {label}"] = dg.MetadataValue.float(float(day.total))
            if day.day_change is not None:
                metadata[f"change {label}"] = dg.MetadataValue.float(float(day.day_change))
            metadata[f"proof {day.account_id}"] = dg.MetadataValue.text(day.proof.replace("_", " "))
            metadata[f"statement {day.account_id}"] = dg.MetadataValue.text(day.statement_sha256)
        yield dg.AssetMaterialization(nav_history_key(connection), partition=report_date.isoformat(), metadata=metadata)
