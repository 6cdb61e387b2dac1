"""The schedule after the market closes: it asks IBKR for what is missing, and for nothing else."""

from collections.abc import Sequence
from datetime import date, time

import dagster as dg

from wealth_pipeline.calendar import MARKET_TIMEZONE, last_weekdays
from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.flex.ledger import token_key
from wealth_pipeline.kinds import MOST_TIMES
from wealth_pipeline.published.published import Published
from wealth_pipeline.pull.missing import Range, windows_to_ask
from wealth_pipeline.settings import Settings

#: The tags by which Dagster makes one run over a range of partitions.
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def days_tags(first: date, last: date) -> dict[str, str]:
    """The tags of a run over the days from `first` to `last`; the last tag is what the list of runs shows of it."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat(), "days": f"{first} to {last}"}


def crons(times: Sequence[time]) -> list[str]:
    """The mornings after a session at these times, in as few cron lines as it takes: people read them in the UI."""
    return [
        f"{minute} {','.join(str(t.hour) for t in times if t.minute == minute)} * * 2-6"
        for minute in sorted({t.minute for t in times})
    ]


def after_market_close(connection: Connection, settings: Settings) -> dg.ScheduleDefinition:
    """The connection's schedule: on the morning after each session, and again while something is missing."""
    times = ", ".join(f"{t:%H:%M}" for t in settings.schedule_times)

    @dg.schedule(
        name=connection.schedule,
        job_name=connection.job,
        cron_schedule=crons(settings.schedule_times),
        execution_timezone=MARKET_TIMEZONE,
        description=f"Tuesday to Saturday at {times} New York time: asks IBKR for the weekdays among the last"
        f" {settings.catch_up_days} whose NAV is missing, as one run. Profit and loss that were not ready"
        " are asked for again. Skips when nothing is missing.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, wealth: dg.ResourceParam[WealthData]
    ) -> list[dg.RunRequest] | dg.SkipReason:
        # The present, not the tick's own time: missed ticks fire together, and the first of them asks for all there is.
        now = wealth.ledger.clock.now()
        windows = windows_to_ask(Published(wealth.folder.published), connection.name, settings, now)
        if not windows:
            (newest,) = last_weekdays(1, now)
            begun = newest >= settings.history_start
            return dg.SkipReason(f"Nothing is missing up to {newest}." if begun else "The history has not begun yet.")
        if embargo := wealth.ledger.embargo(token_key(connection.token())):
            return dg.SkipReason(f"IBKR answered {embargo.code}: no request before {embargo.until:%Y-%m-%d %H:%M} UTC.")
        if run := _under_way(context.instance, connection.job):
            return dg.SkipReason(f"The run {run.run_id[:8]} is under way.")
        # Missed ticks of the day before may have come on top of today's.
        today = wealth.ledger.clock.today()
        asked = [(a, b) for a, b in windows if wealth.ledger.count_on(connection.name, b, today) < MOST_TIMES]
        if not asked:
            return dg.SkipReason(f"IBKR was asked {MOST_TIMES} times today for the days up to {windows[0][1]}.")
        return _requests(asked, f"{now:%Y-%m-%d %H:%M:%S}")

    return schedule


def _requests(windows: Sequence[Range], tick: str) -> list[dg.RunRequest]:
    """A run for each window.

    Dagster never launches a key again, not even after a failed run; but of several requests each must have one.
    """
    return [
        dg.RunRequest(run_key=f"{first} to {last}, {tick}" if len(windows) > 1 else None, tags=days_tags(first, last))
        for first, last in windows
    ]


def _under_way(instance: dg.DagsterInstance, job_name: str) -> dg.DagsterRun | None:
    """A run of this job that has not ended, or one that was started from the UI's asset pages."""
    statuses = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
    ]
    runs = instance.get_runs(dg.RunsFilter(statuses=statuses))
    return next((run for run in runs if run.job_name in (job_name, "__ASSET_JOB")), None)
