"""The gateway sensor: it keeps the session alive, and takes a snapshot of the live balances at a set interval."""

from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from wealth_pipeline.defs.assets.gateway import GATEWAY_ASSETS, LiveGateway
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.errors import WealthError
from wealth_pipeline.gateway.watch import look

#: A sensor that takes long holds up the others: it gives up on a gateway that doesn't answer, until the next minute.
SECONDS = 3.0
_JOB = "live_balances"
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def gateway_watch(interval: timedelta, hours: str) -> tuple[Any, dg.SensorDefinition]:
    """The job that takes a snapshot, and the sensor that starts it.

    interval: between snapshots. hours: the exchange whose hours count (XNYS), or `always`.
    """
    job = dg.define_asset_job(
        _JOB,
        selection=dg.AssetSelection.assets(*GATEWAY_ASSETS),
        description="Snapshot of the live balances of the Client Portal Gateway, started by the sensor `gateway`.",
    )

    @dg.sensor(
        name="gateway",
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Every minute: keeps the gateway's session alive."
        f" Every {interval.total_seconds() / 60:g} minutes ({hours}): starts a run that takes a snapshot. Never logs"
        " in; without a session it says what to do.",
    )
    def gateway_sensor(
        context: dg.SensorEvaluationContext,
        wealth: dg.ResourceParam[WealthData],
        gateway: dg.ResourceParam[LiveGateway],
    ) -> dg.RunRequest | dg.SkipReason:
        try:
            client = gateway.client(wealth, patience=0, timeout=SECONDS)
        except WealthError as error:
            return dg.SkipReason(str(error))
        now = gateway.state(wealth).clock.now()
        seen = look(client, datetime.fromisoformat(context.cursor) if context.cursor else None, now, interval, hours)
        if not seen.due:
            return dg.SkipReason(seen.sentence)
        for run in context.instance.get_runs(dg.RunsFilter(job_name=_JOB, statuses=_UNDER_WAY), limit=1):
            return dg.SkipReason(f"The session is alive. The run {run.run_id[:8]} has not ended yet.")
        context.update_cursor(now.isoformat())
        # No run key: Dagster never launches a key again, not even after a failed run.
        return dg.RunRequest()

    return job, gateway_sensor
