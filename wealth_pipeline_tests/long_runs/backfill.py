"""Ten years of two accounts in one backfill, killed in the middle: `make backfill`.

A real `wealth dev`, the backfill launched as the UI launches it, every quarter a run of the daemon's against the
sandbox, which keeps IBKR's limits in real time. The history begins before the account did. In the middle all processes
are killed at once, as by a power cut. It takes most of an hour; `python -m wealth_pipeline_tests.long_runs.backfill
2025` does it for the years since 2025.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg

from wealth_pipeline.calendar import last_weekdays, weekdays_between
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.sensors.alert import failure_of
from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.published.reading import reading
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline_tests.long_runs.machine import Machine

#: The history begins this much before the account did: more than a quarter, of which IBKR has no statement at all.
BEFORE_THE_ACCOUNT = timedelta(days=120)
ASSETS = "{ assetNodes { assetKey { path } groupName } }"
DAYS = 'query { assetNodeOrError(assetKey: {path: ["nav_history"]}) { ... on AssetNode { partitionKeys } } }'
LAUNCH = """
mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL = """
query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } }  ... on PythonError { message } } }"""
RUNS = """
query ($id: String!) { runsOrError(filter: {tags: [{key: "dagster/backfill", value: $id}]}) {
    ... on Runs { results { runId status } } } }"""


def main(first_year: int = 2016) -> int:
    """Run the backfill; the exit status says whether every promise was kept."""
    account_begins = date(first_year, 1, 4)
    history_begins = account_begins - BEFORE_THE_ACCOUNT
    with (
        tempfile.TemporaryDirectory(prefix="wealth-backfill-") as folder,
        Sandbox(first_day=account_begins) as box,
    ):
        machine = Machine(Path(folder), box, {"WEALTH_HISTORY_START": history_begins.isoformat()})
        data = DataFolder(machine.data_dir)
        ledger = RequestLedger(data.state)
        try:
            machine.start()
            days = machine.ask(DAYS)["assetNodeOrError"]["partitionKeys"]
            backfill = _launch(machine, days)
            _say(f"launched the backfill {backfill} over {len(days)} days, {days[0]} to {days[-1]}")
            middle = len(days) // 65 // 2
            while not _in_the_middle_of_a_request(ledger, after=middle):
                time.sleep(0.2)
            machine.power_cut()
            _say(f"killed every process while IBKR was making the statement for {ledger.all()[-1].window}")
            machine.start()
            _say("started `wealth dev` again")
            status = _until_it_ends(machine, ledger, backfill)
            runs = machine.ask(RUNS, id=backfill)["runsOrError"]["results"]
        finally:
            machine.stop()
        counts = Counter(run["status"] for run in runs)
        _say(f"the backfill ended as {status}; its runs: {dict(counts)}")
        with dagster_instance(data) as instance:
            green = instance.get_materialized_partitions(dg.AssetKey("nav_history"))
            for run in runs:
                if run["status"] == "FAILURE":
                    _say(f"the run {run['runId'][:8]} failed: {failure_of(instance, run['runId'])}")
        broken = list(_broken_promises(box, ledger, data, (history_begins, account_begins), green))
        if status != "COMPLETED_SUCCESS":
            broken.append(f"the backfill ended as {status}")
        if counts - Counter({"SUCCESS": counts["SUCCESS"], "FAILURE": 1}):
            broken.append(f"more than the killed run failed: {dict(counts)}")
        for promise in broken:
            _say(f"BROKEN: {promise}")
        if broken:
            sys.stdout.write(machine.log.read_text()[-20000:])
    _say("FAILED" if broken else "Every day is there, and nothing was asked twice.")
    return 1 if broken else 0


def _launch(machine: Machine, days: list[str]) -> str:
    nodes = machine.ask(ASSETS)["assetNodes"]
    keys = [{"path": node["assetKey"]["path"]} for node in nodes if node["groupName"] in ("flex", "tables", "wealth")]
    launched: Any = machine.ask(LAUNCH, params={"assetSelection": keys, "partitionNames": days})
    return str(launched["launchPartitionBackfill"]["backfillId"])


def _in_the_middle_of_a_request(ledger: RequestLedger, after: int) -> bool:
    asked = ledger.all()
    return len(asked) > after and asked[-1].outcome == "pending"


def _until_it_ends(machine: Machine, ledger: RequestLedger, backfill: str) -> str:
    told: set[int] = set()
    while True:
        state = machine.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]
        for request in ledger.all():
            if request.finished_at and request.id not in told:
                _say(f"{request.window}: {request.outcome}")
                told.add(request.id)
        if state.get("status") not in ("REQUESTED", "IN_PROGRESS"):
            return str(state.get("status") or state)
        time.sleep(5)


def _broken_promises(
    box: Sandbox, ledger: RequestLedger, data: DataFolder, begins: tuple[date, date], green: set[str]
) -> Iterator[str]:
    """A sentence for each promise that was not kept."""
    asked = ledger.all()
    _say(f"{len(asked)} requests in the ledger: {dict(Counter(request.outcome for request in asked))}")
    sent = [request.parameters for request in box.service.requests if request.path == "SendRequest"]
    twice = [window for window, count in Counter((p["fd"], p["td"]) for p in sent).items() if count > 1]
    if twice:
        yield f"asked twice: {twice}"
    newest = last_weekdays(1, datetime.now().astimezone())[0]
    history, account = (weekdays_between(day, newest) for day in begins)
    with reading(data.published) as con:
        rows = con.execute("SELECT report_date, count(*) FROM nav GROUP BY ALL").fetchall()
    whole = {day for day, accounts in rows if accounts == len(box.service.household.accounts)}
    if lacking := [str(day) for day in account if day not in whole]:
        yield f"{len(lacking)} days lack a NAV: {lacking[:5]}"
    if grey := [str(day) for day in history if day.isoformat() not in green]:
        yield f"{len(grey)} days are not green: {grey[:5]}"
    times = [request.clock for request in box.service.requests]
    if min(b - a for a, b in pairwise(times)) < 1 or min(b - a for a, b in zip(times, times[10:], strict=False)) < 60:
        yield "IBKR's limits were not kept"
    _say(f"{len(times)} requests to IBKR, polls included; {len(sent)} of them SendRequests; {len(whole)} days loaded")


def _say(what: str) -> None:
    sys.stdout.write(f"{datetime.now():%H:%M:%S}  {what}\n")  # noqa: DTZ005 - for the eyes of whoever waits
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
