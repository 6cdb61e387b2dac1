"""Keeping Dagster's own history short: old runs with their events and logs. No figure is in there.

Dagster keeps every run for good: a database of 140 KB or more each, which adds up to a gigabyte a year where live
balances are read every quarter of an hour.
"""

from datetime import datetime

import dagster as dg

from wealth_pipeline.warehouse.folder import DataFolder

_PAGE = 1000
_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def delete_runs_before(instance: dg.DagsterInstance, folder: DataFolder, before: datetime) -> int:
    """Delete the runs that ended and were made before `before`, with their events and logs; how many.

    A run that holds the newest materialization of some partition stays. Seen: with the run that event goes too, and
    the asset page shows the day as never materialized.
    """
    holding = _holding(instance)
    deleted = 0
    filters = dg.RunsFilter(statuses=_FINISHED, created_before=before)
    for run in instance.get_runs(filters):
        if run.run_id not in holding:
            instance.delete_run(run.run_id)
            instance.compute_log_manager.delete_logs(prefix=[run.run_id])
            # Dagster empties the run's own database and leaves the file.
            for file in (folder.dagster_home / "history" / "runs").glob(f"{run.run_id}.db*"):
                file.unlink(missing_ok=True)
            deleted += 1
    return deleted


def _holding(instance: dg.DagsterInstance) -> set[str]:
    """The runs that hold the newest materialization of an asset's partition, or of an asset without partitions."""
    runs = set()
    for key in instance.all_asset_keys():
        seen: set[str | None] = set()
        cursor, more = None, True
        while more:  # newest first
            found = instance.fetch_materializations(key, limit=_PAGE, cursor=cursor)
            cursor, more = found.cursor, found.has_more
            for record in found.records:
                if record.partition_key not in seen:
                    seen.add(record.partition_key)
                    runs.add(record.run_id)
    return runs
