"""From the Flex Web Service to the NAV history: the assets of one connection."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from typing import Any

import dagster as dg

from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.columns import column_schema
from wealth_pipeline.defs.days import days_of, for_people
from wealth_pipeline.defs.evaluations import OF_NAV_HISTORY
from wealth_pipeline.defs.events import (
    days_are_reported,
    report_changed_days,
    report_checks,
    report_loaded,
    show_newest_last,
)
from wealth_pipeline.defs.jobs import rebuild_if_outdated
from wealth_pipeline.defs.nav_events import holdings, nav_events, nav_history_key, without_nav
from wealth_pipeline.defs.partitions import BACKFILL_POLICY
from wealth_pipeline.defs.resources import FlexService, WealthData
from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex.ledger import FlexRequest
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.reading import NothingPublished
from wealth_pipeline.pull import ask
from wealth_pipeline.pull.answer import load_answer, refuse_lacking, refuse_strangers
from wealth_pipeline.pull.ask import Refused
from wealth_pipeline.pull.missing import absent_days, lacking_days
from wealth_pipeline.settings import Settings
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.tables.views import VIEWS_BY_NAME

#: How many days are named of those that are not there.
_NAMED = 5


class PullConfig(dg.Config):
    """How to ask IBKR."""

    #: Ask again even if this window's statement came today.
    force: bool = False


def flex_assets(
    connection: Connection, settings: Settings, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """The chain of one connection."""
    shared: dict[str, Any] = {
        "partitions_def": partitions,
        "backfill_policy": BACKFILL_POLICY,
        "required_resource_keys": {connection.resource, "wealth"},
    }
    return [
        _report_request(connection, settings, shared),
        _statement(connection, settings, shared),
        _tables(connection, settings, shared),
        _nav_history(connection, settings, shared),
    ]


# Any: Dagster's decorator is not fully typed.
def _report_request(connection: Connection, settings: Settings, shared: dict[str, Any]) -> Any:
    @dg.asset(
        key=connection.key("flex_report_request"),
        group_name="flex",
        kinds={"ibkr"},
        description="Asks IBKR's Flex Web Service for the statement of these days (and the days before them, as an"
        " audit), and keeps the reference code in the request ledger.",
        **shared,
    )
    def flex_report_request(context: dg.AssetExecutionContext, config: PullConfig) -> dg.MaterializeResult[Any]:
        flex, wealth = _resources(context, connection)
        with for_people(context, connection, settings):
            window = ask.asked_window(days_of(context, connection, settings, wealth), flex.overlap_days)
            asked = ask.request(flex.client(wealth.ledger), window, force=config.force)
        return dg.MaterializeResult(
            metadata={"window": str(window), "requested_at": dg.MetadataValue.timestamp(asked.requested_at)}
        )

    return flex_report_request


def _statement(connection: Connection, settings: Settings, shared: dict[str, Any]) -> Any:
    @dg.asset(
        key=connection.key("flex_statement"),
        deps=[connection.key("flex_report_request")],
        group_name="flex",
        kinds={"xml"},
        description="Waits until IBKR has made the statement, and archives the XML as it came, for good.",
        config_schema={},
        **shared,
    )
    def flex_statement(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        flex, wealth = _resources(context, connection)
        with for_people(context, connection, settings):
            window = ask.asked_window(days_of(context, connection, settings, wealth), flex.overlap_days)
            entry = ask.download(flex.client(wealth.ledger), window, wealth.folder.archive)
        if entry is None:
            return dg.MaterializeResult(
                metadata={"window": str(window), "statement": "IBKR has none for these days: before the account began"}
            )
        return dg.MaterializeResult(
            metadata={
                "window": str(window),
                "sha256": entry.sha256,
                "bytes": entry.bytes,
                "path": dg.MetadataValue.path(str(wealth.folder.archive.path(entry.sha256))),
            }
        )

    return flex_statement


def _tables(connection: Connection, settings: Settings, shared: dict[str, Any]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=connection.op("tables"),
        description="Loads the archived statement into all tables in one transaction, and publishes wealth.duckdb.",
        specs=[_table_spec(connection, table) for table in TABLES],
        config_schema={},
        **shared,
    )
    def tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        flex, wealth = _resources(context, connection)
        with for_people(context, connection, settings):
            days = days_of(context, connection, settings, wealth)
            window = ask.asked_window(days, flex.overlap_days)
            rebuild_if_outdated(context, wealth, settings)
            report_loaded(context.instance, settings)  # what a killed process left
            try:
                answer = load_answer(wealth.warehouse, wealth.ledger, connection.name, window)
            except WealthError:
                report_loaded(context.instance, settings)  # what came besides is loaded
                raise
            report_changed_days(context.instance, settings, answer.caught_up)
            _show_holdings(context, wealth, connection, days)
        for table in TABLES:
            yield dg.MaterializeResult(
                asset_key=connection.key(table.name),
                metadata={
                    "dagster/row_count": answer.rows[table.name],
                    "window": str(window),
                    "database": dg.MetadataValue.path(str(wealth.folder.published)),
                },
            )
        show_newest_last(context.instance, settings, connection)

    return tables


def _table_spec(connection: Connection, table: TableSpec) -> dg.AssetSpec:
    return dg.AssetSpec(
        connection.key(table.name),
        deps=[connection.key("flex_statement")],
        group_name="tables",
        kinds={"duckdb"},
        description=table.description,
        metadata={"dagster/column_schema": column_schema(table), "dagster/table_name": table.name},
    )


def _nav_history(connection: Connection, settings: Settings, shared: dict[str, Any]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=connection.op("nav_history_days"), specs=[_nav_history_spec(connection)], config_schema={}, **shared
    )
    def nav_history(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        flex, wealth = _resources(context, connection)
        yield from ()
        with for_people(context, connection, settings), published_of(wealth, connection) as published:
            days = days_of(context, connection, settings, wealth)
            asked = asked_as_one_run(wealth, connection, days, flex.overlap_days)
            lacking = lacking_of(published, wealth, connection, days, asked)
            sha256 = asked.statement_sha256 if asked else None
            report_nav(context, published, connection, days=days, sha256=sha256, lacking=lacking, wealth=wealth)
            show_newest_last(context.instance, settings, connection)
            report_checks(
                context.instance, published=published, connection=connection, settings=settings, names=OF_NAV_HISTORY
            )
            days_are_reported(wealth.folder, published)
            if asked is None:
                _refuse_unasked(connection, lacking)
                return
            refuse_strangers(published, connection.name, asked)
            refuse_lacking(published, ledger=wealth.ledger, connection=connection.name, lacking=lacking, asked=asked)

    return nav_history


def _nav_history_spec(connection: Connection) -> dg.AssetSpec:
    return dg.AssetSpec(
        connection.key("nav_history"),
        deps=[connection.key(table.name) for table in TABLES],
        group_name="wealth",
        kinds={"duckdb"},
        skippable=True,  # the step itself says for which days there is a NAV, day by day
        description="Net asset value (net liquidation value) of every account at the close of each report date,"
        " with the day's change and the state of its proof. A green day is a day whose NAV is in DuckDB, or one"
        " that has none: before the account began. Below, *Plots* draws the NAV by day. Materialized alone it shows"
        f" what is loaded, and asks for nothing: for days that are not there launch the job {connection.job}.",
        # Under Dagster's own key the columns would fill the page, above the figures that people come for.
        metadata={"columns": column_schema(VIEWS_BY_NAME["nav_history"]), "dagster/table_name": "nav_history"},
    )


@contextmanager
def published_of(wealth: WealthData, connection: Connection) -> Iterator[Published]:
    """What is published; raises Refused where that is nothing."""
    try:
        with Published(wealth.folder.published) as published:
            yield published
    except NothingPublished as error:
        raise Refused(error.what, f"Launch the job {connection.job} for these days: it asks IBKR.") from None


def asked_as_one_run(
    wealth: WealthData, connection: Connection, days: Sequence[date], overlap_days: int
) -> FlexRequest | None:
    """What was asked of IBKR for these days as one run; None in a run of nav_history alone over other days."""
    if len(days) > ask.LONGEST_RANGE:
        return None
    return wealth.ledger.latest(connection.name, ask.asked_window(days, overlap_days))


def lacking_of(
    published: Published,
    wealth: WealthData,
    connection: Connection,
    days: Sequence[date],
    asked: FlexRequest | None,
) -> list[date]:
    """The days of a run whose NAV should be there and is not."""
    if asked:
        return lacking_days(published, connection.name, days, asked)
    return absent_days(published, connection.name, days, only_connection=wealth.only_connection)


def _refuse_unasked(connection: Connection, lacking: Sequence[date]) -> None:
    """Raise Refused if days are not there that a run of nav_history alone is to show."""
    if lacking:
        named = f"{', '.join(map(str, lacking[:_NAMED]))}{', ...' * (len(lacking) > _NAMED)}"
        raise Refused(
            f"No NAV for {named} (connection {connection.name}), and nobody asked IBKR for these days as one run",
            f"Launch the job {connection.job} for them, or use `wealth pull`: nav_history alone shows what is loaded.",
        )


def report_nav(
    context: dg.AssetExecutionContext,
    published: Published,
    connection: Connection,
    *,
    wealth: WealthData,
    days: Sequence[date],
    sha256: str | None,
    lacking: Sequence[date],
) -> None:
    """Log a materialization of nav_history for each day of the run, and each other one that its statement changed.

    So is each day that Dagster does not know of although its NAV is there: a run was killed after it had loaded it.
    And so is a day of the run that has no NAV and lacks none: a backfill counts what is not materialized as failed.
    """
    accounts = published.accounts_of(connection.name, wealth.only_connection)
    shown = context.instance.get_materialized_partitions(nav_history_key(connection))
    there = published.nav_dates(accounts)
    unknown = [day for day in there if day.isoformat() not in shown]
    reported = published.nav_days(accounts, days[0], days[-1], sha256=sha256, others=unknown)
    for event in without_nav(
        nav_history_key(connection), [day for day in days if day not in there and day not in lacking]
    ):
        context.log_event(event)
    for event in nav_events(connection, reported):
        context.log_event(event)


def _show_holdings(
    context: dg.AssetExecutionContext, wealth: WealthData, connection: Connection, days: Sequence[date]
) -> None:
    """Add each day's largest holdings to the day's materialization of the table `positions`."""
    with Published(wealth.folder.published) as published:
        accounts = published.accounts_of(connection.name, wealth.only_connection)
        largest = published.largest_holdings(accounts, days[0], days[-1])
    for day, of_day in groupby(largest, lambda h: h.report_date):
        if day in days:
            context.add_asset_metadata(
                holdings(of_day), asset_key=connection.key("positions"), partition_key=day.isoformat()
            )


def _resources(context: dg.AssetExecutionContext, connection: Connection) -> tuple[FlexService, WealthData]:
    return getattr(context.resources, connection.resource), context.resources.wealth
