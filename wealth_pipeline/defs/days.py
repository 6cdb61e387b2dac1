"""The days of a run: which it names, which no run may name, and what becomes of the boxes of one that is refused.

The schedule, `wealth pull` and the UI's partitions name only days that there are. Dagster's API takes any: it runs the
Monday for a Saturday, and any day of the future.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import date

import dagster as dg

from wealth_pipeline.calendar import last_weekdays
from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.events import report_checks, show_newest_last
from wealth_pipeline.defs.failures import plain_failure
from wealth_pipeline.defs.income_events import income_key
from wealth_pipeline.defs.nav_events import nav_history_key
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.return_events import HOUSEHOLD_KEY, returns_key
from wealth_pipeline.defs.schedules import RANGE_END, RANGE_START
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.reading import NothingPublished
from wealth_pipeline.pull.ask import Refused
from wealth_pipeline.settings import Settings
from wealth_pipeline.text import inline
from wealth_pipeline.warehouse.folder import DataFolder

_PARTITION = "dagster/partition"


def days_of(
    context: dg.AssetExecutionContext, connection: Connection, settings: Settings, wealth: WealthData
) -> list[date]:
    """The report dates that a run names, in their order; raises Refused if one is none, or if it names none."""
    tags = context.run.tags
    named = tags.get(_PARTITION), tags.get(RANGE_START), tags.get(RANGE_END)
    first, last = named[1] or named[0], named[2] or named[0]
    if first is None or last is None:
        raise Refused(
            "This run names no day",
            f"Launch the job {connection.job} with a partition or a range of them, or use `wealth pull`.",
        )
    (newest,) = last_weekdays(1, wealth.ledger.clock.now())
    for text in (first, last):
        _refuse(text, settings.history_start, newest)
    if first > last:
        raise Refused(f"The range from {first} to {last} has no day", "Name its first day first.")
    return [date.fromisoformat(key) for key in sorted(context.partition_keys)]


def _refuse(text: str, oldest: date, newest: date) -> None:
    """Raise Refused unless the text is a day that can be asked for."""
    try:
        day = date.fromisoformat(text)
        if str(day) != text:
            raise ValueError
    except ValueError:
        raise Refused(f"{inline(text)} is not a day such as {newest}", "Choose a partition.") from None
    if day > newest:
        raise Refused(f"{day} is not complete: {newest} is the newest day that IBKR reports", "Choose days up to it.")
    if day < oldest:
        raise Refused(f"{day} is before {oldest}, the first day (WEALTH_HISTORY_START)", "Choose days from it on.")
    if day.isoweekday() > 5:
        raise Refused(f"{day} is a {day:%A}, and IBKR reports weekdays", "Choose weekdays.")


@contextmanager
def for_people(context: dg.AssetExecutionContext, connection: Connection, settings: Settings) -> Iterator[None]:
    """As `plain_failure`; and a run that is refused, before anything was done, turns no green box red."""
    with plain_failure():
        try:
            yield
        except Refused:
            _keep_green(
                context,
                {nav_history_key(connection), returns_key(connection), income_key(connection), HOUSEHOLD_KEY},
            )
            show_newest_last(context.instance, settings, connection)
            _keep_checks(context.instance, settings, connection)
            raise


def _keep_checks(instance: dg.DagsterInstance, settings: Settings, connection: Connection) -> None:
    """Report the checks again: Dagster shows those that a refused run planned, or that are older than a box, as due."""
    with suppress(NothingPublished), Published(DataFolder(settings.data_dir).published) as published:
        report_checks(instance, published, connection, settings)


def _keep_green(context: dg.AssetExecutionContext, last: Collection[dg.AssetKey]) -> None:
    """Report again what was there of the days that a run planned; Dagster shows each of them as failed otherwise.

    last: the assets whose days come last, or Dagster would call them older than what they follow from.
    """
    of_type = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    planned = context.instance.get_asset_partitions_for_run(context.run.run_id, of_type)
    for key in sorted(planned, key=lambda key: key in last):
        for day in sorted(context.instance.get_materialized_partitions(key) & planned[key]):
            of = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[day])
            for found in context.instance.fetch_materializations(of, limit=1).records:
                if found.asset_materialization and found.run_id != context.run.run_id:
                    context.instance.report_runless_asset_event(found.asset_materialization)
