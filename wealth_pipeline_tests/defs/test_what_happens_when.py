"""The table of docs/what-happens-when.md, row by row: what it says is done to the pipeline, over real HTTP.

Asking and polling are tried where they happen, without Dagster around them (a few hundredths of a second each); what a
statement lacks, through the whole job.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from wealth_pipeline.flex import calls
from wealth_pipeline.flex.client import FlexClient
from wealth_pipeline.flex.errors import FlexError
from wealth_pipeline.flex.ledger import RequestLedger, Window
from wealth_pipeline.pull import ask
from wealth_pipeline.sandbox.flex.faults import GET, NAMES, SEND
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.warehouse.archive import Archive
from wealth_pipeline_tests.clocks import MovableClock
from wealth_pipeline_tests.defs.conftest import NEWEST, Pipeline, error_of

WINDOW = Window(date(2026, 7, 1), date(2026, 7, 2))
FEW_BYTES = 5_000_000


@dataclass(frozen=True)
class Row:
    """A row of the table, for one of its faults."""

    fault: str
    when: str
    asked: str
    seen: str
    archived: str
    next_run: str
    advice: str

    def __str__(self) -> str:
        return f"{self.when}-{self.fault}"


def _rows() -> list[Row]:
    text = (Path(__file__).parents[2] / "docs" / "what-happens-when.md").read_text()
    section = text.split("## The Flex Web Service")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [Row(fault, *cells[1:]) for cells in lines for fault in re.findall(r"`([^`]+)`", cells[0])]


ROWS = _rows()
AT_IBKR = [row for row in ROWS if row.when != "reading"]


def says(cell: str, text: str) -> bool:
    """Whether a text is what a cell of the table quotes; `…` stands for anything."""
    return re.search(".*".join(map(re.escape, cell.split("…"))), text) is not None


def test_every_fault_of_the_sandbox_has_a_row_for_each_call_at_which_it_can_happen() -> None:
    by_call = {when: {row.fault for row in ROWS if row.when.startswith(when)} for when in ("asking", "polling")}
    in_the_statement = {"truncated", "reset-body", "drip", "huge"}
    reading = {row.fault for row in ROWS if row.when == "reading"}
    assert reading == {"short", "late", "restated", "unready"}
    assert by_call["asking"] == NAMES.keys() - in_the_statement - reading
    assert by_call["polling"] == NAMES.keys() - reading


@pytest.mark.parametrize("row", AT_IBKR, ids=str)
def test_what_the_table_says_happens(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TIMEOUTS", (5.0, 2.0 if row.fault == "hang" else 30.0))
    clock = MovableClock(datetime(2026, 7, 3, 12, tzinfo=UTC))
    ledger, archive = RequestLedger(tmp_path / "state.sqlite", clock), Archive(tmp_path / "archive")
    with Sandbox(first_day=date(2026, 6, 1), now=clock.now, clock=clock.seconds) as box:

        def run() -> FlexError | None:
            """One run: ask, wait, archive; its error."""
            client = FlexClient(
                "ibkr",
                box.token,
                box.query_id,
                ledger,
                base_url=box.flex_url,
                deadline=timedelta(minutes=2),
                max_bytes=FEW_BYTES,
            )
            try:
                ask.request(client, WINDOW)
                ask.download(client, WINDOW, archive)
            except FlexError as error:
                return error
            return None

        def arrived() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
            """The parameters of the SendRequests and of the polls since the last look."""
            new = box.service.requests[len(seen) :]
            seen.extend(new)
            return [r.parameters for r in new if r.path == SEND], [r.parameters for r in new if r.path == GET]

        seen: list[object] = []
        faults = box.service.faults
        faults.huge_bytes, faults.drip_seconds = 2 * FEW_BYTES, 0.001
        clock.tick = timedelta(seconds=row.fault == "drip")
        faults.script(row.fault, 50 if "deadline" in row.when else 1, GET if row.when.startswith("polling") else SEND)
        error = run()
        clock.tick = timedelta(0)

        sent, polls = arrived()
        assert sent == [{"q": box.query_id, "v": "3", "fd": "20260701", "td": "20260702"}]
        assert len({poll["q"] for poll in polls}) <= 1
        if row.asked.endswith("until the deadline"):
            assert len(polls) > 5
        else:
            assert row.asked == "1 SendRequest" + (
                f", {len(polls)} poll{'s' if len(polls) > 1 else ''}" if polls else ""
            )

        if row.seen == "nothing":
            assert error is None
        else:
            assert error is not None
            assert says(row.seen, error.what), error.what
            assert says(row.advice, error.advice), error.advice
            assert 'Connection "ibkr", 2026-07-01 to 2026-07-02: ' in error.what
        assert len(list(archive.entries())) == (row.archived == "the statement")

        faults.clear()
        if row.fault == "expired":
            box.service.renew_token()
            clock.sleep(60)  # as long as a person takes at least
        if wait := re.fullmatch(r"sends nothing for (\d+) (minutes|hours)", row.next_run):
            length = timedelta(**{wait[2]: int(wait[1])})
            clock.at += length - timedelta(seconds=90)
            held = run()
            assert held is not None
            assert "no request before" in held.what
            assert arrived() == ([], [])
            clock.at += timedelta(seconds=90)
        assert run() is None
        again, more = arrived()
        assert len(list(archive.entries())) == 1
        if row.next_run == "asks for nothing":
            assert (again, more) == ([], [])
        elif row.next_run == "polls the same reference":
            assert again == []
            assert more[-1]["q"] == polls[0]["q"]
        else:
            assert row.next_run == "asks again" or wait
            assert len(again) == 1
        times = [request.clock for request in box.service.requests]
        assert min((b - a for a, b in pairwise(times)), default=1) >= 1
        assert min((b - a for a, b in zip(times, times[10:], strict=False)), default=60) >= 60


@pytest.mark.parametrize("row", [row for row in ROWS if row.when == "reading"], ids=str)
def test_what_the_table_says_of_a_statement_that_came(
    row: Row, box: Sandbox, make_pipeline: Callable[..., Pipeline]
) -> None:
    pipeline, tuesday = make_pipeline(box), date(2026, 11, 17)
    box.service.faults.script(row.fault)
    result = pipeline.run(tuesday, NEWEST)
    requests = [request.path for request in box.service.requests]
    assert row.asked == f"{requests.count(SEND)} SendRequest, {requests.count(GET)} polls"
    if row.seen == "nothing":
        assert result.success
    else:
        assert says(row.seen, error_of(result)), error_of(result)
        assert says(row.advice, error_of(result))
    assert (row.archived, len(list(pipeline.folder.archive.entries()))) == ("the statement, loaded", 1)
    assert pipeline.rows("SELECT count(*) FROM statements WHERE status = 'loaded'") == [(1,)]
    ((came,),) = pipeline.rows("SELECT max(report_date) FROM nav_history")
    assert came.isoformat() in pipeline.green()
    assert pipeline.run(tuesday, NEWEST).success
    assert len(pipeline.sent()) == (2 if row.next_run == "asks again" else 1)
