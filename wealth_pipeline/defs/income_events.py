"""A day's income as Dagster shows it: one materialization a partition of `income`; the newest has what is to come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs import earned_events
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

    since, log: see `earned_events.report`.
    """
    with published:
        there, makes = _of(published, key, accounts, sha256s)
        earned_events.report(instance, key, there, makes, days=days, since=since, log=log)


def newest_income(published: Published, key: dg.AssetKey, accounts: Collection[str]) -> dg.AssetMaterialization | None:
    """The newest day; None where there is no NAV."""
    with published:
        return earned_events.newest(*_of(published, key, accounts))


def _of(
    published: Published, key: dg.AssetKey, accounts: Collection[str], sha256s: Collection[str] = ()
) -> tuple[Collection[date], earned_events.Makes]:
    """The days that have a NAV, and what makes their materializations, with those that statements changed."""
    there = published.nav_dates(accounts)
    newest = max(there, default=None)
    return there, lambda days: _events(
        key, published.income_days(accounts, days, sha256s), {newest: _outlook(published, accounts)}
    )


def _events(
    key: dg.AssetKey,
    days: Iterable[IncomeDay],
    besides: Mapping[date | None, Iterable[tuple[str, dg.MetadataValue]]],
) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each report date of `days`, with what was booked on it, and what else a day shows."""
    for report_date, rows in groupby(days, lambda day: day.report_date):
        shown = list(rows)
        metadata: dict[str, dg.MetadataValue] = {"booked": dg.MetadataValue.md(markdown.income_table(shown))}
        metadata |= dict(besides.get(report_date, ()))
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
