"""Everything that Dagster finds in the code location, made from the settings."""

import os
import warnings
from datetime import timedelta
from typing import Any

import dagster as dg

from wealth_pipeline.files.private import owner_only
from wealth_pipeline.settings import UI_PASSWORD

# Before anything is written: a code server and its runs may have been started by hand, under any umask.
owner_only()
# Dagster has just put all of `.env` into the environment, whether this is its code server or a run.
os.environ.pop(UI_PASSWORD, None)
# Backfill policies and column schemas are beta in Dagster 1.13; the warning is nothing a user can act on.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

from wealth_pipeline.connections import Connection  # noqa: E402
from wealth_pipeline.defs import _private  # noqa: E402
from wealth_pipeline.defs.assets.flex import flex_assets  # noqa: E402
from wealth_pipeline.defs.assets.gateway import GATEWAY_ASSETS, GATEWAY_CHECKS, LiveGateway  # noqa: E402
from wealth_pipeline.defs.assets.returns import earned_assets  # noqa: E402
from wealth_pipeline.defs.evaluations import OF_NAV_HISTORY, checks  # noqa: E402
from wealth_pipeline.defs.income_events import income_key  # noqa: E402
from wealth_pipeline.defs.jobs import replay, retention  # noqa: E402
from wealth_pipeline.defs.nav_events import nav_history_key  # noqa: E402
from wealth_pipeline.defs.partitions import report_dates  # noqa: E402
from wealth_pipeline.defs.resources import FlexService, WealthData, bound, storeless  # noqa: E402
from wealth_pipeline.defs.return_events import HOUSEHOLD_KEY, returns_key  # noqa: E402
from wealth_pipeline.defs.run_process import in_process  # noqa: E402
from wealth_pipeline.defs.schedules import after_market_close  # noqa: E402
from wealth_pipeline.defs.sensors.alert import alert, token_expiry  # noqa: E402
from wealth_pipeline.defs.sensors.gateway import gateway_watch  # noqa: E402
from wealth_pipeline.defs.sensors.inbox import inbox  # noqa: E402
from wealth_pipeline.defs.sensors.up_to_date import up_to_date  # noqa: E402
from wealth_pipeline.defs.terminal import console  # noqa: E402
from wealth_pipeline.settings import Settings  # noqa: E402
from wealth_pipeline.ui.serving import VERBOSE  # noqa: E402

if not os.environ.get(VERBOSE):
    _private.log_runs_with(console)


def daily_job(connection: Connection) -> Any:  # Dagster does not export the type of define_asset_job
    """The connection's main job: from the request to the NAV history, the returns and the income, with the proofs."""
    history = nav_history_key(connection)
    # Not what the household follows from: the tables of other connections are among that.
    own = dg.AssetSelection.assets(history, returns_key(connection), income_key(connection))
    assets = own.upstream() | dg.AssetSelection.assets(HOUSEHOLD_KEY)
    return dg.define_asset_job(
        name=connection.job,
        selection=assets - dg.AssetSelection.checks(*(dg.AssetCheckKey(history, name) for name in OF_NAV_HISTORY)),
        description=f"Asks IBKR for the statement of the chosen days (connection {connection.name}), loads it, proves"
        " it and adds the days to the NAV history, the returns and the income. Started by the schedule, by `wealth"
        " pull`, or here with a range of partitions.",
    )


def definitions(settings: Settings) -> dg.Definitions:
    """Everything Dagster runs, for these settings."""
    partitions = report_dates(settings)
    connections = settings.connections_or_default
    inbox_job, inbox_sensor = inbox(settings)
    retention_job, retention_schedule = retention(settings)
    official = dg.Definitions(
        assets=[
            *(asset for connection in connections for asset in flex_assets(connection, settings, partitions)),
            *earned_assets(settings, partitions),
        ],
        asset_checks=[check for connection in connections for check in checks(connection, settings)],
        jobs=[*map(daily_job, connections), inbox_job, replay(settings), retention_job],
        schedules=[
            *(after_market_close(connection, settings) for connection in connections),
            retention_schedule,
        ],
        sensors=[inbox_sensor, up_to_date(settings), alert(settings), token_expiry(settings)],
        resources={
            "wealth": bound(
                WealthData(
                    data_dir=str(settings.data_dir),
                    reporting_currency=settings.reporting_currency,
                    date_format=settings.date_format,
                    day_change_share=settings.day_change_share,
                    only_connection=settings.only_connection,
                )
            ),
            **{connection.resource: bound(_flex_service(connection, settings)) for connection in connections},
            # Nothing is handed from step to step; Dagster's own writes into any folder that a run names.
            "io_manager": storeless,
        },
        # DuckDB has one writer, and four trivial assets take 6 s in process against 25 s in processes of their own.
        executor=in_process,
    )
    return dg.Definitions.merge(official, live_definitions(settings)) if settings.gateway_url else official


def live_definitions(settings: Settings) -> dg.Definitions:
    """The live balances from the Client Portal Gateway; apart from the official history in every respect."""
    job, sensor = gateway_watch(timedelta(minutes=settings.gateway_minutes), settings.gateway_hours)
    return dg.Definitions(
        assets=GATEWAY_ASSETS,
        asset_checks=GATEWAY_CHECKS,
        jobs=[job],
        sensors=[sensor],
        resources={
            "gateway": bound(
                LiveGateway(
                    url=settings.gateway_url or "",
                    certificate=settings.gateway_certificate,
                    allow_remote=settings.gateway_allow_remote,
                    allow_http=settings.gateway_allow_http,
                )
            )
        },
    )


def _flex_service(connection: Connection, settings: Settings) -> FlexService:
    return FlexService(
        connection=connection.name,
        query_id=connection.query_id,
        token_env=connection.token_env,
        base_url=settings.flex_url,
        deadline_minutes=settings.flex_deadline_minutes,
        overlap_days=settings.overlap_days,
    )
