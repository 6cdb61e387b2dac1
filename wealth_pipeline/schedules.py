"""The schedule after the market closes: it asks IBKR for what is missing, and for nothing else."""

from collections.abc import Sequence
from datetime import date, time

import dagster as dg

from wealth_pipeline.calendar import is_session, last_weekdays
from wealth_pipeline.flex.ledger import NEW_YORK, token_key
from wealth_pipeline.resources import WealthData
from wealth_pipeline.settings import MARKET_TIMEZONE, MOST_TIMES, Connection, Settings
from wealth_pipeline.warehouse import published

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


def after_market_close(connection: Connection, settings: Settings, job_name: str) -> dg.ScheduleDefinition:
    """The connection's schedule: on the morning after each session, and again while something is missing."""
    times = ", ".join(f"{t:%H:%M}" for t in settings.schedule_times)

    @dg.schedule(
        name=f"{connection.name}_after_market_close" if connection.prefixed else "after_market_close",
        job_name=job_name,
        cron_schedule=crons(settings.schedule_times),
        execution_timezone=MARKET_TIMEZONE,
        description=f"Tuesday to Saturday at {times} New York time: asks IBKR for the weekdays among the last"
        f" {settings.catch_up_days} whose NAV is missing, as one run. Skips when nothing is missing.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, wealth: dg.ResourceParam[WealthData]
    ) -> dg.RunRequest | dg.SkipReason:
        # The present, not the tick's own time: missed ticks fire together, and the first of them asks for all there is.
        days = [
            day for day in last_weekdays(settings.catch_up_days, wealth.ledger.now()) if day >= settings.history_start
        ]
        missing = missing_days(wealth, connection, days)
        if not missing:
            return dg.SkipReason(f"Nothing is missing up to {days[-1]}." if days else "The history has not begun yet.")
        if embargo := wealth.ledger.embargo(token_key(connection.token())):
            return dg.SkipReason(f"IBKR answered {embargo.code}: no request before {embargo.until:%Y-%m-%d %H:%M} UTC.")
        if run := _under_way(context.instance, job_name):
            return dg.SkipReason(f"The run {run.run_id[:8]} is under way.")
        # Missed ticks of the day before may have come on top of today's.
        today = wealth.ledger.now().astimezone(NEW_YORK).date()
        if wealth.ledger.count_on(connection.name, missing[-1], today) >= MOST_TIMES:
            return dg.SkipReason(f"IBKR was asked {MOST_TIMES} times today for the days up to {missing[-1]}.")
        # No run key: Dagster never launches a key again, not even after a failed run.
        return dg.RunRequest(tags=days_tags(missing[0], missing[-1]))

    return schedule


def missing_days(wealth: WealthData, connection: Connection, days: list[date]) -> list[date]:
    """The days that neither the published tables nor an answer of IBKR's account for."""
    accounts = published.expected_accounts(wealth.folder.published, connection.name)
    path = wealth.folder.published
    # A session without a row may be late, and is asked for again while it is young; a holiday has none.
    young = [day for day in published.without_row(path, accounts, days[-3:]) if is_session(day)] if accounts else []
    return sorted({*published.missing(path, accounts, days), *young})


def _under_way(instance: dg.DagsterInstance, job_name: str) -> dg.DagsterRun | None:
    """A run of this job that has not ended, or one that was started from the UI's asset pages."""
    statuses = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
    ]
    runs = instance.get_runs(dg.RunsFilter(statuses=statuses))
    return next((run for run in runs if run.job_name in (job_name, "__ASSET_JOB")), None)
