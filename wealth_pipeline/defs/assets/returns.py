"""What was earned: returns and income of each connection's accounts, and the household's returns.

They follow from the tables, not from `nav_history`: they are made also where that one is red.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.assets.flex import asked_as_one_run, lacking_of, published_of
from wealth_pipeline.defs.columns import column_schema
from wealth_pipeline.defs.days import days_of, for_people
from wealth_pipeline.defs.events import show_newest_last
from wealth_pipeline.defs.income_events import income_key, report_income
from wealth_pipeline.defs.nav_events import without_nav
from wealth_pipeline.defs.partitions import BACKFILL_POLICY
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.return_events import HOUSEHOLD, HOUSEHOLD_KEY, report_returns, returns_key
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import Settings
from wealth_pipeline.tables.income import INCOME_BY_NAME
from wealth_pipeline.tables.relations import Relation
from wealth_pipeline.tables.returns import RETURNS_BY_NAME

#: The tables that returns are made from, and those of income.
MADE_FROM = ("nav", "nav_changes", "cash_flows", "cash_transactions", "transfers", "fx_rates")
INCOME_FROM = ("nav", "cash_transactions", "dividend_accruals", "positions", "fx_rates")
_SHOWN = (
    " Time-weighted, in percent, with the gain and an index that begins at 100, and again on each day without a return;"
    " below, *Plots* draws them by day. The newest day has the month, the year, 365 days and all since the start. A"
    " return that cannot be known is withheld, with the reason (docs/returns.md)."
)

_INCOME = (
    "Dividends, payments in lieu and the tax withheld from them, as they were booked on each report date. The newest"
    " day has the last 12 months by pay date, and for the next 90 days what is declared and what is expected: an"
    " estimate, from what was paid a year ago (docs/income.md)."
)


@dataclass(frozen=True, kw_only=True)
class _Earned:
    """An asset that shows what was earned.

    step: its name as a step. connections: whose accounts it is of. table: what it shows. made_from: of which tables
    that is made. report: reports its days; see `report_returns`.
    """

    key: dg.AssetKey
    step: str
    connections: Sequence[Connection]
    table: Relation
    says: str
    made_from: Sequence[str] = MADE_FROM
    report: Callable[..., None] = report_returns

    @property
    def spec(self) -> dg.AssetSpec:
        """What Dagster lists."""
        return dg.AssetSpec(
            self.key,
            deps=[one.key(name) for one in self.connections for name in self.made_from],
            group_name="wealth",
            kinds={"duckdb"},
            skippable=True,  # the step itself says for which days there is something, day by day
            description=self.says,
            metadata={"columns": column_schema(self.table), "dagster/table_name": self.table.name},
        )


def earned_assets(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The returns and the income of each connection, and the returns of the household."""
    connections = settings.connections_or_default
    household = _Earned(
        key=HOUSEHOLD_KEY,
        step="household_days",
        connections=connections,
        table=RETURNS_BY_NAME["household_daily"],
        says="What all accounts together earned on each report date, in the reporting currency; a transfer between"
        " two of them is no deposit." + _SHOWN,
    )
    shown = [*map(_returns, connections), *map(_income, connections), household]
    return [_asset(settings, partitions, one) for one in shown]


def _returns(connection: Connection) -> _Earned:
    return _Earned(
        key=returns_key(connection),
        step=connection.op("returns_days"),
        connections=[connection],
        table=RETURNS_BY_NAME["returns_daily"],
        says="What every account earned on each report date, deposits and withdrawals apart." + _SHOWN,
    )


def _income(connection: Connection) -> _Earned:
    return _Earned(
        key=income_key(connection),
        step=connection.op("income_days"),
        connections=[connection],
        table=INCOME_BY_NAME["income_calendar"],
        says=_INCOME,
        made_from=INCOME_FROM,
        report=report_income,
    )


def _asset(settings: Settings, partitions: dg.DailyPartitionsDefinition, shown: _Earned) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=shown.step,
        specs=[shown.spec],
        config_schema={},
        partitions_def=partitions,
        backfill_policy=BACKFILL_POLICY,
        required_resource_keys={"wealth"},
    )
    def earned(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        yield from ()
        wealth: WealthData = context.resources.wealth
        first = shown.connections[0]
        with for_people(context, first, settings), published_of(wealth, first) as published:
            days = days_of(context, first, settings, wealth)
            _report(context, published, shown, settings=settings, wealth=wealth, days=days)
            show_newest_last(context.instance, settings, first)

    return earned


def _report(
    context: dg.AssetExecutionContext,
    published: Published,
    shown: _Earned,
    *,
    settings: Settings,
    wealth: WealthData,
    days: Sequence[date],
) -> None:
    """Log what was earned on the run's days, and on those that its statement changed.

    And, as nav_history does, a day of the run that has no NAV and lacks none of any connection.
    """
    of = shown.connections
    accounts = [account for one in of for account in published.accounts_of(one.name, wealth.only_connection)]
    asked = {one: asked_as_one_run(wealth, one, days, settings.overlap_days) for one in of}
    lacking = set(days).intersection(*(lacking_of(published, wealth, one, days, asked[one]) for one in of))
    without = sorted({*days} - lacking - published.nav_dates(accounts))
    for event in without_nav(shown.key, without):
        context.log_event(event)
    shown.report(
        context.instance,
        published,
        shown.key,
        HOUSEHOLD if shown.key == HOUSEHOLD_KEY else accounts,
        days=days,
        since=settings.history_start,
        sha256s=[one.statement_sha256 for one in asked.values() if one and one.statement_sha256],
        log=context.log_event,
    )
