"""When Dagster's daemon was heard last: read from Dagster's storage without Dagster, whose import takes seconds."""

from __future__ import annotations

from datetime import UTC, datetime

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.sqlite import rows
from wealth_pipeline.warehouse.folder import DataFolder


def last_heard(folder: DataFolder) -> datetime | None:
    """When Dagster's daemon was heard last (UTC), None where it never was, or the storage cannot be read."""
    try:
        ((text,),) = rows(folder.dagster_home / "history" / "runs.db", "SELECT max(timestamp) FROM daemon_heartbeats")
    except WealthError:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def seen(folder: DataFolder) -> str | None:
    """The sentence that says so, None where the daemon never ran here."""
    heard = last_heard(folder)
    return f"Dagster's daemon was last seen on {heard:%Y-%m-%d} at {heard:%H:%M} UTC." if heard else None
