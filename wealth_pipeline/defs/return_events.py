"""A day's return as Dagster shows it: one materialization a partition of `returns`, or of `household`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from itertools import groupby

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs import earned_events
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

    since, log: see `earned_events.report`.
    """
    with published:
        there, makes = _of(published, key, scopes, sha256s)
        earned_events.report(instance, key, there, makes, days=days, since=since, log=log)


def newest_return(published: Published, key: dg.AssetKey, scopes: Collection[str]) -> dg.AssetMaterialization | None:
    """The newest day; None where there is no return."""
    with published:
        return earned_events.newest(*_of(published, key, scopes))


def _of(
    published: Published, key: dg.AssetKey, scopes: Collection[str], sha256s: Collection[str] = ()
) -> tuple[Collection[date], earned_events.Makes]:
    """The days that have a return, and what makes their materializations, with those that statements changed."""
    return published.return_dates(scopes), lambda days: _events(
        key, published.return_days(scopes, days, sha256s), published.return_periods(scopes)
    )


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
