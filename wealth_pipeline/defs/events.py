"""Telling Dagster of days that were loaded outside its runs of nav_history: an import, an inbox file, a replay."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.checks import evaluations
from wealth_pipeline.defs.nav_events import nav_events, nav_history_key
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.errors import WealthError
from wealth_pipeline.published import published
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.warehouse import DataFolder


def report_changed_days(instance: dg.DagsterInstance, settings: Settings, changed: Iterable[tuple[str, date]]) -> int:
    """Report each of these account-days as a materialization of nav_history; returns how many days."""
    pairs = set(changed)
    path = DataFolder(settings.data_dir).published
    return sum(
        report_days_of(instance, connection, path, settings.only_connection, settings.history_start, pairs)
        for connection in settings.connections_or_default
    )


def report_days_of(
    instance: dg.DagsterInstance,
    connection: Connection,
    path: Path,
    only_connection: bool,
    since: date,
    changed: Collection[tuple[str, date]],
) -> int:
    """The same for the accounts of one connection, from its first partition on."""
    if not changed:
        return 0
    accounts = published.accounts_of(path, connection.name, only_connection)
    affected = {day for account, day in changed if account in accounts and day >= since}
    if not affected:
        return 0
    days = published.nav_days(path, list(accounts), min(affected), max(affected))
    return _report(instance, connection, [day for day in days if day.report_date in affected])


def report_loaded(instance: dg.DagsterInstance, settings: Settings) -> int:
    """Give Dagster what was loaded since it was last given anything: days of nav_history, and what the checks say.

    Returns how many days. After a load outside of Dagster's runs, and before anything of Dagster's is served or run: a
    process that was killed between a load and its report left both to the next one.
    """
    folder = DataFolder(settings.data_dir)
    try:
        load_id, days = published.unreported(folder.published)
    except WealthError:
        return 0  # nothing is there yet, or nothing that can be read: the next load reports
    if load_id is None:
        return 0
    reported = 0
    if days_wait := _last(folder, "days") != load_id:
        reported = report_changed_days(instance, settings, [*days, *_unknown_days(instance, settings, folder)])
        folder.reported("days").write_text(load_id)
    if days_wait or _last(folder, "checks") != load_id:
        for connection in settings.connections_or_default:
            report_checks(instance, connection, settings)
        folder.reported("checks").write_text(load_id)
    return reported


def report_checks(
    instance: dg.DagsterInstance, connection: Connection, settings: Settings, names: Collection[str] = ()
) -> None:
    """Give Dagster what a connection's checks (or those of these names) say of the published database now."""
    wealth = WealthData(str(settings.data_dir), only_connection=settings.only_connection)
    for evaluation in evaluations(connection, settings, wealth, names):
        instance.report_runless_asset_event(evaluation)


def days_are_reported(folder: DataFolder) -> None:
    """Note that Dagster knows all days of the last load."""
    load_id, _ = published.unreported(folder.published)
    if load_id:
        folder.reported("days").write_text(load_id)


def _unknown_days(instance: dg.DagsterInstance, settings: Settings, folder: DataFolder) -> Iterator[tuple[str, date]]:
    """The account-days whose NAV is there and that Dagster does not know: its storage may be new."""
    for connection in settings.connections_or_default:
        accounts = list(published.accounts_of(folder.published, connection.name, settings.only_connection))
        known = instance.get_materialized_partitions(nav_history_key(connection))
        for day in published.nav_dates(folder.published, accounts):
            if day.isoformat() not in known:
                yield accounts[0], day


def _last(folder: DataFolder, what: Literal["days", "checks"]) -> str | None:
    try:
        return folder.reported(what).read_text()
    except OSError:
        return None


def _report(instance: dg.DagsterInstance, connection: Connection, days: Sequence[published.NavDay]) -> int:
    events = list(nav_events(connection, days))
    for event in events:
        instance.report_runless_asset_event(event)
    return len(events)
