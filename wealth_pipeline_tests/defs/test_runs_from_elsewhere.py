"""Runs that the UI or Dagster's API starts: for days that there are not, and of a part of the chain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.schedules import RANGE_END, RANGE_START, days_tags
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.defs.conftest import NEWEST, QUIET, Pipeline, error_of

MONDAY, FRIDAY = date(2026, 11, 16), date(2026, 11, 13)
PARTITION = "dagster/partition"


@pytest.fixture(scope="module")
def pulled(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A pipeline after a run over Monday to Thursday, run once for all tests."""
    with pytest.MonkeyPatch.context() as patch, set_defs_state_storage(None):
        patch.chdir(tmp_path_factory.mktemp("cwd"))
        pipeline = Pipeline(served, tmp_path_factory.mktemp("week") / "data", patch)
        assert pipeline.run(MONDAY, NEWEST).success
        yield pipeline


@pytest.fixture
def week(pulled: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """That pipeline, in the environment of the test."""
    for name, value in pulled.environ.items():
        monkeypatch.setenv(name, value)
    return pulled


def launch(pipeline: Pipeline, tags: dict[str, str], *assets: str) -> dg.ExecuteInProcessResult:
    """A run with these tags, of these assets alone if any are named."""
    with dagster_instance(pipeline.folder) as instance:
        return (
            definitions(pipeline.settings)
            .resolve_job_def("daily_statement")
            .execute_in_process(
                instance=instance,
                tags=tags,
                run_config=QUIET,
                asset_selection=[dg.AssetKey(asset) for asset in assets] or None,
                raise_on_error=False,
            )
        )


def boxes(pipeline: Pipeline, of: str) -> dict[str, set[str]]:
    """The days of each asset that Dagster shows as materialized, or as failed."""
    graph = definitions(pipeline.settings).resolve_asset_graph()
    found = {}
    with dagster_instance(pipeline.folder) as instance:
        for key in graph.get_all_asset_keys():
            partitions = graph.get(key).partitions_def
            assert partitions
            status = get_and_update_asset_status_cache_value(instance, key, partitions)
            if status:
                subset = getattr(status, f"deserialize_{of}_partition_subsets")(partitions)
                found[key.to_user_string()] = set(subset.get_partition_keys())
    return found


def newest_shown(pipeline: Pipeline, asset: str) -> str | None:
    """The day that an asset's page shows."""
    with dagster_instance(pipeline.folder) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event
    assert event.asset_materialization
    return event.asset_materialization.partition


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        ({}, "This run names no day. Launch the job daily_statement with a partition"),
        ({PARTITION: "2026-11-20"}, "2026-11-20 is not complete: 2026-11-19 is the newest day that IBKR reports."),
        ({PARTITION: "2027-05-03"}, "2027-05-03 is not complete"),
        ({PARTITION: "2026-11-14"}, "2026-11-14 is a Saturday, and IBKR reports weekdays."),
        ({PARTITION: "2024-12-31"}, "2024-12-31 is before 2025-01-01, the first day (WEALTH_HISTORY_START)."),
        ({RANGE_START: "2026-11-15", RANGE_END: "2026-11-18"}, "2026-11-15 is a Sunday"),
        ({RANGE_START: "2026-11-17", RANGE_END: "2026-11-23"}, "2026-11-23 is not complete"),
        ({RANGE_START: "2026-11-18", RANGE_END: "2026-11-17"}, "The range from 2026-11-18 to 2026-11-17 has no day."),
    ],
)
def test_a_run_over_days_that_there_are_not_is_refused_before_ibkr_is_asked_and_green_stays_green(
    tags: dict[str, str], sentence: str, week: Pipeline
) -> None:
    before, asked = boxes(week, "materialized"), len(week.sent())
    result = launch(week, tags)
    assert not result.success
    assert sentence in error_of(result)
    assert len(week.sent()) == asked
    assert boxes(week, "materialized") == before
    failed = boxes(week, "failed")
    assert {asset: days & before[asset] for asset, days in failed.items() if days & before[asset]} == {}
    assert newest_shown(week, "nav_history") == newest_shown(week, "positions") == NEWEST.isoformat()


def test_a_range_that_is_too_long_for_one_run_is_refused_in_the_same_way(week: Pipeline) -> None:
    result = launch(week, days_tags(date(2026, 8, 3), NEWEST), "flex_report_request")
    assert "79 days from 2026-08-03 to 2026-11-19 are too many for one run (at most 65)" in error_of(result)
    green = boxes(week, "materialized")["flex_report_request"]
    assert {"2026-11-16", "2026-11-19"} <= green
    assert boxes(week, "failed")["flex_report_request"] & green == set()


def test_nav_history_alone_shows_days_that_are_there_however_they_came(week: Pipeline) -> None:
    """Tuesday to Wednesday were never asked for as a window of their own, and Friday came with the overlap."""
    asked = len(week.sent())
    for first, last in ((date(2026, 11, 17), date(2026, 11, 18)), (FRIDAY, FRIDAY)):
        result = launch(week, days_tags(first, last), "nav_history")
        assert result.success
        events = result.asset_materializations_for_node("nav_history_days")
        assert {first.isoformat(), last.isoformat()} <= {event.partition for event in events}
    assert len(week.sent()) == asked
    assert boxes(week, "failed").get("nav_history", set()) & week.green() == set()
    assert newest_shown(week, "nav_history") == NEWEST.isoformat()


@pytest.mark.parametrize("asset", ["nav_history", "flex_statement", "nav"])
def test_a_part_of_the_chain_alone_names_the_job_for_days_that_are_not_there(asset: str, week: Pipeline) -> None:
    asked = len(week.sent())
    older = [asset] if asset != "nav" else sorted(set(boxes(week, "materialized")) - {"nav_history"} - FLEX)
    result = launch(week, days_tags(date(2026, 3, 2), date(2026, 3, 6)), *older)
    assert not result.success
    assert "daily_statement" in error_of(result)
    assert "`wealth pull`" in error_of(result)
    assert len(week.sent()) == asked


FLEX = {"flex_report_request", "flex_statement"}


def test_nav_history_alone_shows_what_is_there_of_a_range_and_names_what_is_not(week: Pipeline) -> None:
    result = launch(week, days_tags(FRIDAY - timedelta(days=14), MONDAY), "nav_history")
    assert "No NAV for 2026-10-30, " in error_of(result)
    assert "Launch the job daily_statement for them" in error_of(result)
    assert MONDAY.isoformat() in week.green()
    assert boxes(week, "failed")["nav_history"] & week.green() == set()
