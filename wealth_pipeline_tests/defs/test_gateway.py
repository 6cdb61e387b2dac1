"""The sensor and the assets inside Dagster, on a sandbox over HTTPS."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from wealth_pipeline.defs.assets.gateway import GATEWAY_ASSETS, GATEWAY_CHECKS, LiveGateway
from wealth_pipeline.defs.resources import WealthData
from wealth_pipeline.defs.sensors.gateway import gateway_watch
from wealth_pipeline.gateway import live
from wealth_pipeline.gateway.state import GatewayState
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
from wealth_pipeline_tests.clocks import MovableClock
from wealth_pipeline_tests.gateway.conftest import calls, clock, gateway, keeps_the_limits

__all__ = ["clock", "gateway"]  # fixtures

pytestmark = pytest.mark.filterwarnings(
    "ignore::urllib3.exceptions.InsecureRequestWarning", "ignore::DeprecationWarning"
)

JOB, SENSOR = gateway_watch(timedelta(minutes=15), "XNYS")


@pytest.fixture
def resources(
    tmp_path: Path, gateway: SandboxGateway, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The real resources, with a clock and a sleep that cost no time."""
    monkeypatch.setattr(LiveGateway, "state", lambda self, wealth: GatewayState(wealth.folder.state, clock))
    return {"wealth": WealthData(data_dir=str(tmp_path)), "gateway": LiveGateway(url=gateway.gateway_url)}


def run(resources: dict[str, Any]) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [*GATEWAY_ASSETS, *GATEWAY_CHECKS],
        resources=resources,
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def failure(result: dg.ExecuteInProcessResult) -> str:
    (event,) = [e for e in result.all_events if e.event_type_value == "STEP_FAILURE"]
    told = event.step_failure_data.user_failure_data
    assert told
    return told.description or ""


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    return {e.asset_key.to_user_string() for e in result.get_asset_materialization_events() if e.asset_key}


def tick(resources: dict[str, Any], cursor: str | None = None) -> tuple[dg.RunRequest | str, str | None]:
    """What the sensor returns (a request, or the sentence of a skip), and its cursor."""
    with dg.build_sensor_context(
        instance=dg.DagsterInstance.ephemeral(), cursor=cursor, resources=resources
    ) as context:
        result = SENSOR(context)
        if isinstance(result, dg.SkipReason):
            return result.skip_message or "", context.cursor
        assert isinstance(result, dg.RunRequest)
        return result, context.cursor


def test_a_run_fills_the_live_tables(resources: dict[str, Any], tmp_path: Path, gateway: SandboxGateway) -> None:
    result = run(resources)
    assert result.success
    assert materialized(result) == {"gateway_snapshot", "live_nav", "live_cash", "live_positions"}
    assert [nav.account_id for nav in live.latest_nav(tmp_path)] == ["U1000001", "U1000002"]
    with duckdb.connect() as con:
        live.attach(con, tmp_path)
        assert con.execute("SELECT count(*) > 20 FROM live.live_positions_latest").fetchone() == (True,)
        assert con.execute("SELECT count(*) > 4 FROM live.live_cash_latest").fetchone() == (True,)
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.description) == (
        True,
        "Not evaluable yet: no day has both a live and an official NAV.",
    )
    keeps_the_limits(gateway)


def test_logged_out_it_fails_with_the_sentence_and_writes_nothing(
    resources: dict[str, Any], gateway: SandboxGateway, tmp_path: Path
) -> None:
    gateway.service.log_out()
    result = run(resources)
    assert not result.success
    assert f"Open {gateway.gateway_url} in a browser" in failure(result)
    assert not (tmp_path / "live.duckdb").exists()


@pytest.mark.parametrize("fault", ["503", "429", "cut-off"])
def test_what_nobody_can_act_on_makes_no_failed_run_and_no_snapshot(
    fault: str, resources: dict[str, Any], gateway: SandboxGateway, tmp_path: Path
) -> None:
    gateway.service.script(fault, path="/portfolio/U1000002")
    result = run(resources)
    assert result.success
    assert materialized(result) == set()
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("off, passes", [("1.001", True), ("1.05", False)])
def test_the_drift_from_the_statement_is_shown(
    off: str, passes: bool, resources: dict[str, Any], tmp_path: Path
) -> None:
    run(resources)
    with duckdb.connect(str(tmp_path / "wealth.duckdb")) as con:
        con.execute("CREATE TABLE nav_history (account_id VARCHAR, report_date DATE, total DECIMAL(28,12))")
        for nav in live.latest_nav(tmp_path):
            con.execute(
                f"INSERT INTO nav_history VALUES (?, '2026-07-22', ?::DECIMAL(28,12) * {off})",
                [nav.account_id, nav.net_liquidation],
            )
    result = run(resources)
    (check,) = result.get_asset_check_evaluations()
    assert check.passed is passes
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert {"drift U1000001 (USD)", "drift U1000002 (EUR)"} < set(check.metadata)
    assert result.success


def test_the_sensor_requests_a_run_and_then_keeps_the_session_alive(
    resources: dict[str, Any], clock: MovableClock, gateway: SandboxGateway
) -> None:
    requested, cursor = tick(resources)
    assert isinstance(requested, dg.RunRequest)
    for minute in range(1, 15):
        clock.advance(minutes=1)
        assert tick(resources, cursor)[0] == "The session is alive. The next snapshot is due at 14:15 UTC.", minute
    clock.advance(minutes=1)
    assert isinstance(tick(resources, cursor)[0], dg.RunRequest)
    assert set(calls(gateway)) == {"POST /tickle"}


def test_logged_out_it_skips_with_the_sentence_and_logged_in_again_it_resumes(
    resources: dict[str, Any], clock: MovableClock, gateway: SandboxGateway
) -> None:
    gateway.service.log_out()
    told, cursor = tick(resources)
    assert (
        told
        == f"Nobody is logged in to the gateway. Open {gateway.gateway_url} in a browser on its machine and log in."
    )
    assert cursor is None
    clock.advance(minutes=1)
    gateway.service.log_in()
    assert isinstance(tick(resources)[0], dg.RunRequest)


def test_an_address_that_may_not_be_asked_is_a_sentence_too(resources: dict[str, Any]) -> None:
    resources["gateway"] = LiveGateway(url="https://192.168.1.5:5000")
    assert "names another machine" in str(tick(resources)[0])
    assert "names another machine" in failure(run(resources))


def test_one_run_at_a_time_is_requested(resources: dict[str, Any]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_run(dg.DagsterRun(job_name="live_balances", status=dg.DagsterRunStatus.STARTED))
        with dg.build_sensor_context(instance=instance, resources=resources) as context:
            result = SENSOR(context)
    assert isinstance(result, dg.SkipReason)
    assert "has not ended yet" in (result.skip_message or "")


def test_it_is_off_until_somebody_switches_it_on_and_the_job_has_everything() -> None:
    assert SENSOR.default_status == dg.DefaultSensorStatus.STOPPED
    assert SENSOR.minimum_interval_seconds == 60
    defs = dg.Definitions(
        assets=GATEWAY_ASSETS,
        asset_checks=GATEWAY_CHECKS,
        jobs=[JOB],
        sensors=[SENSOR],
        resources={"wealth": WealthData(data_dir="data"), "gateway": LiveGateway(url="https://localhost:5000")},
    )
    dg.Definitions.validate_loadable(defs)
    names = {str(node.name) for node in defs.resolve_job_def("live_balances").nodes}
    assert names == {"gateway_snapshot", "live_tables", "live_nav_drift"}
