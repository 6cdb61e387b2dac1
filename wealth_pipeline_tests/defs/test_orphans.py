"""Runs that a power cut left behind: they must not hold up the queue, and no living run is ended for one of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.orphans import BACKFILL_TAG, end_orphans
from wealth_pipeline.defs.run_process import PROCESS_TAG
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.ui import process as process_module
from wealth_pipeline.ui.process import Process
from wealth_pipeline_tests.defs.conftest import Pipeline

MakePipeline = Callable[..., Pipeline]


HERE = Process.current()
#: What a run has recorded, by what is so of its process: what it is for a program that holds the daemon's lock, and
#: whether the run is ended.
RECORDED: dict[str, tuple[str, bool]] = {
    "this very process": (HERE.text, False),
    "its number was given again": (replace(HERE, started="1").text, True),
    "no such process": (replace(HERE, pid=4194305).text, True),
    "before the machine's restart, with the number of a living process": (replace(HERE, boot="before").text, True),
    "another machine": (replace(HERE, machine="another", boot="its own", pid=4194305).text, False),
    "a machine without an id": (replace(HERE, machine="", boot="its own", pid=4194305).text, False),
    "a container": (replace(HERE, namespace="its own", pid=4194305).text, False),
    "what another version wrote": (json.dumps({"pid": 4194305}), True),
    "nothing": ("", True),
}


@pytest.mark.parametrize(("recorded", "ended"), RECORDED.values(), ids=RECORDED)
def test_a_started_run_is_ended_if_its_process_is_certainly_gone(
    recorded: str, ended: bool, served: Sandbox, make_pipeline: MakePipeline
) -> None:
    run_id = started_run(pipeline := make_pipeline(served), {PROCESS_TAG: recorded})
    assert end_orphans(pipeline.folder, alone=True) == ([run_id] if ended else [])
    assert left(pipeline, run_id).is_finished is ended


@pytest.mark.parametrize(("recorded", "ended"), [("", False), (replace(HERE, pid=4194305).text, True)])
def test_beside_a_daemon_a_run_that_is_about_to_record_its_process_is_left_alone(
    recorded: str, ended: bool, served: Sandbox, make_pipeline: MakePipeline
) -> None:
    run_id = started_run(pipeline := make_pipeline(served), {PROCESS_TAG: recorded} if recorded else {})
    assert end_orphans(pipeline.folder, alone=False) == ([run_id] if ended else [])


def test_a_run_lives_on_when_its_machine_is_renamed_and_ends_with_its_process(
    served: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        process = replace(HERE, pid=sleeper.pid, started=process_module._started(sleeper.pid) or "")
        run_id = started_run(pipeline := make_pipeline(served), {PROCESS_TAG: process.text})
        for name in ("socket.gethostname", "platform.node"):
            monkeypatch.setattr(name, lambda: "renamed")
        process_module._here.cache_clear()
        assert end_orphans(pipeline.folder, alone=True) == []
        sleeper.kill()
        sleeper.wait()
        assert end_orphans(pipeline.folder, alone=True) == [run_id]


def test_a_run_records_its_process_however_it_is_started(served: Sandbox, make_pipeline: MakePipeline) -> None:
    """As the daemon starts it; a pull from the command line has the tag from its first moment on."""
    pipeline = make_pipeline(served)
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("run_cleanup")
        run = instance.create_run_for_job(job)
        assert execute_run(InMemoryJob(job), run, instance).success
    assert Process.parsed(left(pipeline, run.run_id).tags[PROCESS_TAG]) == HERE


def started_run(pipeline: Pipeline, tags: dict[str, str]) -> str:
    """A run that stands as started, with these tags."""
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("load_inbox")
        return instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id


def left(pipeline: Pipeline, run_id: str) -> dg.DagsterRun:
    """The run as it stands now."""
    with dagster_instance(pipeline.folder) as instance:
        run = instance.get_run_by_id(run_id)
    assert run is not None
    return run


def test_a_killed_run_of_a_backfill_is_taken_up_again_by_the_daemon(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    """No schedule comes back to the days of a backfill; the days of a night are those of the next tick."""
    pipeline, again = make_pipeline(served), []
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("load_inbox")
        for tags in ({}, {BACKFILL_TAG: "abcd"}):
            again.append(instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id)
    end_orphans(pipeline.folder, alone=True)
    with dagster_instance(pipeline.folder) as instance:
        runs = [instance.get_run_by_id(run_id) for run_id in again]
    assert [run.is_complete_and_waiting_to_retry for run in runs if run] == [False, True]
