"""What was earned: the returns of each connection's accounts, and of the household, beside the NAV history.

They follow from the tables, not from `nav_history`: they are made also where that one is red.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.assets.flex import asked_as_one_run, lacking_of, published_of
from wealth_pipeline.defs.columns import column_schema
from wealth_pipeline.defs.days import days_of, for_people
from wealth_pipeline.defs.events import show_newest_last
from wealth_pipeline.defs.nav_events import without_nav
from wealth_pipeline.defs.partitions import BACKFILL_POLICY
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.return_events import HOUSEHOLD, HOUSEHOLD_KEY, report_returns, returns_key
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import Settings
from wealth_pipeline.tables.returns import RETURNS_BY_NAME

#: The tables that returns are made from.
MADE_FROM = ("nav", "nav_changes", "cash_flows", "cash_transactions", "transfers", "fx_rates")
_SHOWN = (
    " Time-weighted, in percent, with the gain and an index that begins at 100, and again on each day without a return;"
    " below, *Plots* draws them by day. The newest day has the month, the year, 365 days and all since the start. A"
    " return that cannot be known is withheld, with the reason (docs/returns.md)."
)


def return_assets(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The returns of each connection, and of the household."""
    connections = settings.connections_or_default
    return [
        *(
            _asset(
                settings,
                partitions,
                returns_key(one),
                step=one.op("returns_days"),
                connections=[one],
                table="returns_daily",
                says="What every account earned on each report date, deposits and withdrawals apart.",
            )
            for one in connections
        ),
        _asset(
            settings,
            partitions,
            HOUSEHOLD_KEY,
            step="household_days",
            connections=connections,
            table="household_daily",
            says="What all accounts together earned on each report date, in the reporting currency; a transfer between"
            " two of them is no deposit.",
        ),
    ]


def _asset(
    settings: Settings,
    partitions: dg.DailyPartitionsDefinition,
    key: dg.AssetKey,
    *,
    step: str,
    connections: Sequence[Connection],
    table: str,
    says: str,
) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        key,
        deps=[one.key(name) for one in connections for name in MADE_FROM],
        group_name="wealth",
        kinds={"duckdb"},
        skippable=True,  # the step itself says for which days there is a return, day by day
        description=says + _SHOWN,
        metadata={"columns": column_schema(RETURNS_BY_NAME[table]), "dagster/table_name": table},
    )

    @dg.multi_asset(
        name=step,
        specs=[spec],
        config_schema={},
        partitions_def=partitions,
        backfill_policy=BACKFILL_POLICY,
        required_resource_keys={"wealth"},
    )
    def returns(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        yield from ()
        wealth: WealthData = context.resources.wealth
        with for_people(context, connections[0], settings), published_of(wealth, connections[0]) as published:
            days = days_of(context, connections[0], settings, wealth)
            _report(context, published, key, settings=settings, wealth=wealth, connections=connections, days=days)
            show_newest_last(context.instance, settings, connections[0])

    return returns


def _report(
    context: dg.AssetExecutionContext,
    published: Published,
    key: dg.AssetKey,
    *,
    settings: Settings,
    wealth: WealthData,
    connections: Sequence[Connection],
    days: Sequence[date],
) -> None:
    """Log the returns of the run's days, and of those that its statement changed.

    And, as nav_history does, a day of the run that has no NAV and lacks none of any connection.
    """
    accounts = [account for one in connections for account in published.accounts_of(one.name, wealth.only_connection)]
    asked = {one: asked_as_one_run(wealth, one, days, settings.overlap_days) for one in connections}
    lacking = set(days).intersection(*(lacking_of(published, wealth, one, days, asked[one]) for one in connections))
    without = sorted({*days} - lacking - published.nav_dates(accounts))
    for event in without_nav(key, without):
        context.log_event(event)
    report_returns(
        context.instance,
        published,
        key,
        HOUSEHOLD if key == HOUSEHOLD_KEY else accounts,
        days=days,
        since=settings.history_start,
        sha256s=[one.statement_sha256 for one in asked.values() if one and one.statement_sha256],
        log=context.log_event,
    )
