"""A day's return as Dagster shows it: one materialization a partition of `returns`, or of `household`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from itertools import groupby

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.published import markdown
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.results import ReturnDay, ReturnPeriod
from wealth_pipeline.text import inline

#: The asset of all accounts together, whichever connection they are of; and its name in the tables.
HOUSEHOLD_KEY, HOUSEHOLD = dg.AssetKey("household"), ("household",)


def returns_key(connection: Connection) -> dg.AssetKey:
    """The key of a connection's returns."""
    return dg.AssetKey(connection.key("returns"))


def report_returns(
    instance: dg.DagsterInstance,
    published: Published,
    key: dg.AssetKey,
    scopes: Collection[str],
    *,
    days: Collection[date],
    since: date,
    sha256s: Collection[str] = (),
    log: Callable[[dg.AssetMaterialization], None] | None = None,
) -> None:
    """Report the returns of these days, of those that statements changed, and of those that Dagster does not know.

    since: the first partition. log: by default to the instance, outside of a run.
    """
    with published:
        known = instance.get_materialized_partitions(key)
        unknown = [day for day in published.return_dates(scopes) if day.isoformat() not in known]
        found = published.return_days(scopes, {*days, *unknown}, sha256s)
        for event in _events(key, [day for day in found if day.report_date >= since], published.return_periods(scopes)):
            (log or instance.report_runless_asset_event)(event)


def newest_return(published: Published, key: dg.AssetKey, scopes: Collection[str]) -> dg.AssetMaterialization | None:
    """The newest day; None where there is no return."""
    with published:
        newest = max(published.return_dates(scopes), default=None)
        if newest is None:
            return None
        (event,) = _events(key, published.return_days(scopes, [newest]), published.return_periods(scopes))
        return event


def _events(
    key: dg.AssetKey, days: Iterable[ReturnDay], periods: Collection[ReturnPeriod]
) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each report date of `days`; the newest has the periods, which end with it."""
    newest = max((period.to_date for period in periods), default=None)
    for report_date, rows in groupby(days, lambda day: day.report_date):
        shown = list(rows)
        metadata: dict[str, dg.MetadataValue] = {"returns": dg.MetadataValue.md(markdown.returns_table(shown))}
        if report_date == newest:
            metadata["periods"] = dg.MetadataValue.md(markdown.periods_table(periods))
        for day in shown:
            figures = {
                f"return {inline(day.scope)} (percent)": day.return_percent,
                f"index {inline(day.scope)}": day.level,
                f"gain {inline(f'{day.scope} ({day.currency})')}": day.gain,
            }
            metadata |= {
                label: dg.MetadataValue.float(float(value)) for label, value in figures.items() if value is not None
            }
        yield dg.AssetMaterialization(key, partition=report_date.isoformat(), metadata=metadata)
