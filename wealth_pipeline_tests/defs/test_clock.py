"""Dagster's schedules and sensors after a clock that was years ahead has been put right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from wealth_pipeline.defs.clock import free_automations

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
AHEAD = (NOW + timedelta(days=400)).timestamp()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def _left_by(instance: dg.DagsterInstance, at: float) -> None:
    """What Dagster notes of a schedule and a sensor that ran at a time."""
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="wealth_pipeline.definitions"))
    repository = RemoteRepositoryOrigin(location, "__repository__")
    for name, kind, data in (
        ("after_market_close", InstigatorType.SCHEDULE, ScheduleInstigatorData("0 6 * * 2-6", at, at)),
        ("inbox", InstigatorType.SENSOR, SensorInstigatorData(at, None, 30, "cursor", at, at, None, at)),
    ):
        origin = RemoteInstigatorOrigin(repository, name)
        state = InstigatorState(origin, kind, InstigatorStatus.RUNNING, data)
        instance.add_instigator_state(state)
        instance.create_tick(
            TickData(state.instigator_origin_id, name, kind, TickStatus.SKIPPED, at, selector_id=state.selector_id)
        )


def test_what_ran_under_a_clock_that_was_ahead_goes_on_from_now(instance: dg.DagsterInstance) -> None:
    _left_by(instance, AHEAD)
    assert free_automations(instance, NOW) == ["after_market_close", "inbox"]
    for state in instance.all_instigator_state():
        assert state.is_running
        data: Any = state.instigator_data
        noted = data._asdict()
        assert {at for name, at in noted.items() if name.endswith("_timestamp")} == {NOW.timestamp()}
        assert noted.get("cursor", "cursor") == "cursor"
        assert instance.get_ticks(state.instigator_origin_id, state.selector_id) == []
    assert free_automations(instance, NOW) == []


@pytest.mark.parametrize("now", [NOW, datetime(1970, 1, 1, tzinfo=UTC)], ids=["right", "a clock without battery"])
def test_what_ran_under_a_right_clock_is_left_as_it_is(now: datetime, instance: dg.DagsterInstance) -> None:
    _left_by(instance, (NOW - timedelta(minutes=1)).timestamp())
    before = instance.all_instigator_state()
    assert free_automations(instance, now) == []
    assert instance.all_instigator_state() == before
