"""Why a run failed, in one sentence: of our errors and of all others, on the terminal, in the UI and in the alert."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest

from wealth_pipeline.defs.failures import UNKNOWN, plain_failure, reason
from wealth_pipeline.defs.sensors.alert import failure_of
from wealth_pipeline.errors import WealthError
from wealth_pipeline.pull import ask
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.defs.conftest import NEWEST, QUIET, Pipeline, error_of

TOKEN = "424242424242424242424242"


def _raises(error: BaseException, cause: BaseException | None = None) -> Callable[[], None]:
    def act() -> None:
        if cause is None:
            raise error
        raise error from cause

    return act


#: What a step does, and how its failure is told; with and without `plain_failure` around it.
ERRORS: dict[str, tuple[Callable[[], None], str]] = {
    "one of ours": (_raises(WealthError("It is full", "Free some space.")), "It is full. Free some space."),
    "a key": (_raises(KeyError("total")), "KeyError: 'total'"),
    "a full disk": (_raises(OSError(28, "No space left on device")), "OSError: [Errno 28] No space left on device"),
    "without a text": (_raises(MemoryError()), "MemoryError"),
    "several lines": (_raises(ValueError("one\n  two\x1b[31m")), r"ValueError: one two\x1b[31m"),
    "with a cause": (
        _raises(RuntimeError("the load failed"), ZeroDivisionError("division by zero")),
        "RuntimeError: the load failed, caused by ZeroDivisionError: division by zero",
    ),
    "with the request's address": (
        _raises(ConnectionError(f"no route to https://flex.example/SendRequest?t={TOKEN}&v=3, gave up")),
        "ConnectionError: no route to https://flex.example/SendRequest?*** gave up",
    ),
    "with the token": (_raises(ValueError(f"{TOKEN} is odd")), "ValueError: *** is odd"),
    "with a proxy's password": (
        _raises(OSError("http://me:hunter2@proxy:3128 is gone")),
        "OSError: http://***@proxy:3128 is gone",
    ),
}


def _failed(act: Callable[[], None], instance: dg.DagsterInstance, *, plain: bool) -> dg.ExecuteInProcessResult:
    """A run whose step does this."""

    @dg.op
    def step() -> None:
        if plain:
            with plain_failure():
                act()
        else:
            act()

    @dg.job
    def job() -> None:
        step()

    return job.execute_in_process(instance=instance, raise_on_error=False, run_config=QUIET)


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


@pytest.mark.parametrize("plain", [True, False], ids=["caught", "not caught"])
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_told_with_its_own_reason(
    name: str, plain: bool, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBKR_FLEX_TOKEN", TOKEN)
    act, sentence = ERRORS[name]
    result = _failed(act, instance, plain=plain)
    assert reason(result.all_events) == sentence
    assert failure_of(instance, result.run_id) == sentence
    if plain:
        assert error_of(result) == sentence
        (event,) = [e for e in result.all_events if e.event_type_value == "STEP_FAILURE"]
        assert TOKEN not in str(event)


def test_a_resource_that_fails_is_told_with_its_own_reason(instance: dg.DagsterInstance) -> None:
    @dg.resource
    def broken(_: Any) -> None:
        raise WealthError("The settings are gone", "Look for them.")

    @dg.op(required_resource_keys={"broken"})
    def step() -> None:
        pass

    @dg.job(resource_defs={"broken": broken})
    def job() -> None:
        step()

    result = job.execute_in_process(instance=instance, raise_on_error=False, run_config=QUIET)
    assert failure_of(instance, result.run_id) == "The settings are gone. Look for them."


def test_a_run_that_was_ended_from_outside_is_told_with_that_reason(instance: dg.DagsterInstance) -> None:
    @dg.job
    def job() -> None:
        pass

    run = instance.create_run_for_job(job)
    assert failure_of(instance, run.run_id) == UNKNOWN
    instance.report_run_failed(run, "The process of this run was killed. The next run catches up.")
    assert failure_of(instance, run.run_id) == "The process of this run was killed. The next run catches up."


def test_a_fault_of_ours_in_a_nights_run_keeps_its_traceback_beside_the_sentence(
    served: Sandbox, make_pipeline: Callable[..., Pipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(ask, "request", broken)
    result = make_pipeline(served).run(NEWEST, NEWEST)
    assert error_of(result) == "ZeroDivisionError: division by zero"
    (event,) = [e for e in result.all_events if e.event_type_value == "STEP_FAILURE"]
    data = event.step_failure_data.user_failure_data
    assert data is not None
    kept = data.metadata["traceback"].value
    assert "in flex_report_request" in str(kept)
