"""Alerts: a failed run is told once for each cause, over real HTTP, without a secret."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.pull import alerts
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.defs.conftest import NEWEST, NOW, Pipeline

MakePipeline = Callable[..., Pipeline]


@pytest.fixture
def phone() -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes Apprise's JSON messages; its address, and what came."""
    came: list[bytes] = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Take)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}", came
    server.shutdown()


def tell(pipeline: Pipeline, result: dg.ExecuteInProcessResult) -> object:
    """Evaluate the alert sensor for a failed run, as the daemon does."""
    with dagster_instance(pipeline.folder) as instance:
        sensor = definitions(pipeline.settings).resolve_sensor_def("alert")
        event = next(e for e in result.all_events if e.event_type_value == "PIPELINE_FAILURE")
        context = dg.build_run_status_sensor_context(
            sensor_name="alert", dagster_instance=instance, dagster_run=result.dagster_run, dagster_event=event
        )
        return sensor(context.for_run_failure())


def test_a_failure_is_told_once_for_each_cause(
    box: Sandbox,
    make_pipeline: MakePipeline,
    phone: tuple[str, list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, came = phone
    monkeypatch.setenv("WEALTH_ALERT_URL", address)
    pipeline = make_pipeline(box)
    box.service.faults.script("1012", 2)
    tell(pipeline, pipeline.run(NEWEST, NEWEST))
    assert len(came) == 1
    assert b"1012" in came[0]
    assert b"daily_statement" in came[0]
    assert box.token.encode() not in came[0]
    assert isinstance(tell(pipeline, pipeline.run(NEWEST, NEWEST)), dg.SkipReason)
    assert len(came) == 1
    box.service.faults.script("1014")
    tell(pipeline, pipeline.run(NEWEST, NEWEST))
    assert len(came) == 2


def test_the_same_cause_on_another_day_is_the_same_cause() -> None:
    assert alerts.cause("No NAV for 2026-11-19 (x)") == alerts.cause("No NAV for 2026-11-20 (x)")
    assert alerts.cause("code 1012") != alerts.cause("code 1014")


def test_an_address_that_is_none_is_a_sentence_without_the_address() -> None:
    with pytest.raises(alerts.AlertError) as error:
        alerts.send("nonsense:secret", "title", "text")
    assert "WEALTH_ALERT_URL" in str(error.value)
    assert "secret" not in str(error.value)


def test_the_sensor_runs_by_itself_only_when_an_address_is_set(
    box: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(box)
    # Dagster's storage of this context may belong to an instance that is no more.
    with dagster_instance(pipeline.folder), set_defs_state_storage(None):
        off = definitions(pipeline.settings).resolve_sensor_def("alert")
        monkeypatch.setenv("WEALTH_ALERT_URL", "json://127.0.0.1:9")
        on = definitions(pipeline.settings).resolve_sensor_def("alert")
    assert (off.default_status, on.default_status) == (
        dg.DefaultSensorStatus.STOPPED,
        dg.DefaultSensorStatus.RUNNING,
    )


def test_a_tokens_end_is_told_once_at_each_stage(
    box: Sandbox, make_pipeline: MakePipeline, phone: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, came = phone
    monkeypatch.setenv("WEALTH_ALERT_URL", address)
    monkeypatch.setenv("IBKR_FLEX_TOKEN_MADE", "2025-12-10")  # it ends on 10 December 2026, in 20 days
    pipeline = make_pipeline(box)
    with dagster_instance(pipeline.folder) as instance:
        sensor = definitions(pipeline.settings).resolve_sensor_def("token_expiry")
        context = dg.build_sensor_context(
            instance=instance, resources={"wealth": WealthData(data_dir=str(pipeline.folder.root))}
        )
        for days, messages in ((0, 1), (1, 1), (14, 2), (15, 2), (19, 3)):
            pipeline.at = (NOW + timedelta(days=days)).astimezone(UTC)
            assert isinstance(sensor(context), dg.SkipReason)
            assert len(came) == messages, f"after {days} days"
    assert b"made on 2025-12-10, expires on 2026-12-10" in came[0]
    assert box.token.encode() not in b"".join(came)


@pytest.mark.parametrize("address", ["json://127.0.0.1:9/hunter2hunter2", "mailtos://user:hunter2hunter2@"])
def test_an_alert_that_cannot_be_sent_shows_its_address_in_no_log(
    address: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(alerts.AlertError) as caught:
        alerts.send(address, "wealth_pipeline: a try", "Nothing happened.")
    assert "hunter2" not in str(caught.value) + caplog.text + "".join(capfd.readouterr())
