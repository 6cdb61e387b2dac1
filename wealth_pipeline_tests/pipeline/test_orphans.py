"""Runs that a power cut left behind: they must not hold up the queue."""

from __future__ import annotations

import os
from collections.abc import Callable

import dagster as dg
import pytest

from wealth_pipeline.definitions import definitions
from wealth_pipeline.running import PID_TAG, end_orphans
from wealth_pipeline.running import instance as dagster_instance
from wealth_pipeline.sandbox.server import Sandbox
from wealth_pipeline_tests.pipeline.conftest import Pipeline

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
