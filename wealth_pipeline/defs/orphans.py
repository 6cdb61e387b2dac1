"""Runs whose process is gone, after a power cut or a kill: with one run at a time, each would hold up the queue."""

import dagster as dg

from wealth_pipeline.defs.run_process import PROCESS_TAG
from wealth_pipeline.defs.runs import instance
from wealth_pipeline.ui.process import Process
from wealth_pipeline.warehouse.folder import DataFolder

#: Dagster's tags of a run that belongs to a backfill, and of one that is run again when its process was killed.
BACKFILL_TAG, RETRIES_TAG = "dagster/backfill", "dagster/max_retries"
RETRIES_OF_A_KILLED_RUN = "5"

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def end_orphans(folder: DataFolder, *, alone: bool) -> list[str]:
    """Mark as failed the runs whose process has certainly ended; returns their ids.

    alone: whether no daemon serves this data folder. Then a run that was about to start, and did not come to record its
    process, has none either.
    """
    ended = []
    with instance(folder) as dagster_instance:
        for run in dagster_instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)):
            process = Process.parsed(run.tags.get(PROCESS_TAG, ""))
            if process.ended if process else alone and run.status is not dg.DagsterRunStatus.NOT_STARTED:
                _end(dagster_instance, run)
                ended.append(run.run_id)
    return ended


def _end(dagster_instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    if BACKFILL_TAG in run.tags:
        # No schedule would come back to these days: the daemon runs the rest again, within the backfill.
        dagster_instance.add_run_tags(run.run_id, {RETRIES_TAG: RETRIES_OF_A_KILLED_RUN})
        run = dagster_instance.get_run_by_id(run.run_id) or run
    dagster_instance.report_run_failed(run, "The process of this run was killed. The next run catches up.")
