"""Jobs beside the daily one: rebuilding the databases from the archive, and keeping Dagster's own history short.

A run that loads something rebuilds outdated databases first: `rebuild_if_outdated` is the first thing that it does.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from wealth_pipeline.calendar import MARKET_TIMEZONE
from wealth_pipeline.defs.events import report_loaded
from wealth_pipeline.defs.failures import plain_failure
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.retention import delete_runs_before
from wealth_pipeline.settings import Settings
from wealth_pipeline.text import sentence
from wealth_pipeline.warehouse.progress import reported
from wealth_pipeline.warehouse.warehouse import OUTDATED

#: A rebuild of a long history takes longer than the hour after which a run counts as dead (dagster.yaml).
_LONG = {"dagster/max_runtime": str(24 * 3600)}

_Context = dg.OpExecutionContext | dg.AssetExecutionContext


def rebuild_if_outdated(context: _Context, wealth: WealthData, settings: Settings) -> None:
    """Rebuild the databases from the archive if an older wealth_pipeline wrote them, and report what changed by it.

    From then on the run may take a day: Dagster's monitoring reads the tag each time that it looks at a run.
    """
    if not wealth.warehouse.outdated():
        return
    with wealth.warehouse.writing():
        if not wealth.warehouse.outdated():
            return  # the writer that was waited for has done it
        context.log.warning(OUTDATED)
        context.instance.add_run_tags(context.run.run_id, _LONG)
        _rebuild(context, wealth, settings)


def _rebuild(context: _Context, wealth: WealthData, settings: Settings) -> None:
    """Replay the archive, with its progress in the run's log. Must run inside `writing()`."""
    total = len(wealth.folder.archive.sha256s())
    replaying = reported(wealth.warehouse.replay(wealth.ledger.all()), total, context.log.info)
    rejected = [one for one in replaying if one.status == "rejected"]
    days = report_loaded(context.instance, settings)
    for one in rejected:
        context.log.warning(f"{one.sha256[:12]} is rejected: {sentence(one.reason or '')}")
    context.log.info(f"{days} days of nav_history are new or different.")


def replay(settings: Settings) -> dg.JobDefinition:
    """The job that rebuilds both databases from the archive."""

    @dg.op(
        description="Rebuilds both databases from the archive, beside the old ones, and replaces them when complete.",
        config_schema={},
    )
    def rebuild_from_archive(context: dg.OpExecutionContext, wealth: dg.ResourceParam[WealthData]) -> None:
        with plain_failure(), wealth.warehouse.writing():
            _rebuild(context, wealth, settings)

    @dg.job(
        name="replay",
        description="Rebuilds both databases from the archive alone, as `wealth replay` does. The old ones stay until"
        " the new ones are complete.",
        tags=_LONG,
    )
    def replay_job() -> None:
        rebuild_from_archive()

    return replay_job


def retention(settings: Settings) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job that deletes old runs from Dagster's history, and its weekly schedule."""

    @dg.op(
        description=f"Deletes runs older than {settings.dagster_days} days, with their events and logs.",
        config_schema={},
    )
    def delete_old_runs(context: dg.OpExecutionContext, wealth: dg.ResourceParam[WealthData]) -> None:
        before = datetime.now(UTC) - timedelta(days=settings.dagster_days)
        deleted = delete_runs_before(context.instance, wealth.folder, before)
        context.log.info(f"{deleted} runs deleted.")

    @dg.job(
        description=f"Deletes runs older than {settings.dagster_days} days (WEALTH_DAGSTER_DAYS) from Dagster's"
        " history, with their events and logs; those stay that hold the newest event of a partition. Touches no figure."
    )
    def run_cleanup() -> None:
        delete_old_runs()

    schedule = dg.ScheduleDefinition(
        name="weekly_run_cleanup",
        job=run_cleanup,
        cron_schedule="0 3 * * 0",
        execution_timezone=MARKET_TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Sundays at 03:00 New York time, when nothing else is on.",
    )
    return run_cleanup, schedule
