"""The schedule after the market closes: it asks IBKR for what is missing, and for nothing else."""

from collections.abc import Sequence
from datetime import UTC, date, time, timedelta

import dagster as dg

from wealth_pipeline.calendar import MARKET_TIMEZONE, NEW_YORK, is_session, last_weekdays
from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.flex.ledger import token_key
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.results import Unfilled
from wealth_pipeline.settings import MOST_TIMES, Settings

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
        last = last_weekdays(settings.catch_up_days, wealth.ledger.clock.now())
        days = [day for day in last if day >= settings.history_start]
        missing = missing_days(wealth, connection, days)
        unfilled = unfilled_days(wealth, connection, settings.overlap_days)
        # The overlap of the days that are asked for anyway brings what is broken out by day.
        covered = missing[0] - timedelta(days=settings.overlap_days) if missing else date.max
        again = [u.report_date for u in unfilled if not u.alone and u.report_date < covered]
        missing = sorted({*missing, *again})
        alone = sorted({u.report_date for u in unfilled if u.alone} - set(missing[-1:]))
        if not missing and not alone:
            return dg.SkipReason(f"Nothing is missing up to {days[-1]}." if days else "The history has not begun yet.")
        if embargo := wealth.ledger.embargo(token_key(connection.token())):
            return dg.SkipReason(f"IBKR answered {embargo.code}: no request before {embargo.until:%Y-%m-%d %H:%M} UTC.")
        if run := _under_way(context.instance, connection.job):
            return dg.SkipReason(f"The run {run.run_id[:8]} is under way.")
        # Missed ticks of the day before may have come on top of today's.
        today = wealth.ledger.clock.today()
        windows = ([(missing[0], missing[-1])] if missing else []) + [(day, day) for day in alone]
        asked = [(a, b) for a, b in windows if wealth.ledger.count_on(connection.name, b, today) < MOST_TIMES]
        if not asked:
            return dg.SkipReason(f"IBKR was asked {MOST_TIMES} times today for the days up to {windows[0][1]}.")
        # Dagster never launches a key again, not even after a failed run; but of several requests each must have one.
        tick = f"{wealth.ledger.clock.now():%Y-%m-%d %H:%M:%S}"
        return [
            dg.RunRequest(run_key=f"{first} to {last}, {tick}" if len(asked) > 1 else None, tags=days_tags(first, last))
            for first, last in asked
        ]

    return schedule


def missing_days(wealth: WealthData, connection: Connection, days: list[date]) -> list[date]:
    """The days that neither the published tables nor an answer of IBKR's account for."""
    published = Published(wealth.folder.published)
    accounts = published.expected_accounts(connection.name)
    # A session without a row may be late, and is asked for again while it is young; a holiday has none.
    young = [day for day in published.without_row(accounts, days[-3:]) if is_session(day)] if accounts else []
    return sorted({*published.missing(accounts, days), *young})


def unfilled_days(wealth: WealthData, connection: Connection, overlap_days: int) -> list[Unfilled]:
    """The days whose profit and loss were not ready at IBKR, while the overlap reaches back to them.

    Not those of a statement of today: IBKR makes about one statement per query and day, and fills them overnight.
    """
    published = Published(wealth.folder.published)
    today = wealth.ledger.clock.today()
    accounts = published.accounts_of(connection.name, wealth.only_connection)
    (newest,) = last_weekdays(1, wealth.ledger.clock.now())
    return [
        u
        for u in (published.unfilled(accounts) if accounts else [])
        if u.report_date >= newest - timedelta(days=overlap_days)
        and u.generated.replace(tzinfo=UTC).astimezone(NEW_YORK).date() < today
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
