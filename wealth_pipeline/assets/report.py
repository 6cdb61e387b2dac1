"""Telling Dagster of days that were loaded outside its runs of nav_history: an import, an inbox file."""

from collections.abc import Iterable

import dagster as dg

from wealth_pipeline.assets.nav_events import nav_events
from wealth_pipeline.settings import DEFAULT_CONNECTION, Connection, Settings
from wealth_pipeline.warehouse import published
from wealth_pipeline.warehouse.intake import Taken
from wealth_pipeline.warehouse.warehouse import DataFolder


def report_changed_days(instance: dg.DagsterInstance, settings: Settings, taken: Iterable[Taken]) -> int:
    """Report each day whose figures these files changed as a materialization of nav_history; returns how many."""
    changed = {pair for t in taken for pair in t.changed}
    if not changed:
        return 0
    path = DataFolder(settings.data_dir).published
    first, last = min(day for _, day in changed), max(day for _, day in changed)
    reported = 0
    for connection in connections_or_default(settings):
        accounts = published.accounts_of(path, connection.name, len(connections_or_default(settings)) == 1)
        days = published.nav_days(path, list(accounts), first, last)
        affected = {day for account, day in changed if account in accounts and day >= settings.history_start}
        for event in nav_events(connection, [d for d in days if d.report_date in affected]):
            instance.report_runless_asset_event(event)
            reported += 1
    return reported


def connections_or_default(settings: Settings) -> tuple[Connection, ...]:
    """The configured connections; with none, the usual single one, so that its graph can be seen before set-up."""
    return settings.connections or (Connection(DEFAULT_CONNECTION, "0", "IBKR_FLEX_TOKEN", prefixed=False),)
