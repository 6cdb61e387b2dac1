"""Trouble is reported to a person: a run that failed, a token that is about to expire."""

import json
import os

import dagster as dg

from wealth_pipeline.connections import WARNING_DAYS
from wealth_pipeline.defs.failures import UNKNOWN, plain_failure, reason
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.pull import alerts
from wealth_pipeline.settings import Settings


def alert(settings: Settings) -> dg.SensorDefinition:
    """The sensor that reports a failed run, once for each cause."""

    @dg.run_failure_sensor(
        name="alert",
        default_status=dg.DefaultSensorStatus.RUNNING if settings.alerts else dg.DefaultSensorStatus.STOPPED,
        description="When a run fails: sends what happened and what to do to the address in WEALTH_ALERT_URL, once for"
        " each cause, not for each retry.",
    )
    def alert_sensor(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        url = os.environ.get("WEALTH_ALERT_URL")
        if not url:
            return dg.SkipReason("WEALTH_ALERT_URL is not set.")
        run, sentence = context.dagster_run, failure_of(context.instance, context.dagster_run.run_id)
        if run.is_complete_and_waiting_to_retry:
            return dg.SkipReason("The run is about to be taken up again.")
        if _reported_before(context.instance, run, sentence):
            return dg.SkipReason("The run before failed for the same cause, which was reported.")
        with plain_failure():
            alerts.send(url, f"wealth_pipeline: {run.job_name} failed", sentence)
        return None

    return alert_sensor


def token_expiry(settings: Settings) -> dg.SensorDefinition:
    """The sensor that reports a token that is about to expire."""

    @dg.sensor(
        name="token_expiry",
        minimum_interval_seconds=3600,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.alerts else dg.DefaultSensorStatus.STOPPED,
        description="Every hour: sends a warning to the address in WEALTH_ALERT_URL when a Flex token is about to"
        f" expire, {', '.join(map(str, WARNING_DAYS))} days before its end, if you stated when it was made.",
    )
    def token_expiry_sensor(context: dg.SensorEvaluationContext, wealth: dg.ResourceParam[WealthData]) -> dg.SkipReason:
        url = os.environ.get("WEALTH_ALERT_URL")
        if not url:
            return dg.SkipReason("WEALTH_ALERT_URL is not set.")
        today = wealth.ledger.clock.today()
        reported = json.loads(context.cursor or "{}")
        for connection in settings.connections:
            warning, stage = connection.token_warning(today), f"{connection.token_made} {connection.token_stage(today)}"
            if warning and reported.get(connection.name) != stage:
                with plain_failure():
                    alerts.send(url, "wealth_pipeline: a token is about to expire", warning)
                context.update_cursor(json.dumps(reported | {connection.name: stage}))
                return dg.SkipReason(f"Reported: {warning}")
        return dg.SkipReason("No token is about to expire, or the warning was already sent.")

    return token_expiry_sensor


def failure_of(instance: dg.DagsterInstance, run_id: str) -> str:
    """Why a run failed: the sentence of the step that did, or else the run's own."""
    failures = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    records = instance.get_records_for_run(run_id, of_type=failures).records
    events = (record.event_log_entry.dagster_event for record in records)
    return reason(event for event in events if event) or UNKNOWN


def _reported_before(instance: dg.DagsterInstance, run: dg.DagsterRun, sentence: str) -> bool:
    """Whether the job's run before this one ended with the same failure."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    before = [
        other
        for other in instance.get_runs(dg.RunsFilter(job_name=run.job_name, statuses=ended), limit=10)
        if other.run_id != run.run_id
    ]
    if not before or before[0].status is not dg.DagsterRunStatus.FAILURE:
        return False
    return alerts.cause(failure_of(instance, before[0].run_id)) == alerts.cause(sentence)
