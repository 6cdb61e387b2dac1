"""Runs that a power cut left behind: they must not hold up the queue."""

from __future__ import annotations

import os
from collections.abc import Callable

import dagster as dg
import pytest

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.runs import BACKFILL_TAG, PID_TAG, end_orphans
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.defs.conftest import Pipeline

MakePipeline = Callable[..., Pipeline]


@pytest.mark.parametrize(
    ("tags", "ended"),
    [({}, True), ({PID_TAG: "4194305"}, True), ({PID_TAG: str(os.getpid())}, False)],
    ids=["launched by the daemon", "pulled by a dead process", "pulled by a live process"],
)
def test_a_started_run_whose_process_is_gone_is_marked_as_failed(
    tags: dict[str, str], ended: bool, served: Sandbox, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline(served)
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("load_inbox")
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
    assert end_orphans(pipeline.folder) == ([run.run_id] if ended else [])
    with dagster_instance(pipeline.folder) as instance:
        left = instance.get_run_by_id(run.run_id)
    assert left is not None
    assert left.is_finished is ended


def test_a_killed_run_of_a_backfill_is_taken_up_again_by_the_daemon(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    """No schedule comes back to the days of a backfill; the days of a night are those of the next tick."""
    pipeline, again = make_pipeline(served), []
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("load_inbox")
        for tags in ({}, {BACKFILL_TAG: "abcd"}):
            again.append(instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id)
    end_orphans(pipeline.folder)
    with dagster_instance(pipeline.folder) as instance:
        runs = [instance.get_run_by_id(run_id) for run_id in again]
    assert [run.is_complete_and_waiting_to_retry for run in runs if run] == [False, True]
