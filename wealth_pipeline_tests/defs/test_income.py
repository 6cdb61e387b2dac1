"""The asset `income`: what was booked on each day, and on the newest what was paid by month and what is to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner

from wealth_pipeline.cli.main import main
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.defs.conftest import NEWEST, Pipeline, copied, pulled_once
from wealth_pipeline_tests.defs.test_returns import MakePipeline, shown
from wealth_pipeline_tests.flexml import Row, file, flex

#: The sandbox pays dividends on 27 October 2026; others are past their ex-date on the newest day.
FIRST, PAID = date(2026, 10, 26), date(2026, 10, 27)
SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A pipeline after a run over those days, run once for all tests."""
    with pulled_once(tmp_path_factory.mktemp("income"), FIRST, NEWEST) as pipeline:
        yield pipeline


@pytest.fixture
def income(pulled: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """That pipeline on a copy of its data folder."""
    return copied(pulled, tmp_path, monkeypatch)


def floats(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if isinstance(value, float)}


def test_each_day_has_what_was_booked_on_it_by_account(income: Pipeline) -> None:
    seen = shown(income, "income")
    assert seen.keys() == income.green() == income.green("income")
    stated = income.rows(
        "SELECT account_id, base_currency, to_date, sum(amount) FILTER (component = 'dividends'),"
        " sum(amount) FILTER (component = 'withholdingTax') FROM nav_changes JOIN accounts USING (account_id)"
        " WHERE from_date = to_date GROUP BY ALL HAVING sum(abs(amount)) FILTER (component = 'dividends') > 0"
    )
    assert PAID in {day for _, _, day, *_ in stated}
    wanted: dict[str, dict[str, float]] = {day: {} for day in seen}
    for account, currency, day, gross, tax in stated:
        figures = {"gross": gross, "tax": tax, "net": gross + tax}
        wanted[str(day)] |= {f"{name} {account} ({currency})": float(value) for name, value in figures.items()}
    assert {day: floats(figures) for day, figures in seen.items()} == {
        day: pytest.approx(figures) for day, figures in wanted.items()
    }
    assert seen["2026-10-28"]["booked"].splitlines()[2:] == ["|U1000001||||", "|U1000002||||"]


def test_the_newest_day_has_the_months_and_what_is_to_come(income: Pipeline) -> None:
    seen = shown(income, "income")
    (newest,) = {day for day, figures in seen.items() if len(figures) > 1 + len(floats(figures))}
    assert newest == NEWEST.isoformat()
    figures = seen[newest]
    ((gross, tax),) = income.rows(
        "SELECT sum(gross_base), sum(tax_base) FROM income_calendar WHERE state = 'paid' AND account_id = 'U1000002'"
    )
    in_euro = "|".join(f"{amount:,.2f}{SPACE}EUR" for amount in (gross, tax, gross + tax))
    assert figures["by month U1000002"].splitlines()[2:] == [f"|2026-10|{in_euro}|"]
    coming = figures["next 90 days U1000001 (expected: an estimate)"].splitlines()
    declared = income.rows(
        "SELECT pay_date, symbol, currency, net FROM income_calendar WHERE account_id = 'U1000001'"
        " AND state = 'declared' ORDER BY ALL"
    )
    assert declared
    assert coming[2 : 2 + len(declared)] == [
        f"|{day}|{symbol}|declared|{net:,.2f}{SPACE}{currency}|" for day, symbol, currency, net in declared
    ]
    assert coming[-1].startswith("|in all|")


def test_where_nav_history_is_red_the_income_of_what_came_is_there(box: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(box)
    box.service.faults.script("late")
    result = pipeline.run(date(2026, 11, 18), NEWEST)
    assert [e.step_key for e in result.all_events if e.event_type_value == "STEP_FAILURE"] == ["nav_history_days"]
    assert "2026-11-18" in pipeline.green("income") == pipeline.green()
    assert NEWEST.isoformat() not in pipeline.green("income")


def test_what_is_loaded_outside_of_a_run_is_reported(income: Pipeline, tmp_path: Path) -> None:
    """A correction of cash transactions too, where it comes with its day's NAV."""
    ((total,),) = income.rows(f"SELECT total FROM nav WHERE report_date = '{PAID}' AND account_id = 'U1000001'")
    row: Row = {"type": "Dividends", "currency": "USD", "fxRateToBase": "1", "amount": "12.5", "reportDate": PAID}
    day: Row = {"accountId": "U1000001", "currency": "USD", "reportDate": PAID, "cash": total + 1, "total": total + 1}
    corrected = flex("U1000001", PAID, generated="20261120;230000", EquitySummaryInBase=[day], CashTransactions=[row])
    (tmp_path / "corrected.xml").write_bytes(file(corrected))
    done = CliRunner().invoke(main, ["import", str(tmp_path / "corrected.xml")])
    assert done.exit_code == 0, done.output
    assert floats(shown(income, "income")[str(PAID)])["gross U1000001 (USD)"] == 12.5
    with dagster_instance(income.folder) as instance:
        last = instance.get_latest_materialization_event(dg.AssetKey("income"))
    assert last
    assert last.asset_materialization
    assert last.asset_materialization.partition == NEWEST.isoformat()
