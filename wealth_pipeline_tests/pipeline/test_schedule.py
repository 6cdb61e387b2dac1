"""The schedule: it asks for what is missing, once, and says why when it does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

from wealth_pipeline.definitions import definitions
from wealth_pipeline.flex.ledger import RequestLedger, Window, token_key
from wealth_pipeline.resources import WealthData
from wealth_pipeline.running import instance as dagster_instance
from wealth_pipeline.sandbox.server import Sandbox
from wealth_pipeline.schedules import RANGE_END, RANGE_START
from wealth_pipeline_tests.pipeline.conftest import NEWEST, Pipeline

FRIDAY_MORNING = datetime(2026, 11, 20, 6, 0, tzinfo=ZoneInfo("America/New_York"))
MakePipeline = Callable[..., Pipeline]


def tick(pipeline: Pipeline, at: datetime = FRIDAY_MORNING, name: str = "after_market_close") -> dg.SkipReason | dict:  # type: ignore[type-arg]
    """Evaluate the schedule as the daemon does; the skip reason, or the tags of the run it requests."""
    # Dagster asks an instance that an earlier tick closed, if it is not told otherwise.
    with dagster_instance(pipeline.folder) as instance, set_defs_state_storage(None):
        defs = definitions(pipeline.settings)
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=at,
            repository_def=defs.get_repository_def(),
            resources={"wealth": WealthData(data_dir=str(pipeline.folder.root))},
        )
        data = defs.resolve_schedule_def(name).evaluate_tick(context)
    if data.skip_message:
        return dg.SkipReason(data.skip_message)
    (request,) = data.run_requests or []
    return {key: value for key, value in request.tags.items() if key in (RANGE_START, RANGE_END)}


def test_an_empty_history_asks_for_all_days_it_looks_at(served: Sandbox, make_pipeline: MakePipeline) -> None:
    assert tick(make_pipeline(served)) == {RANGE_START: "2026-10-09", RANGE_END: "2026-11-19"}


def test_nothing_missing_is_skipped_with_that_reason(
    served: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(served)
    monkeypatch.setenv("WEALTH_CATCH_UP_DAYS", "3")
    pipeline.run(date(2026, 11, 17), NEWEST)
    assert tick(pipeline) == dg.SkipReason("Nothing is missing up to 2026-11-19.")


def test_after_a_week_switched_off_one_run_covers_what_is_missing(
    served: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(served)
    monkeypatch.setenv("WEALTH_CATCH_UP_DAYS", "8")
    pipeline.run(date(2026, 11, 10), date(2026, 11, 11))
    assert tick(pipeline) == {RANGE_START: "2026-11-12", RANGE_END: "2026-11-19"}


def test_an_embargo_is_respected_and_named(served: Sandbox, make_pipeline: MakePipeline) -> None:
    """Retrying during a lockout makes it longer."""
    pipeline = make_pipeline(served)
    ledger = RequestLedger(pipeline.folder.state)
    ledger.set_embargo(token_key(served.token), "ibkr", 1025, [timedelta(hours=24)])
    skipped = tick(pipeline)
    assert isinstance(skipped, dg.SkipReason)
    assert "1025" in (skipped.skip_message or "")


def test_after_three_requests_on_a_day_the_next_one_is_tomorrow(served: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(served)
    ledger = RequestLedger(pipeline.folder.state, lambda: pipeline.at)
    for first in (17, 18, 19):
        assert not isinstance(tick(pipeline), dg.SkipReason)
        ledger.start("ibkr", "1", Window(date(2026, 11, first), NEWEST))
    skipped = tick(pipeline)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "IBKR was asked 3 times today for the days up to 2026-11-19."
    pipeline.at += timedelta(days=1)
    assert not isinstance(tick(pipeline), dg.SkipReason)


def test_missed_ticks_that_fire_together_ask_for_all_that_is_there_by_now(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    monday = datetime(2026, 11, 16, 12, 0, tzinfo=ZoneInfo("America/New_York"))
    assert tick(make_pipeline(served), at=monday) == {RANGE_START: "2026-10-09", RANGE_END: "2026-11-19"}


def test_a_run_under_way_is_waited_for(served: Sandbox, make_pipeline: MakePipeline) -> None:
    """After a laptop's sleep up to five missed ticks fire at once."""
    pipeline = make_pipeline(served)
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("daily_statement")
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert tick(pipeline) == dg.SkipReason(f"The run {run.run_id[:8]} is under way.")


def test_the_times_can_be_moved_by_one_setting(
    served: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(served)
    monkeypatch.setenv("WEALTH_SCHEDULE", "07:45,09:00,12:00")
    with dagster_instance(pipeline.folder), set_defs_state_storage(None):
        schedule = definitions(pipeline.settings).resolve_schedule_def("after_market_close")
    assert schedule.cron_schedule == ["0 9,12 * * 2-6", "45 7 * * 2-6"]
    assert schedule.execution_timezone == "America/New_York"
