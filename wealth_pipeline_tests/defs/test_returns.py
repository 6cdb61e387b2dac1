"""The assets `returns` and `household`: what they show of each day, whichever way it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from wealth_pipeline.cli.main import main
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.events import report_changed_days
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.schedules import days_tags
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.household.flows import EURO, FLOWS, MAIN
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.defs.conftest import NEWEST, QUIET, Pipeline, copied, pulled_once
from wealth_pipeline_tests.lives import days, statement

MakePipeline = Callable[..., Pipeline]
#: The first days of the household FLOWS: deposits, withdrawals, transfers between its accounts.
FIRST, LAST = date(2025, 1, 6), date(2025, 1, 17)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A pipeline after a run over those days, run once for all tests."""
    with pulled_once(tmp_path_factory.mktemp("flows"), FIRST, LAST, scenario=FLOWS) as pipeline:
        yield pipeline


@pytest.fixture
def flows(pulled: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """That pipeline on a copy of its data folder, as tests change what is loaded."""
    return copied(pulled, tmp_path, monkeypatch)


def shown(pipeline: Pipeline, *key: str) -> dict[str, dict[str, Any]]:
    """What Dagster shows of each day of an asset: the metadata that was reported last, by partition."""
    with dagster_instance(pipeline.folder) as instance:
        records = instance.fetch_materializations(dg.AssetKey(list(key)), limit=1000).records
    found: dict[str, dict[str, Any]] = {}
    for record in reversed(records):  # the oldest first
        event = record.asset_materialization
        assert event
        day = event.partition or ""
        found.pop(day, None)
        found[day] = {name: value.value for name, value in event.metadata.items()}
    return found


@contextmanager
def changing(pipeline: Pipeline) -> Iterator[duckdb.DuckDBPyConnection]:
    """The private database, which is published afterwards."""
    with duckdb.connect(str(pipeline.folder.warehouse)) as con:
        yield con
    Warehouse(pipeline.folder, "USD").publish()


def put(pipeline: Pipeline, table: str, *rows: dict[str, Any]) -> None:
    """Let a table have these rows instead of its own."""
    with changing(pipeline) as con:
        con.execute(f"DELETE FROM {table}")
        for row in rows:
            names = ", ".join(row)
            con.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def period(scope: str, name: str, **figures: Any) -> dict[str, Any]:
    """A period that ends with the last day."""
    of = {"scope": scope, "period": name, "from_date": FIRST, "to_date": LAST, "days": 11}
    return of | {"withheld_days": 0, "ibkr_days": 0, "status": "shown"} | figures


def alone(pipeline: Pipeline, asset: str, first: date, last: date) -> dg.ExecuteInProcessResult:
    """A run of one asset, which shows what is loaded."""
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("daily_statement")
        return job.execute_in_process(
            instance=instance,
            tags=days_tags(first, last),
            run_config=QUIET,
            asset_selection=[dg.AssetKey(asset)],
            raise_on_error=False,
        )


def test_every_day_has_the_return_the_gain_and_the_index_of_each_account(flows: Pipeline) -> None:
    seen = shown(flows, "returns")
    rows = flows.rows("SELECT account_id, report_date, return_percent, gain, status FROM returns_daily ORDER BY ALL")
    assert {"shown", "none"} == {status for *_, status in rows}
    level = dict.fromkeys((account for account, *_ in rows), 100.0)
    for account, day, percent, gain, _ in rows:
        currency = "EUR" if account == EURO else "USD"
        level[account] *= 1 + (percent or 0) / 100
        figures = seen[day.isoformat()]
        assert figures.get(f"return {account} (percent)") == percent
        assert figures[f"index {account}"] == pytest.approx(level[account], rel=1e-12)
        assert figures.get(f"gain {account} ({currency})") == (None if gain is None else pytest.approx(float(gain)))
    assert f"|{MAIN}|none||none: the account's first NAV|" in seen["2025-01-02"]["returns"]
    assert f"|{MAIN}|-0.75\N{NO-BREAK SPACE}%|-754.93\N{NO-BREAK SPACE}USD|shown|" in seen["2025-01-13"]["returns"]
    assert flows.green("returns") == flows.green()


def test_the_newest_day_has_the_periods_and_a_return_that_is_withheld_or_ibkrs_its_sentence(flows: Pipeline) -> None:
    put(
        flows,
        "returns_periods",
        period(MAIN, "MTD", twr_percent=1.234, gain=1234),
        period(MAIN, "since_start", twr_percent=-5.5, gain=-70, status="partial", reason="it begins later"),
        period(EURO, "YTD", status="withheld", reason="2025-01-09 is withheld: no statement covers the day"),
        period(EURO, "1D", twr_percent=0.5),
    )
    with changing(flows) as con:
        change = "UPDATE returns_daily SET reason = ?, status = ?, factor = ? WHERE report_date = ? AND account_id = ?"
        con.execute(change, ["no statement covers the day", "withheld", None, "2025-01-15", EURO])
        con.execute(change, ["transfers is not in the query", "ibkr", 1.01, "2025-01-16", EURO])
    assert alone(flows, "returns", date(2025, 1, 15), LAST).success
    seen = shown(flows, "returns")
    assert seen["2025-01-17"]["periods"].splitlines()[2:] == [
        f"|{MAIN}|MTD|+1.23\N{NO-BREAK SPACE}%|+1,234.00\N{NO-BREAK SPACE}USD|shown|",
        f"|{MAIN}|since start|-5.50\N{NO-BREAK SPACE}%|-70.00\N{NO-BREAK SPACE}USD|partial: it begins later|",
        f"|{EURO}|YTD|withheld||withheld: 2025-01-09 is withheld: no statement covers the day|",
    ]
    assert {day for day, figures in seen.items() if "periods" in figures} == {"2025-01-17"}
    assert "|withheld: no statement covers the day|" in seen["2025-01-15"]["returns"]
    assert "|IBKR's own: transfers is not in the query|" in seen["2025-01-16"]["returns"]
    # The chain ends at the day that nobody knows, and another one begins.
    assert seen["2025-01-15"][f"index {EURO}"] == 100
    assert seen["2025-01-16"][f"index {EURO}"] == pytest.approx(101)


def test_the_household_is_shown_in_the_reporting_currency(flows: Pipeline) -> None:
    none = {"accounts": 3, "status": "none", "reason": "the household's first NAV", "proof": "not_evaluable"}
    day = {"accounts": 3, "status": "shown", "proof": "passed", "previous_date": date(2025, 1, 16)}
    put(
        flows,
        "household_daily",
        {"report_date": date(2025, 1, 16), **none},
        {"report_date": LAST, "gain": 1500, "factor": 1.02, "return_percent": 2, **day},
    )
    put(flows, "returns_periods", period("household", "YTD", twr_percent=2, gain=1500))
    assert alone(flows, "household", LAST, LAST).success
    seen = shown(flows, "household")
    assert seen.keys() == flows.green("returns")
    newest = seen["2025-01-17"]
    assert newest["returns"].endswith("|all accounts|+2.00\N{NO-BREAK SPACE}%|+1,500.00\N{NO-BREAK SPACE}USD|shown|")
    assert "|all accounts|YTD|+2.00" in newest["periods"]
    assert [newest[name] for name in ("return household (percent)", "index household", "gain household (USD)")] == [
        2,
        102,
        1500,
    ]


def test_where_nav_history_is_red_the_returns_of_what_came_are_there(box: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(box)
    box.service.faults.script("late")
    result = pipeline.run(NEWEST - timedelta(days=2), NEWEST)
    assert [e.step_key for e in result.all_events if e.event_type_value == "STEP_FAILURE"] == ["nav_history_days"]
    came = {"2026-11-17", "2026-11-18"}
    assert came <= pipeline.green("returns") == pipeline.green()
    assert NEWEST.isoformat() not in pipeline.green("returns")


def test_what_is_loaded_outside_of_a_run_is_reported_with_the_day_that_follows_it(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    pipeline = make_pipeline(served)
    (tmp_path / "week.xml").write_bytes(statement({"U1": days(date(2026, 3, 2), date(2026, 3, 6))}))
    done = CliRunner().invoke(main, ["import", str(tmp_path / "week.xml")])
    assert done.exit_code == 0, done.output
    assert pipeline.green("returns") == pipeline.green() == {f"2026-03-0{day}" for day in range(2, 7)}
    seen = shown(pipeline, "returns")
    assert "|U1|none||none: the account's first NAV|" in seen["2026-03-02"]["returns"]
    with dagster_instance(pipeline.folder) as instance:
        before = len(instance.fetch_materializations(dg.AssetKey("returns"), limit=1000).records)
        report_changed_days(instance, pipeline.settings, [("U1", date(2026, 3, 4))])
        new = instance.fetch_materializations(dg.AssetKey("returns"), limit=1000).records[:-before]
    assert {record.partition_key for record in new} == {"2026-03-04", "2026-03-05"}


def test_after_older_days_the_newest_is_shown_and_a_day_before_the_account_began_is_green(
    box: Sandbox, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline(box)
    assert pipeline.run(NEWEST, NEWEST).success
    assert pipeline.run(date(2025, 1, 1), date(2025, 1, 3)).success
    assert list(shown(pipeline, "returns"))[-1] == NEWEST.isoformat()
    assert pipeline.green("returns") == pipeline.green()
