"""Figures that nobody adds to grow old: the check `up_to_date` is evaluated by the clock as well."""

from datetime import datetime, timedelta

import dagster as dg

from wealth_pipeline.defs.events import report_up_to_date
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.errors import WealthError
from wealth_pipeline.published.freshness import freshness
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import Settings

#: How long a result holds. The ticks are closer, so that the first one after a restart looks.
_HOLDS = timedelta(hours=1)


def up_to_date(settings: Settings) -> dg.SensorDefinition:
    """The sensor that evaluates the check once an hour, without a run, and reports it when it changes."""

    @dg.sensor(
        name="up_to_date",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Every minute, of which one an hour looks: whether every account has the newest session that should"
        " be there. Reports the check up_to_date of nav_history when it changes; asks IBKR for nothing.",
    )
    def up_to_date_sensor(context: dg.SensorEvaluationContext, wealth: dg.ResourceParam[WealthData]) -> dg.SkipReason:
        now = wealth.ledger.clock.now()
        looked = datetime.fromisoformat(context.cursor) if context.cursor else None
        if looked and timedelta(0) <= now - looked < _HOLDS:
            return dg.SkipReason(f"Looked at {looked:%H:%M} UTC; the next look is an hour after it.")
        try:
            report_up_to_date(context.instance, settings)
            found = freshness(Published(wealth.folder.published), settings, now)
        except WealthError as error:
            return dg.SkipReason(str(error))
        context.update_cursor(now.isoformat())
        return dg.SkipReason(found.sentence)

    return up_to_date_sensor
