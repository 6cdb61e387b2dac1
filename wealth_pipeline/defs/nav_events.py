"""A day as Dagster shows it: one materialization a partition, its figures as metadata.

An asset's page shows what was reported last, so the newest day is: with every account, whatever day its NAV is of.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from itertools import groupby

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.published import markdown
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.results import Holding, NavDay
from wealth_pipeline.text import inline


def nav_history_key(connection: Connection) -> dg.AssetKey:
    """The key of a connection's nav_history."""
    return dg.AssetKey(connection.key("nav_history"))


def nav_events(
    connection: Connection, days: Iterable[NavDay], older: Collection[NavDay] = ()
) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each report date of `days`, with each account's NAV, change, proof and recent line.

    The figures are floats here, for Dagster's plot alone; the exact ones are in DuckDB. older: where `days` are the
    newest day, the newest of the accounts that it lacks; they are shown as well, and not plotted.
    """
    for report_date, rows in groupby(
        sorted(days, key=lambda d: (d.report_date, d.account_id)), lambda d: d.report_date
    ):
        accounts = list(rows)
        shown = [*accounts, *older]
        metadata: dict[str, dg.MetadataValue] = {"accounts": dg.MetadataValue.md(markdown.nav_table(shown))}
        for day in shown:
            if len(day.recent) > 1:
                metadata[f"recent NAV {inline(day.account_id)}"] = dg.MetadataValue.md(markdown.nav_chart(day))
        for day in accounts:
            label = inline(f"{day.account_id} ({day.currency})")
            if day.total is not None:
                metadata[f"NAV {label}"] = dg.MetadataValue.float(float(day.total))
            if day.day_change is not None:
                metadata[f"change {label}"] = dg.MetadataValue.float(float(day.day_change))
        statements = dict.fromkeys(day.statement_sha256 for day in accounts)
        metadata["statement (sha256)"] = dg.MetadataValue.md("\n\n".join(statements))
        yield dg.AssetMaterialization(nav_history_key(connection), partition=report_date.isoformat(), metadata=metadata)


def newest_nav(
    connection: Connection, published: Published, accounts: Collection[str]
) -> dg.AssetMaterialization | None:
    """The newest day, with the newest NAV of each account that goes on; None where there is no NAV."""
    newest = max(published.nav_dates(accounts), default=None)
    if newest is None:
        return None
    counting = published.rows("counting", accounts=list(accounts), day=newest)
    lasts = {account: last for account, last, counts in counting if counts and last < newest}
    days = published.nav_days(accounts, newest, newest, others=set(lasts.values()))
    older = [day for day in days if lasts.get(day.account_id) == day.report_date]
    (event,) = nav_events(connection, [day for day in days if day.report_date == newest], older)
    return event


def newest_positions(
    connection: Connection, published: Published, accounts: Collection[str]
) -> dg.AssetMaterialization | None:
    """The newest day of a NAV, with each account's largest holdings on it; None where there is no NAV."""
    newest = max(published.nav_dates(accounts), default=None)
    if newest is None:
        return None
    metadata = holdings(published.largest_holdings(accounts, newest, newest))
    return dg.AssetMaterialization(
        dg.AssetKey(connection.key("positions")), partition=newest.isoformat(), metadata=metadata
    )


def holdings(largest: Iterable[Holding]) -> dict[str, dg.MetadataValue]:
    """The largest holdings of a day, a table for each account."""
    return {
        f"largest holdings {inline(account)}": dg.MetadataValue.md(markdown.holdings_table(of_account))
        for account, of_account in groupby(largest, lambda h: h.account_id)
    }


def without_nav(key: dg.AssetKey, days: Iterable[date]) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each day that has no NAV, and for which none will come."""
    for day in days:
        yield dg.AssetMaterialization(
            key,
            partition=day.isoformat(),
            metadata={
                "NAV": "none, and none is lacking: IBKR has no NAV for a day before the account began"
                " (and, rarely, for an exchange holiday)"
            },
        )
