"""Telling Dagster of days that were loaded outside its runs of nav_history: an import, an inbox file, a replay."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from wealth_pipeline.assets.nav_events import nav_events, nav_history_key
from wealth_pipeline.errors import WealthError
from wealth_pipeline.settings import DEFAULT_CONNECTION, Connection, Settings
from wealth_pipeline.warehouse import published
from wealth_pipeline.warehouse.warehouse import DataFolder


def report_changed_days(instance: dg.DagsterInstance, settings: Settings, changed: Iterable[tuple[str, date]]) -> int:
    """Report each of these account-days as a materialization of nav_history; returns how many days."""
    pairs = set(changed)
    path = DataFolder(settings.data_dir).published
    return sum(
        report_days_of(instance, connection, path, _only_one(settings), settings.history_start, pairs)
        for connection in connections_or_default(settings)
    )


def report_days_of(
    instance: dg.DagsterInstance,
    connection: Connection,
    path: Path,
    only_one: bool,
    since: date,
    changed: Collection[tuple[str, date]],
) -> int:
    """The same for the accounts of one connection, from its first partition on."""
    if not changed:
        return 0
    accounts = published.accounts_of(path, connection.name, only_one)
    affected = {day for account, day in changed if account in accounts and day >= since}
    if not affected:
        return 0
    days = published.nav_days(path, list(accounts), min(affected), max(affected))
    return _report(instance, connection, [day for day in days if day.report_date in affected])


#: What of an account's day makes it another one: account, report date, NAV, change, proof, statement.
Figures = frozenset[tuple[Any, ...]]


def figures(settings: Settings) -> Figures:
    """The NAV history as it is published now; empty if there is none that can be read."""
    path = DataFolder(settings.data_dir).published
    try:
        accounts = list(published.first_days(path))
        return frozenset(map(_figures_of, published.nav_days(path, accounts, date.min, date.max)))
    except WealthError:
        return frozenset()


def _figures_of(day: published.NavDay) -> tuple[Any, ...]:
    return day.account_id, day.report_date, day.total, day.day_change, day.proof, day.statement_sha256


def report_replayed(instance: dg.DagsterInstance, settings: Settings, before: Figures) -> int:
    """Report the days whose figures are not those of `before`, and those that Dagster does not know."""
    path = DataFolder(settings.data_dir).published
    reported = 0
    for connection in connections_or_default(settings):
        accounts = list(published.accounts_of(path, connection.name, _only_one(settings)))
        days = published.nav_days(path, accounts, settings.history_start, date.max)
        known = instance.get_materialized_partitions(nav_history_key(connection))
        affected = {
            d.report_date for d in days if _figures_of(d) not in before or d.report_date.isoformat() not in known
        }
        reported += _report(instance, connection, [day for day in days if day.report_date in affected])
    return reported


def _report(instance: dg.DagsterInstance, connection: Connection, days: Sequence[published.NavDay]) -> int:
    events = list(nav_events(connection, days))
    for event in events:
        instance.report_runless_asset_event(event)
    return len(events)


def _only_one(settings: Settings) -> bool:
    return len(connections_or_default(settings)) == 1


def connections_or_default(settings: Settings) -> tuple[Connection, ...]:
    """The configured connections; with none, the usual single one, so that its graph can be seen before set-up."""
    return settings.connections or (Connection(DEFAULT_CONNECTION, "0", "IBKR_FLEX_TOKEN", prefixed=False),)
