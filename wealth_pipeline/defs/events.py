"""Reporting to Dagster what was loaded outside its runs of nav_history: by an import, an inbox file, a replay."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Literal

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.checks import Subject, evaluations
from wealth_pipeline.defs.nav_events import nav_events, nav_history_key
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.errors import WealthError
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.warehouse import DataFolder


def report_changed_days(instance: dg.DagsterInstance, settings: Settings, changed: Iterable[tuple[str, date]]) -> int:
    """Report each of these account-days as a materialization of nav_history; returns how many days."""
    return _report_changed(instance, settings, Published(DataFolder(settings.data_dir).published), set(changed))


def report_loaded(instance: dg.DagsterInstance, settings: Settings) -> int:
    """Give Dagster what was loaded since it was last given anything: days of nav_history, and what the checks say.

    Returns how many days. After a load outside of Dagster's runs, and before anything of Dagster's is served or run: a
    process that was killed between a load and its report left both to the next one.
    """
    folder = DataFolder(settings.data_dir)
    published = Published(folder.published)
    try:
        load_id, days = published.unreported()
    except WealthError:
        return 0  # nothing is there yet, or nothing that can be read: the next load reports
    days_wait = _last(folder, "days") != load_id
    if load_id is None or not (days_wait or _last(folder, "checks") != load_id):
        return 0
    reported = 0
    with published:
        if days_wait:
            changed = {*days, *_unknown_days(instance, settings, published)}
            reported = _report_changed(instance, settings, published, changed)
            folder.reported("days").write_text(load_id, encoding="utf-8")
        for connection in settings.connections_or_default:
            report_checks(instance, published, connection, settings)
        folder.reported("checks").write_text(load_id, encoding="utf-8")
    return reported


def report_checks(
    instance: dg.DagsterInstance,
    published: Published,
    connection: Connection,
    settings: Settings,
    names: Collection[str] = (),
) -> None:
    """Give Dagster what a connection's checks (or those of these names) say of the published database now."""
    wealth = WealthData(str(settings.data_dir), only_connection=settings.only_connection)
    for evaluation in evaluations(Subject(connection, settings, wealth, published), names):
        instance.report_runless_asset_event(evaluation)


def days_are_reported(folder: DataFolder, published: Published) -> None:
    """Note that Dagster knows all days of the last load."""
    load_id, _ = published.unreported()
    if load_id:
        folder.reported("days").write_text(load_id, encoding="utf-8")


def _report_changed(
    instance: dg.DagsterInstance, settings: Settings, published: Published, changed: Collection[tuple[str, date]]
) -> int:
    return sum(
        _report_days_of(instance, settings, published, connection=connection, changed=changed)
        for connection in settings.connections_or_default
        if changed
    )


def _report_days_of(
    instance: dg.DagsterInstance,
    settings: Settings,
    published: Published,
    *,
    connection: Connection,
    changed: Collection[tuple[str, date]],
) -> int:
    """Report those of the account-days that are of one connection, from its first partition on."""
    accounts = published.accounts_of(connection.name, settings.only_connection)
    affected = {day for account, day in changed if account in accounts and day >= settings.history_start}
    if not affected:
        return 0
    days = published.nav_days(accounts, min(affected), max(affected))
    events = list(nav_events(connection, [day for day in days if day.report_date in affected]))
    for event in events:
        instance.report_runless_asset_event(event)
    return len(events)


def _unknown_days(instance: dg.DagsterInstance, settings: Settings, published: Published) -> Iterator[tuple[str, date]]:
    """The account-days whose NAV is there and that Dagster does not know: its storage may be new."""
    for connection in settings.connections_or_default:
        accounts = list(published.accounts_of(connection.name, settings.only_connection))
        known = instance.get_materialized_partitions(nav_history_key(connection))
        for day in published.nav_dates(accounts):
            if day.isoformat() not in known:
                yield accounts[0], day


def _last(folder: DataFolder, what: Literal["days", "checks"]) -> str | None:
    try:
        return folder.reported(what).read_text(encoding="utf-8")
    except OSError:
        return None
