"""The jobs beside the daily one: replay, and Dagster's own history kept short."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import duckdb

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.retention import delete_runs_before
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.published.published import Published
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline.warehouse.ddl import figure_tables
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.defs.conftest import NEWEST, NOW, Pipeline

MakePipeline = Callable[..., Pipeline]
EARLIER = date(2026, 11, 3)


def run_job(pipeline: Pipeline, name: str) -> dg.ExecuteInProcessResult:
    """Run a job by name."""
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def(name)
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        return job.execute_in_process(instance=instance, run_config=quiet, raise_on_error=False)


def archive(pipeline: Pipeline, day: date) -> None:
    """Archive a day's statement without loading it: the process died between the two."""
    data = b"".join(Statement(pipeline.box.service.household, FULL, day, day, "", NOW).render())
    pipeline.folder.archive.add(io.BytesIO(data), source="flex", connection="ibkr", window=(day, day))


def materialized(pipeline: Pipeline) -> int:
    """How many events of nav_history Dagster has."""
    with dagster_instance(pipeline.folder) as instance:
        return len(instance.fetch_materializations(dg.AssetKey("nav_history"), limit=1000).records)


def reports_of(pipeline: Pipeline, day: date) -> int:
    """How many events of a day of nav_history Dagster has."""
    of_day = dg.AssetRecordsFilter(dg.AssetKey("nav_history"), asset_partitions=[day.isoformat()])
    with dagster_instance(pipeline.folder) as instance:
        return len(instance.fetch_materializations(of_day, limit=1000).records)


def test_the_replay_job_rebuilds_everything_and_reports_what_dagster_does_not_know(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline(served)
    archive(pipeline, EARLIER)
    archive(pipeline, NEWEST)
    assert run_job(pipeline, "replay").success
    before, green, events = (
        Published(pipeline.folder.published).digests(figure_tables()),
        pipeline.green(),
        materialized(pipeline),
    )
    assert {EARLIER.isoformat(), NEWEST.isoformat()} <= green
    assert run_job(pipeline, "replay").success
    assert materialized(pipeline) == events  # the same figures are no news
    for path in (pipeline.folder.warehouse, pipeline.folder.published):
        path.unlink()
    shutil.rmtree(pipeline.folder.dagster_home)
    assert run_job(pipeline, "replay").success
    assert Published(pipeline.folder.published).digests(figure_tables()) == before
    assert pipeline.green() == green


def test_a_run_that_finds_outdated_databases_rebuilds_them_and_may_take_a_day(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    """Its hour is enough for every other night. A day that the rebuild changed is reported."""
    pipeline = make_pipeline(served)
    archive(pipeline, EARLIER)
    usual = pipeline.run(NEWEST, NEWEST).run_id
    with duckdb.connect(str(pipeline.folder.warehouse)) as con:
        con.execute("UPDATE warehouse_info SET schema_version = 1")
        con.execute("UPDATE nav_history SET proof = 'failed' WHERE report_date = ?", [EARLIER])
    Warehouse(pipeline.folder).publish()
    before = reports_of(pipeline, EARLIER)
    rebuilding = pipeline.run(NEWEST, NEWEST)
    assert rebuilding.success
    assert reports_of(pipeline, EARLIER) == before + 1
    with dagster_instance(pipeline.folder) as instance:
        longest = {run.run_id: run.tags.get("dagster/max_runtime") for run in instance.get_runs()}
        said = [e.message for e in instance.all_logs(rebuilding.run_id)]
    assert longest == {usual: None, rebuilding.run_id: "86400"}
    assert any("rebuilt from the archive now" in message for message in said)
    assert any("2 of 2 statements" in message for message in said)


def test_a_run_also_loads_what_an_earlier_one_only_archived(served: Sandbox, make_pipeline: MakePipeline) -> None:
    """Its days turn green as well, though nobody asked for them this time."""
    pipeline = make_pipeline(served)
    archive(pipeline, EARLIER)
    assert pipeline.run(NEWEST, NEWEST).success
    assert {EARLIER.isoformat(), NEWEST.isoformat()} <= pipeline.green()
    assert pipeline.rows("SELECT count(*) FROM statements") == [(2,)]


def test_old_runs_go_and_every_partition_keeps_its_newest_event(served: Sandbox, make_pipeline: MakePipeline) -> None:
    """The page of a day must not say that it never came."""
    pipeline = make_pipeline(served)
    first = pipeline.run(NEWEST, NEWEST).run_id
    again = pipeline.run(NEWEST, NEWEST).run_id
    other = run_job(pipeline, "load_inbox").run_id
    green, figures = pipeline.green(), Published(pipeline.folder.published).digests(figure_tables())
    with dagster_instance(pipeline.folder) as instance:
        assert delete_runs_before(instance, pipeline.folder, datetime.now(UTC) - timedelta(days=10)) == 0
        assert delete_runs_before(instance, pipeline.folder, datetime.now(UTC) + timedelta(days=10)) == 2
        assert [run.run_id for run in instance.get_runs()] == [again]
        latest = instance.get_latest_materialization_event(dg.AssetKey("nav"))
    assert latest is not None
    assert latest.run_id == again
    assert pipeline.green() == green
    assert Published(pipeline.folder.published).digests(figure_tables()) == figures
    left = {path.name for path in pipeline.folder.dagster_home.rglob("*")}
    assert not {name for name in left if first in name or other in name}
    assert f"{again}.db" in left
