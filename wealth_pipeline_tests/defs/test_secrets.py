"""The token is nowhere in what was written, whatever goes wrong.

Dagster stores errors with their causes, and the token is in the address of every request.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import dagster as dg
import pytest

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.defs.code_location import daily_job, definitions
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.schedules import days_tags
from wealth_pipeline.flex import calls
from wealth_pipeline.sandbox.flex.faults import GET, SEND
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.defs.conftest import NEWEST, NOW, Pipeline
from wealth_pipeline_tests.defs.test_what_happens_when import ROWS

SENTINEL = "424242424242424242424242"
BEGINNING = SENTINEL[:-6]  # of the renewed one as well


def test_every_fault_of_the_table_run_through_dagster_leaves_no_trace_of_the_token(
    make_pipeline: Callable[..., Pipeline], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Searched are all bytes under the data folder, Dagster's logs at their most talkative, stdout and stderr."""
    days = iter(reversed(weekdays_between(NEWEST - timedelta(days=200), NEWEST)))
    with Sandbox(now=lambda: NOW, rate_limits=False, token=SENTINEL) as box:
        pipeline = make_pipeline(box)
        monkeypatch.setenv("WEALTH_FLEX_DEADLINE_MINUTES", "15")
        box.service.faults.huge_bytes, box.service.faults.drip_seconds = 1, 30
        job = definitions(pipeline.settings).resolve_job_def(daily_job(pipeline.settings.connection(None)).name)
        with dagster_instance(pipeline.folder) as instance:

            def run(assets: list[str] | None) -> dg.ExecuteInProcessResult:
                day = next(days)
                return job.execute_in_process(
                    instance=instance,
                    tags=days_tags(day, day),
                    run_config={"loggers": {"console": {"config": {"log_level": "DEBUG"}}}},
                    asset_selection=[dg.AssetKey(name) for name in assets] if assets else None,
                    raise_on_error=False,
                )

            assert run(None).success
            for row in ROWS:
                if "deadline" not in row.when and row.when != "reading":
                    monkeypatch.setattr(calls, "TIMEOUTS", (5.0, 2.0 if row.fault in ("hang", "drip") else 30.0))
                    box.service.faults.script(row.fault, call=GET if row.when == "polling" else SEND)
                    # The steps that speak to IBKR; the others know no token.
                    result = run(["flex_report_request", "flex_statement"])
                    assert result.success or row.seen != "nothing", row
                    box.service.faults.clear()
                    if row.fault == "expired":
                        monkeypatch.setenv("IBKR_FLEX_TOKEN", box.service.renew_token())
                    if row.fault == "lockout":
                        box.service.unlock()
                    pipeline.at += timedelta(hours=25)  # beyond every embargo
    printed = "".join(capfd.readouterr())
    assert printed.count("STEP_FAILURE") > 30
    assert BEGINNING not in printed
    files = [path for path in pipeline.folder.root.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert [path for path in files if BEGINNING.encode() in path.read_bytes()] == []
