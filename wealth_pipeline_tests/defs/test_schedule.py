"""The schedule: it asks for what is missing, once, and says why when it does not."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.schedules import RANGE_END, RANGE_START
from wealth_pipeline.flex.ledger import RequestLedger, Window, token_key
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.defs.conftest import NEWEST, Pipeline

FRIDAY_MORNING = datetime(2026, 11, 20, 6, 0, tzinfo=ZoneInfo("America/New_York"))
MakePipeline = Callable[..., Pipeline]


def tick(pipeline: Pipeline, at: datetime = FRIDAY_MORNING, name: str = "after_market_close") -> dg.SkipReason | dict:
    """Evaluate the schedule as the daemon does; the skip reason, or the tags of the run it requests."""
    found = ticks(pipeline, at, name)
    if isinstance(found, dg.SkipReason):
        return found
    (only,) = found
    return only


def ticks(
    pipeline: Pipeline, at: datetime = FRIDAY_MORNING, name: str = "after_market_close"
) -> dg.SkipReason | list[dict[str, str]]:
    """The same for several runs."""
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
    wanted = (RANGE_START, RANGE_END)
    return [{key: request.tags[key] for key in wanted} for request in data.run_requests or []]


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
    ledger = RequestLedger(pipeline.folder.state, pipeline.clock)
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


UNREADY = (
    '<FlexQueryResponse type="AF">'
    "<Message>Realized P/L is not ready and has been disabled for this statement.</Message>"
    '<FlexStatements count="1"><FlexStatement accountId="U1" fromDate="{}" toDate="{}" whenGenerated="{}">'
    '<EquitySummaryInBase>{}</EquitySummaryInBase><OpenPositions><OpenPosition symbol="A" conid="1" currency="USD"'
    ' position="1" positionValue="5" fifoPnlUnrealized="0"/></OpenPositions>'
    "</FlexStatement></FlexStatements></FlexQueryResponse>"
)


def came(pipeline: Pipeline, content: str) -> None:
    """Load what IBKR would have sent."""
    warehouse = Warehouse(pipeline.folder)
    entry = pipeline.folder.archive.add(io.BytesIO(content.encode()), source="flex", connection="ibkr")
    with warehouse.writing():
        assert [loaded.status for loaded in warehouse.load([entry.sha256])] == ["loaded"]


@pytest.mark.parametrize(
    ("first", "last", "generated", "skips"),
    [
        # Broken out by day, and a plain window: asked again for a statement that ends on the day.
        ("20261117", "20261117", "20261119;060000", None),
        ("20261116", "20261117", "20261119;060000", None),
        # Today's statement: IBKR fills it overnight.
        ("20261117", "20261117", "20261120;060000", "Nothing is missing up to 2026-11-19."),
        # Beyond the overlap.
        ("20261111", "20261111", "20261119;060000", "Nothing is missing up to 2026-11-19."),
    ],
)
def test_profit_and_loss_that_were_not_ready_are_asked_for_again(
    served: Sandbox,
    make_pipeline: MakePipeline,
    monkeypatch: pytest.MonkeyPatch,
    first: str,
    last: str,
    generated: str,
    skips: str | None,
) -> None:
    """The newest days are there; one of them lacks its profit and loss."""
    pipeline = make_pipeline(served)
    monkeypatch.setenv("WEALTH_CATCH_UP_DAYS", "3")
    days = [f'<EquitySummaryByReportDateInBase reportDate="202611{n}" currency="USD" total="5"/>' for n in (17, 18, 19)]
    rows = "".join(days) if last == "20261117" else "".join(days).replace("17", "11", 1) + days[0]
    came(pipeline, UNREADY.format(first, last, generated, rows))
    tags = {RANGE_START: "2026-11-17", RANGE_END: "2026-11-17"}
    assert tick(pipeline) == (dg.SkipReason(skips) if skips else tags)


def test_a_plain_window_that_was_not_ready_has_a_run_of_its_own_beside_the_missing_days(
    served: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken out by day, the overlap of the missing days brings it."""
    pipeline = make_pipeline(served)
    monkeypatch.setenv("WEALTH_CATCH_UP_DAYS", "2")
    rows = '<EquitySummaryByReportDateInBase reportDate="20261118" currency="USD" total="5"/>'
    newest = {RANGE_START: "2026-11-19", RANGE_END: "2026-11-19"}
    by_day, plain = ("20261118", "20261118", "20261118;200000"), ("20261116", "20261118", "20261119;060000")
    came(pipeline, UNREADY.format(*by_day, rows))
    assert ticks(pipeline) == [newest]
    came(pipeline, UNREADY.format(*plain, rows))
    assert ticks(pipeline) == [newest, {RANGE_START: "2026-11-18", RANGE_END: "2026-11-18"}]


def test_the_times_can_be_moved_by_one_setting(
    served: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(served)
    monkeypatch.setenv("WEALTH_SCHEDULE", "07:45,09:00,12:00")
    with dagster_instance(pipeline.folder), set_defs_state_storage(None):
        schedule = definitions(pipeline.settings).resolve_schedule_def("after_market_close")
    assert schedule.cron_schedule == ["0 9,12 * * 2-6", "45 7 * * 2-6"]
    assert schedule.execution_timezone == "America/New_York"
