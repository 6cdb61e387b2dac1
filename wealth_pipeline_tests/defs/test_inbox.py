"""The inbox: a statement dropped by hand is loaded, moved away, and shown in Dagster."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.defs.conftest import NEWEST, NOW, Pipeline

MakePipeline = Callable[..., Pipeline]


def drop(pipeline: Pipeline, name: str, content: bytes) -> None:
    """Put a file into the inbox."""
    pipeline.folder.inbox.mkdir(parents=True, exist_ok=True)
    (pipeline.folder.inbox / name).write_bytes(content)


def statement(box: Sandbox) -> bytes:
    """The newest day of the query `full`, as it is downloaded by hand."""
    from wealth_pipeline.sandbox.statement.statement import FULL, Statement

    return b"".join(Statement(box.service.household, FULL, NEWEST, NEWEST, "", NOW).render())


def look(pipeline: Pipeline, cursor: str | None = None) -> tuple[object, str | None]:
    """Evaluate the sensor; what it returned, and its cursor."""
    wealth = WealthData(data_dir=str(pipeline.folder.root))
    with dagster_instance(pipeline.folder) as instance:
        sensor = definitions(pipeline.settings).resolve_sensor_def("inbox")
        context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"wealth": wealth})
        return sensor(context), context.cursor


def load(pipeline: Pipeline) -> dg.ExecuteInProcessResult:
    """Run the sensor's job."""
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("load_inbox")
        return job.execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )


def test_an_empty_inbox_requests_no_run(served: Sandbox, make_pipeline: MakePipeline) -> None:
    assert isinstance(look(make_pipeline(served))[0], dg.SkipReason)


def test_a_dropped_statement_requests_one_run_not_one_each_tick(served: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(served)
    drop(pipeline, "mine.xml", statement(served))
    first, cursor = look(pipeline)
    assert isinstance(first, dg.RunRequest)
    assert isinstance(look(pipeline, cursor)[0], dg.SkipReason)


def test_a_run_requested_under_a_clock_that_was_ahead_is_requested_again(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline(served)
    drop(pipeline, "mine.xml", statement(served))
    _, cursor = look(pipeline)
    assert cursor is not None
    assert isinstance(look(pipeline, f"2199{cursor[4:]}")[0], dg.RunRequest)


def test_what_is_still_being_written_is_left_alone_and_named(served: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(served)
    drop(pipeline, "mine.xml", statement(served)[:-100])
    drop(pipeline, "other.xml.crdownload", statement(served))
    skipped, _ = look(pipeline)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "Still being written: mine.xml, other.xml.crdownload."
    assert load(pipeline).success
    assert {p.name for p in pipeline.folder.inbox.iterdir()} == {"mine.xml", "other.xml.crdownload"}
    drop(pipeline, "mine.xml", statement(served))
    assert isinstance(look(pipeline)[0], dg.RunRequest)


def test_a_statement_is_loaded_moved_and_its_day_turns_green(served: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(served)
    drop(pipeline, "mine.xml", statement(served))
    assert load(pipeline).success
    assert [p.name for p in (pipeline.folder.inbox / "done").iterdir()] == ["mine.xml"]
    assert NEWEST.isoformat() in pipeline.green()
    assert pipeline.rows("SELECT DISTINCT source FROM statements") == [("inbox",)]


def test_a_bad_file_is_moved_with_its_reason_and_does_not_stop_the_others(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline(served)
    drop(pipeline, "bad.xml", b"<html>We are sorry</html>")
    drop(pipeline, "good.xml", statement(served))
    result = load(pipeline)
    assert not result.success
    rejected = pipeline.folder.inbox / "rejected"
    assert sorted(p.name for p in rejected.iterdir()) == ["bad.xml", "bad.xml.reason.txt"]
    assert "XML of another kind" in (rejected / "bad.xml.reason.txt").read_text()
    assert [p.name for p in (pipeline.folder.inbox / "done").iterdir()] == ["good.xml"]


def test_a_second_file_of_the_same_name_replaces_nothing(served: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(served)
    for _ in range(2):
        drop(pipeline, "mine.xml", statement(served))
        assert load(pipeline).success
    assert sorted(p.name for p in (pipeline.folder.inbox / "done").iterdir()) == ["mine.2.xml", "mine.xml"]
