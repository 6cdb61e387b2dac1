"""One partition a report date: Monday to Friday, New York time.

IBKR reports every weekday, exchange holidays included, and a day only when it is complete: the newest partition is
yesterday's, or Friday's until Tuesday morning.
"""

import dagster as dg

from wealth_pipeline.calendar import MARKET_TIMEZONE
from wealth_pipeline.pull.ask import LONGEST_RANGE
from wealth_pipeline.settings import Settings

#: Runs of a quarter, oldest first: one window, one SendRequest each.
BACKFILL_POLICY = dg.BackfillPolicy.multi_run(max_partitions_per_run=LONGEST_RANGE)


def report_dates(settings: Settings) -> dg.DailyPartitionsDefinition:
    """The report dates from the configured start of history to the last complete weekday."""
    return dg.DailyPartitionsDefinition(
        start_date=settings.history_start.isoformat(), timezone=MARKET_TIMEZONE, exclusions=["0 0 * * 0,6"]
    )
