"""Reporting to Dagster what was loaded outside its runs of nav_history: by an import, an inbox file, a replay.

And what no load changes: the newest day stays the one that is shown, and figures that nobody adds to grow old.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Literal

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.evaluations import evaluations, subject
from wealth_pipeline.defs.income_events import income_key, newest_income, report_income
from wealth_pipeline.defs.nav_events import nav_events, nav_history_key, newest_nav, newest_positions
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.return_events import HOUSEHOLD, HOUSEHOLD_KEY, newest_return, report_returns, returns_key
from wealth_pipeline.errors import WealthError
from wealth_pipeline.published.checks import UP_TO_DATE
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.reading import NothingPublished
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.folder import DataFolder


def report_changed_days(instance: dg.DagsterInstance, settings: Settings, changed: Iterable[tuple[str, date]]) -> int:
    """Report each of these account-days as one of nav_history, of returns and of income; returns how many days."""
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
            show_newest_last(instance, settings, connection)
            report_checks(instance, published, connection, settings)
        folder.reported("checks").write_text(load_id, encoding="utf-8")
    return reported


def show_newest_last(instance: dg.DagsterInstance, settings: Settings, connection: Connection) -> None:
    """Report the newest day of `positions` and of what is made of the tables again, unless it is what is shown.

    A page shows what was reported last; after older days were loaded, that is one of them.
    """
    published = Published(DataFolder(settings.data_dir).published)
    try:
        with published:
            accounts = published.accounts_of(connection.name, settings.only_connection)
            newest = [
                newest_positions(connection, published, accounts),
                newest_nav(connection, published, accounts),
                newest_return(published, returns_key(connection), accounts),
                newest_return(published, HOUSEHOLD_KEY, HOUSEHOLD),
                newest_income(published, income_key(connection), accounts),
            ]
    except NothingPublished:
        return
    for event in filter(None, newest):
        last = instance.get_latest_materialization_event(event.asset_key)
        shown = last.asset_materialization if last else None
        if not (shown and shown.partition == event.partition and event.metadata.items() <= shown.metadata.items()):
            instance.report_runless_asset_event(event)


def report_up_to_date(instance: dg.DagsterInstance, settings: Settings) -> None:
    """Give Dagster what the check `up_to_date` of each connection says now, where it says something else than before.

    Figures grow old without any load. Raises as `Published` does.
    """
    with Published(DataFolder(settings.data_dir).published) as published:
        for connection in settings.connections_or_default:
            for evaluation in _evaluations(published, connection, settings, [UP_TO_DATE]):
                record = instance.get_latest_asset_check_evaluation_record(evaluation.asset_check_key)
                before = record.evaluation if record else None
                if before is None or _said(before) != _said(evaluation):
                    instance.report_runless_asset_event(evaluation)


def _said(evaluation: dg.AssetCheckEvaluation) -> tuple[object, ...]:
    return evaluation.passed, evaluation.severity, evaluation.description, evaluation.metadata


def report_checks(
    instance: dg.DagsterInstance,
    published: Published,
    connection: Connection,
    settings: Settings,
    names: Collection[str] = (),
) -> None:
    """Give Dagster what a connection's checks (or those of these names) say of the published database now."""
    for evaluation in _evaluations(published, connection, settings, names):
        instance.report_runless_asset_event(evaluation)


def _evaluations(
    published: Published, connection: Connection, settings: Settings, names: Collection[str]
) -> Iterator[dg.AssetCheckEvaluation]:
    wealth = WealthData(str(settings.data_dir), only_connection=settings.only_connection)
    return evaluations(subject(connection, settings, wealth, published), names)


def days_are_reported(folder: DataFolder, published: Published) -> None:
    """Note that Dagster knows all days of the last load."""
    load_id, _ = published.unreported()
    if load_id:
        folder.reported("days").write_text(load_id, encoding="utf-8")


def _report_changed(
    instance: dg.DagsterInstance, settings: Settings, published: Published, changed: Collection[tuple[str, date]]
) -> int:
    if not changed:
        return 0
    reported = sum(
        _report_days_of(instance, settings, published, connection=connection, changed=changed)
        for connection in settings.connections_or_default
    )
    days, since = {day for _, day in changed}, settings.history_start
    report_returns(instance, published, HOUSEHOLD_KEY, HOUSEHOLD, days=days, since=since)
    return reported


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
    for report, key in ((report_returns, returns_key(connection)), (report_income, income_key(connection))):
        report(instance, published, key, accounts, days=affected, since=settings.history_start)
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
