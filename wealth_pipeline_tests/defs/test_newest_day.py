"""The newest day stays the one that is shown, and its age is what the figures say, whatever is loaded after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster._daemon.types import DaemonHeartbeat

from wealth_pipeline.cli.main import main
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.runs import report_at_start
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.ui import heartbeat
from wealth_pipeline_tests.defs.conftest import NEWEST, NOW, QUIET, Pipeline
from wealth_pipeline_tests.lives import days, statement

MakePipeline = Callable[..., Pipeline]
OLD = statement({"U1000001": days(date(2025, 11, 3), date(2025, 11, 7))})
CHECK = dg.AssetCheckKey(dg.AssetKey("nav_history"), "up_to_date")


def shown(pipeline: Pipeline, asset: str) -> dg.AssetMaterialization:
    """What an asset's page shows: what was reported last."""
    with dagster_instance(pipeline.folder) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event
    assert event.asset_materialization
    return event.asset_materialization


def assert_the_newest_day_is_shown(pipeline: Pipeline) -> None:
    nav, positions = shown(pipeline, "nav_history"), shown(pipeline, "positions")
    assert nav.partition == positions.partition == NEWEST.isoformat()
    assert re.findall("U100000.", str(nav.metadata["accounts"].value)) == ["U1000001", "U1000002"]
    assert {f"largest holdings U100000{n}" for n in (1, 2)} <= positions.metadata.keys()


def load_inbox(pipeline: Pipeline) -> None:
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("load_inbox")
        assert job.execute_in_process(instance=instance, run_config=QUIET).success


def wealth(*words: str | Path) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


def test_after_older_days_whichever_way_they_came_the_newest_is_shown_with_every_account(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    pipeline = make_pipeline(served)
    assert pipeline.run(NEWEST, NEWEST).success
    assert_the_newest_day_is_shown(pipeline)
    # A run of a backfill.
    assert pipeline.run(date(2026, 10, 5), date(2026, 10, 9)).success
    assert {"2026-10-05", "2026-10-09"} <= pipeline.green() & pipeline.green("positions")
    assert_the_newest_day_is_shown(pipeline)
    pipeline.folder.inbox.mkdir(exist_ok=True)
    (pipeline.folder.inbox / "old.xml").write_bytes(OLD)
    load_inbox(pipeline)
    assert "2025-11-03" in pipeline.green()
    assert_the_newest_day_is_shown(pipeline)
    (tmp_path / "older.xml").write_bytes(statement({"U1000001": days(date(2025, 10, 6), date(2025, 10, 8))}))
    wealth("import", tmp_path / "older.xml")
    assert_the_newest_day_is_shown(pipeline)
    wealth("replay")
    assert_the_newest_day_is_shown(pipeline)


def test_an_account_whose_newest_nav_is_older_is_shown_with_its_day_and_one_that_ended_is_not(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    pipeline = make_pipeline(served)
    wednesday = NEWEST - timedelta(days=1)
    (tmp_path / "accounts.xml").write_bytes(
        statement({"U1": days(wednesday, NEWEST), "U2": days(wednesday, wednesday), "U3": {wednesday: 1000}})
    )
    (pipeline.folder.root / "accounts.toml").write_text(f'[[account]]\nid = "U3"\nended = {wednesday}\n')
    wealth("import", tmp_path / "accounts.xml")
    nav = shown(pipeline, "nav_history")
    table = str(nav.metadata["accounts"].value)
    assert nav.partition == NEWEST.isoformat()
    assert "|U2 on 2026-11-18|1,000.00" in table
    assert "U3" not in table
    assert {"NAV U1 (USD)"} == {name for name in nav.metadata if name.startswith("NAV ")}


def evaluation(pipeline: Pipeline) -> tuple[bool, dg.AssetCheckSeverity, int]:
    """How the check stands in Dagster, and how often it was reported."""
    with dagster_instance(pipeline.folder) as instance:
        records = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=100)
    assert records[0].evaluation
    return records[0].evaluation.passed, records[0].evaluation.severity, len(records)


def tick(pipeline: Pipeline, cursor: str | None) -> tuple[str, str | None]:
    """Evaluate the sensor; what it said, and its cursor."""
    wealth_data = WealthData(data_dir=str(pipeline.folder.root))
    with dagster_instance(pipeline.folder) as instance:
        sensor = definitions(pipeline.settings).resolve_sensor_def("up_to_date")
        context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"wealth": wealth_data})
        skipped = sensor(context)
        assert isinstance(skipped, dg.SkipReason)
        return skipped.skip_message or "", context.cursor


def test_the_sensor_looks_once_an_hour_and_reports_only_what_changed(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(served)
    assert "There is no " in tick(pipeline, None)[0]
    monkeypatch.delenv("IBKR_FLEX_URL")
    (tmp_path / "new.xml").write_bytes(statement({"U1": days(NEWEST - timedelta(days=7), NEWEST)}))
    wealth("import", tmp_path / "new.xml")
    assert evaluation(pipeline) == (True, dg.AssetCheckSeverity.WARN, 1)
    said, cursor = tick(pipeline, None)
    assert said == "The data are up to date."
    # Friday's session should be there by Saturday noon; until Monday evening nothing else is.
    for hours, passed, times in ((18, False, 2), (19, False, 2), (60, False, 2)):
        pipeline.at = NOW.astimezone(UTC) + timedelta(hours=hours)
        said, cursor = tick(pipeline, cursor)
        assert said.startswith("Not up to date, 2026-11-20 should be there")
        assert evaluation(pipeline) == (passed, dg.AssetCheckSeverity.WARN, times)
        pipeline.at += timedelta(minutes=59)
        assert tick(pipeline, cursor)[0].startswith("Looked at ")
    pipeline.at = datetime(2026, 11, 28, 18, tzinfo=UTC)
    tick(pipeline, cursor)
    assert evaluation(pipeline) == (False, dg.AssetCheckSeverity.ERROR, 3)
    # An old file makes nothing fresh, and the load says so again.
    pipeline.folder.inbox.mkdir(exist_ok=True)
    (pipeline.folder.inbox / "old.xml").write_bytes(OLD.replace(b"U1000001", b"U1"))
    load_inbox(pipeline)
    assert evaluation(pipeline) == (False, dg.AssetCheckSeverity.ERROR, 4)


def test_with_the_daemon_dead_the_start_of_the_ui_and_status_look_themselves_and_say_when_it_was_seen(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(served)
    monkeypatch.delenv("IBKR_FLEX_URL")
    assert report_at_start(pipeline.settings) == []
    (tmp_path / "old.xml").write_bytes(OLD)
    wealth("import", tmp_path / "old.xml")
    assert evaluation(pipeline)[:2] == (False, dg.AssetCheckSeverity.ERROR)
    assert heartbeat.seen(pipeline.folder) is None
    assert "last seen" not in wealth("status")
    heard = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
    with dagster_instance(pipeline.folder) as instance:
        for daemon, before in (("SENSOR", 0), ("SCHEDULER", 60)):
            instance.add_daemon_heartbeat(DaemonHeartbeat(heard.timestamp() - before, daemon, "one"))
    seen = "Dagster's daemon was last seen on 2026-11-20 at 12:34 UTC."
    stale, said = report_at_start(pipeline.settings)
    assert re.match(
        r"Not up to date, 2\d{3}-\d\d-\d\d should be there: the newest NAV of U1000001 is of 2025-11-07", stale
    )
    assert said == seen
    status = wealth("status").splitlines()
    assert status[-2:] == [stale, seen]
