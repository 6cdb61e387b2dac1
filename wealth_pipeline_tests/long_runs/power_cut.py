"""A power cut in the middle of a night's run, and the machine started again: `make power-cut`, some ten minutes.

A real `wealth dev` with its schedule switched on, at a time a few minutes away. While the run of that tick waits for
IBKR, all processes are killed at once. Started again, the run is marked as failed, the next tick runs, and takes up the
statement under way without a second request. The schedule has ticks from Tuesday to Saturday, New York time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.sandbox.flex.faults import GET
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline_tests.long_runs.machine import Machine

#: Time enough to start on a busy machine.
AHEAD = timedelta(minutes=4)
START_SCHEDULE = """
mutation { startSchedule(scheduleSelector: {repositoryLocationName: "wealth_pipeline", repositoryName: "__repository__",
    scheduleName: "after_market_close"}) { __typename ... on PythonError { message } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"


def main() -> int:
    """Cut the power, and see whether the next tick runs; the exit status says so."""
    with tempfile.TemporaryDirectory(prefix="wealth-power-cut-") as folder, Sandbox() as box:
        machine = Machine(Path(folder), box, {"WEALTH_CATCH_UP_DAYS": "5"})
        ledger = RequestLedger(DataFolder(machine.data_dir).state)
        box.service.faults.script("1019", 1000, GET)
        try:
            _start(machine)
            machine.ask(START_SCHEDULE)
            _wait_for(machine, lambda: any(request.outcome == "pending" for request in ledger.all()))
            machine.power_cut()
            _say("killed every process while the run was waiting for IBKR")
            box.service.faults.clear()
            _start(machine)
            _wait_for(machine, lambda: any(request.outcome == "received" for request in ledger.all()))
            _wait_for(machine, lambda: "SUCCESS" in [status for status, _ in _runs(machine)])
            runs = _runs(machine)
        finally:
            machine.stop()
        sent = [request for request in box.service.requests if request.path == "SendRequest"]
        _say(f"the runs, newest first: {runs}; SendRequests: {len(sent)}")
        good = runs == [("SUCCESS", True), ("FAILURE", True)] and len(sent) == 1
        _say(
            "The next tick ran, and asked for nothing twice." if good else f"FAILED\n{machine.log.read_text()[-3000:]}"
        )
    return 0 if good else 1


def _start(machine: Machine) -> None:
    tick = datetime.now(ZoneInfo("America/New_York")) + AHEAD
    machine.environment["WEALTH_SCHEDULE"] = f"{tick:%H:%M}"
    machine.start()
    _say(f"`wealth dev` is serving; the schedule's next tick is at {tick:%H:%M} New York")


def _runs(machine: Machine) -> list[tuple[str, bool]]:
    """The status of each run, newest first, and whether the schedule asked for it."""
    runs = machine.ask(RUNS)["runsOrError"]["results"]
    return [(run["status"], "dagster/schedule_name" in {tag["key"] for tag in run["tags"]}) for run in runs]


def _wait_for(machine: Machine, happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 900
    while not happened():
        if time.monotonic() > until:
            raise RuntimeError(f"nothing happened within 15 minutes:\n{machine.log.read_text()[-3000:]}")
        time.sleep(1)


def _say(what: str) -> None:
    sys.stdout.write(f"{datetime.now():%H:%M:%S}  {what}\n")  # noqa: DTZ005 - for the eyes of whoever waits
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
