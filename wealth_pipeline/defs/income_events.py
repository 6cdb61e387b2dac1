"""A day's income as Dagster shows it: one materialization a partition of `income`; the newest has what is to come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from itertools import groupby

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.published import markdown
from wealth_pipeline.published.income import COMING_DAYS, IncomeDay
from wealth_pipeline.published.published import Published
from wealth_pipeline.text import inline


def income_key(connection: Connection) -> dg.AssetKey:
    """The key of a connection's income."""
    return dg.AssetKey(connection.key("income"))


def report_income(
    instance: dg.DagsterInstance,
    published: Published,
    key: dg.AssetKey,
    accounts: Collection[str],
    *,
    days: Collection[date],
    since: date,
    sha256s: Collection[str] = (),
    log: Callable[[dg.AssetMaterialization], None] | None = None,
) -> None:
    """Report the income of these days, of those that statements changed, and of those that Dagster does not know.

    since: the first partition. log: by default to the instance, outside of a run.
    """
    with published:
        known = instance.get_materialized_partitions(key)
        unknown = [day for day in published.nav_dates(accounts) if day.isoformat() not in known]
        found = published.income_days(accounts, {*days, *unknown}, sha256s)
        for event in _events(key, published, accounts, [day for day in found if day.report_date >= since]):
            (log or instance.report_runless_asset_event)(event)


def newest_income(published: Published, key: dg.AssetKey, accounts: Collection[str]) -> dg.AssetMaterialization | None:
    """The newest day; None where there is no NAV."""
    with published:
        newest = max(published.nav_dates(accounts), default=None)
        if newest is None:
            return None
        (event,) = _events(key, published, accounts, published.income_days(accounts, [newest]))
        return event


def _events(
    key: dg.AssetKey, published: Published, accounts: Collection[str], days: Iterable[IncomeDay]
) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each report date of `days`, with what was booked on it."""
    newest = max(published.nav_dates(accounts), default=None)
    for report_date, rows in groupby(days, lambda day: day.report_date):
        shown = list(rows)
        metadata: dict[str, dg.MetadataValue] = {"booked": dg.MetadataValue.md(markdown.income_table(shown))}
        if report_date == newest:
            metadata |= dict(_outlook(published, accounts))
        for day in shown:
            label = inline(f"{day.account_id} ({day.currency})")
            for name, value in {"gross": day.gross, "tax": day.tax, "net": day.net}.items():
                if value is not None:
                    metadata[f"{name} {label}"] = dg.MetadataValue.float(float(value))
        yield dg.AssetMaterialization(key, partition=report_date.isoformat(), metadata=metadata)


def _outlook(published: Published, accounts: Collection[str]) -> Iterator[tuple[str, dg.MetadataValue]]:
    """The months of each account, and what is declared and expected of it."""
    for account, months in groupby(published.income_months(accounts), lambda month: month.account_id):
        yield f"by month {inline(account)}", dg.MetadataValue.md(markdown.months_table(months))
    for account, coming in groupby(published.income_coming(accounts), lambda one: one.account_id):
        label = f"next {COMING_DAYS} days {inline(account)} (expected: an estimate)"
        yield label, dg.MetadataValue.md(markdown.coming_table(coming))
