"""The main job, whole: through Dagster, over HTTP, to the published database."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.schedules import days_tags
from wealth_pipeline.pull import inbox
from wealth_pipeline.sandbox.flex.faults import SEND
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.defs.conftest import NEWEST, QUIET, Pipeline, error_of

MONDAY = date(2026, 11, 16)
MakePipeline = Callable[..., Pipeline]


@dataclass(frozen=True)
class Week:
    """A pipeline after a run over Monday to Thursday, and the parameters of its SendRequests."""

    pipeline: Pipeline
    result: dg.ExecuteInProcessResult
    sent: list[dict[str, str]]


def reported_days(result: dg.ExecuteInProcessResult) -> set[str | None]:
    """The days of nav_history that a run materialized."""
    return {
        e.partition
        for e in result.all_events
        if e.event_type_value == "ASSET_MATERIALIZATION" and e.asset_key and e.asset_key.path == ["nav_history"]
    }


@pytest.fixture(scope="module")
def week(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """A range of four days, run once for all tests that only look at what came of it."""
    with pytest.MonkeyPatch.context() as patch, set_defs_state_storage(None):
        patch.chdir(tmp_path_factory.mktemp("cwd"))
        already = len(served.service.requests)
        pipeline = Pipeline(served, tmp_path_factory.mktemp("week") / "data", patch)
        result = pipeline.run(MONDAY, NEWEST)
        assert result.success
        yield Week(pipeline, result, [r.parameters for r in served.service.requests[already:] if r.path == SEND])


def test_a_range_of_days_ends_in_the_nav_history_to_the_last_digit(week: Week) -> None:
    household = Household()
    stated = {
        (account, day.day): day.total
        for account in ("U1000001", "U1000002")
        for day in household.days(account, MONDAY, NEWEST)
    }
    loaded = week.pipeline.rows(
        f"SELECT account_id, report_date, total FROM nav_history WHERE report_date >= '{MONDAY}'"
    )
    assert {(account, day): total for account, day, total in loaded} == stated


def test_every_day_of_the_range_turns_green_with_its_own_figures(week: Week) -> None:
    assert {"2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19"} <= week.pipeline.green()
    events = {
        e.partition: e.step_materialization_data.materialization.metadata
        for e in week.result.all_events
        if e.event_type_value == "ASSET_MATERIALIZATION" and e.asset_key and e.asset_key.path == ["nav_history"]
    }
    navs = {metadata["NAV U1000001 (USD)"].value for metadata in events.values()}
    assert len(navs) == len(events) >= 4
    newest = events["2026-11-19"]
    assert re.search(r"\|U1000002\|[0-9,.]+\sEUR\|[+-][0-9,.]+\sEUR\|passed\|", str(newest["accounts"].value))
    assert "data:image/svg+xml" in str(newest["recent NAV U1000001"].value)


def test_each_days_largest_holdings_are_that_days(week: Week) -> None:
    """A range is one run, whose shared metadata would show the newest day's holdings on every day."""
    shown = {
        e.partition: str(e.step_materialization_data.materialization.metadata["largest holdings U1000001"].value)
        for e in week.result.all_events
        if e.event_type_value == "ASSET_MATERIALIZATION" and e.asset_key and e.asset_key.path == ["positions"]
    }
    assert len(set(shown.values())) == len(shown) == 4
    for day, table in shown.items():
        assert len(table.splitlines()) == 12
        ((symbol,),) = week.pipeline.rows(
            "SELECT symbol FROM positions WHERE account_id = 'U1000001' AND report_date = '" + str(day) + "'"
            " ORDER BY abs(nav_value_base) DESC LIMIT 1"
        )
        assert table.splitlines()[2].startswith(f"|{symbol}|")


def test_the_parts_and_the_positions_add_up_to_the_total_by_plain_sql(week: Week) -> None:
    wrong = week.pipeline.rows(
        f"""
        SELECT account_id, report_date FROM nav_history n
        WHERE report_date >= '{MONDAY}' AND (
            total <> cash + stock + options + bonds + funds + notes + commodities + crypto
                + dividend_accruals + interest_accruals + other
            OR total <> cash + dividend_accruals + interest_accruals + (SELECT sum(nav_value_base) FROM positions p
                WHERE p.account_id = n.account_id AND p.report_date = n.report_date)
            OR proof <> 'passed')
        """
    )
    assert wrong == []
    assert week.pipeline.rows("SELECT count(*) FROM nav_history WHERE proof = 'passed'")[0][0] >= 8


def test_the_window_begins_some_days_earlier_as_an_audit(week: Week) -> None:
    (sent,) = week.sent
    assert (sent["fd"], sent["td"]) == ("20261109", "20261119")


def test_the_guides_query_gives_each_days_nav_and_the_last_days_positions(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline(served, "guide")
    assert pipeline.run(MONDAY, NEWEST).success
    assert pipeline.rows(f"SELECT count(*) FROM nav_history WHERE report_date >= '{MONDAY}'") == [(8,)]
    assert pipeline.rows("SELECT DISTINCT report_date FROM positions") == [(NEWEST,)]
    assert pipeline.rows("SELECT DISTINCT report_date FROM cash_balances") == [(NEWEST,)]
    proofs = pipeline.rows("SELECT report_date, proof FROM nav_history GROUP BY ALL ORDER BY 1")
    assert proofs[-1] == (NEWEST, "passed")
    assert {proof for _, proof in proofs[:-1]} == {"not_evaluable"}


def test_the_same_window_is_not_asked_for_twice_on_a_day(box: Sandbox, make_pipeline: MakePipeline) -> None:
    """IBKR makes about one statement per query and day, and locks out those who insist."""
    pipeline = make_pipeline(box)
    assert pipeline.run(NEWEST, NEWEST).success
    before = pipeline.rows("SELECT * FROM nav_history ORDER BY ALL")
    assert pipeline.run(NEWEST, NEWEST).success
    assert len(pipeline.sent()) == 1
    assert pipeline.rows("SELECT * FROM nav_history ORDER BY ALL") == before


def test_a_restated_day_outside_the_range_is_reported_as_well(box: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(box)
    pipeline.run(date(2026, 11, 12), date(2026, 11, 12))
    box.service.faults.restate("U1000001", date(2026, 11, 12), datetime(2026, 11, 1, tzinfo=UTC))
    result = pipeline.run(MONDAY, MONDAY)
    assert result.success
    assert {"2026-11-12", "2026-11-16"} <= reported_days(result)
    assert pipeline.rows("SELECT count(*) FROM nav_versions WHERE report_date = '2026-11-12'") == [(3,)]


def test_a_late_day_fails_by_name_and_what_came_is_green(box: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(box)
    box.service.faults.script("late")
    result = pipeline.run(MONDAY, NEWEST)
    assert not result.success
    assert "No NAV for 2026-11-19" in error_of(result)
    assert "asked for 2026-11-09 to 2026-11-19" in error_of(result)
    assert "2026-11-18" in pipeline.green()
    assert "2026-11-19" not in pipeline.green()
    assert pipeline.rows("SELECT max(report_date) FROM nav_history") == [(date(2026, 11, 18),)]


def test_an_expired_token_fails_with_the_sentence_to_act_on(box: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(box)
    box.service.faults.script("expired")
    result = pipeline.run(NEWEST, NEWEST)
    assert not result.success
    assert "1012" in error_of(result)
    assert "token" in error_of(result)
    assert pipeline.green() == set()


@pytest.mark.slow
def test_a_download_that_failed_is_taken_up_with_the_same_reference(box: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(box)
    box.service.faults.script("1019", 60)
    first = pipeline.run(NEWEST, NEWEST)
    assert not first.success
    box.service.faults.clear()
    assert pipeline.run(NEWEST, NEWEST).success
    assert len(pipeline.sent()) == 1


@pytest.mark.slow
def test_a_run_asks_once_even_when_ibkr_forgets_the_reference_and_the_next_run_asks_anew(
    box: Sandbox, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline(box)
    box.service.faults.script("1017")
    assert "1017" in error_of(pipeline.run(NEWEST, NEWEST))
    assert len(pipeline.sent()) == 1
    assert pipeline.run(NEWEST, NEWEST).success
    assert len(pipeline.sent()) == 2


@pytest.mark.slow
def test_an_old_reference_that_ibkr_forgot_is_replaced_by_one_new_request(
    box: Sandbox, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline(box)
    box.service.faults.script("1019", 8)  # beyond the deadline of a minute
    assert not pipeline.run(NEWEST, NEWEST).success
    pipeline.at += timedelta(hours=3)
    box.service.faults.script("1017")
    assert pipeline.run(NEWEST, NEWEST).success
    assert len(pipeline.sent()) == 2


def imported(pipeline: Pipeline, file: Path, account: str, day: date) -> None:
    """Load a statement of another account, with a NAV of 1 USD on one day."""
    file.write_bytes(
        flexml.file(
            flexml.flex(
                account,
                day,
                AccountInformation={"accountId": account, "currency": "USD"},
                EquitySummaryInBase=[{"reportDate": day, "currency": "USD", "cash": 1, "total": 1}],
            )
        )
    )
    warehouse = Warehouse(pipeline.folder)
    with warehouse.writing():
        assert [taken.status for taken in inbox.take(warehouse, [file], "import")] == ["loaded"]


def test_an_account_that_was_only_imported_is_not_waited_for(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    """A closed account's old statements would otherwise make every night red, and be asked for ever."""
    pipeline = make_pipeline(served)
    imported(pipeline, tmp_path / "old.xml", "U1", date(2025, 11, 3))
    assert pipeline.run(NEWEST, NEWEST).success


def test_days_before_the_account_began_are_remembered_and_green(
    box: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IBKR answers 1003 for them, and for days that are not ready; only the latter are worth asking again.

    A backfill counts what is not materialized as failed, so they are, and say why they have no NAV.
    """
    pipeline = make_pipeline(box)
    monkeypatch.setenv("WEALTH_HISTORY_START", "2024-12-02")
    result = pipeline.run(date(2024, 12, 2), date(2024, 12, 3))
    assert result.success
    assert pipeline.run(date(2024, 12, 2), date(2024, 12, 3)).success
    assert len(pipeline.sent()) == 1
    assert pipeline.green() == {"2024-12-02", "2024-12-03"}
    told = [str(e.metadata["NAV"].value) for e in result.asset_materializations_for_node("nav_history_days")]
    assert [text.startswith("none, and none is lacking: ") for text in told] == [True, True]


def test_a_day_that_is_not_ready_is_not_taken_for_one_before_the_account(
    box: Sandbox, make_pipeline: MakePipeline
) -> None:
    """IBKR answers 1003 for both; somebody then materializes only what comes after the request."""
    pipeline = make_pipeline(box)
    box.service.faults.script("1003")
    assert "1003" in error_of(pipeline.run(NEWEST, NEWEST))
    with dagster_instance(pipeline.folder) as instance:
        job = definitions(pipeline.settings).resolve_job_def("daily_statement")
        result = job.execute_in_process(
            instance=instance,
            tags=days_tags(NEWEST, NEWEST),
            run_config=QUIET,
            asset_selection=[dg.AssetKey("flex_statement")],
            raise_on_error=False,
        )
    assert "IBKR gave no statement for 2026-11-12 to 2026-11-19" in error_of(result)
    assert pipeline.green() == set()


def test_a_range_that_begins_before_the_account_is_loaded_from_its_first_day(
    box: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(box)
    monkeypatch.setenv("WEALTH_HISTORY_START", "2024-12-02")
    assert pipeline.run(date(2024, 12, 30), date(2025, 1, 6)).success
    assert min(pipeline.green()) == "2024-12-30"
    assert pipeline.rows("SELECT min(report_date) FROM nav_history") == [(date(2025, 1, 2),)]


def test_one_logins_expired_token_leaves_the_others_night_whole(
    box: Sandbox, make_pipeline: MakePipeline, clean_environment: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pipeline = make_pipeline(box)
    (clean_environment / "connections.toml").write_text(
        f'[[connection]]\nname = "anna"\nquery_id = "{box.query_id}"\ntoken_env = "ANNA_TOKEN"\n'
    )
    annas = box.service.add_token()
    monkeypatch.setenv("ANNA_TOKEN", annas)
    imported(pipeline, tmp_path / "annas.xml", "U7", date(2026, 11, 17))
    box.service.expire_token(annas)
    failed = error_of(pipeline.run(NEWEST, NEWEST, "anna"))
    assert 'Connection "anna", 2026-11-12 to 2026-11-19: IBKR answered "Token has expired." (code 1012)' in failed
    assert "Generate a new token" in failed
    assert pipeline.run(NEWEST, NEWEST, "ibkr").success
    assert NEWEST.isoformat() in pipeline.green()
    assert pipeline.green("anna", "nav_history") == set()
    family = "SELECT accounts, stale_accounts, complete, total IS NOT NULL FROM net_worth"
    assert pipeline.rows(f"{family} WHERE report_date = '{NEWEST}'") == [(3, 1, False, True)]


def test_a_day_of_which_only_the_positions_come_later_is_reported_again(
    box: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its NAV is the same, and now it can be proved."""
    pipeline = make_pipeline(box, "guide")
    pipeline.run(MONDAY, NEWEST)
    monkeypatch.setenv("IBKR_FLEX_QUERY_ID", box.query_id)
    result = pipeline.run(NEWEST, NEWEST)
    assert "2026-11-16" in reported_days(result)
    assert pipeline.rows("SELECT proof FROM nav_history WHERE report_date = '2026-11-16'") == [("passed",)] * 2


def test_a_day_that_was_loaded_but_not_reported_turns_green_with_the_next_run(
    box: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    """A run that was killed after its load has left it like this."""
    pipeline = make_pipeline(box)
    warehouse, file = Warehouse(pipeline.folder), tmp_path / "tuesday.xml"
    tuesday, generated = date(2026, 10, 6), datetime(2026, 10, 7, 6, tzinfo=UTC)
    file.write_bytes(b"".join(Statement(Household(), FULL, tuesday, tuesday, "", generated).render()))
    with warehouse.writing():
        assert [taken.status for taken in inbox.take(warehouse, [file], "import")] == ["loaded"]
    assert pipeline.green() == set()
    assert pipeline.run(NEWEST, NEWEST).success
    assert {"2026-10-06", "2026-11-19"} <= pipeline.green()


def test_a_statement_of_somebody_else_is_loaded_and_that_one_run_is_red(
    box: Sandbox, make_pipeline: MakePipeline
) -> None:
    """A token in the wrong line: its accounts must not become part of the wealth unnoticed."""
    pipeline = make_pipeline(box)
    own = flexml.file(
        flexml.flex(
            "U1",
            date(2026, 11, 13),
            generated="20261114;060000",
            EquitySummaryInBase=[{"reportDate": date(2026, 11, 13), "currency": "USD", "cash": 1, "total": 1}],
        )
    )
    warehouse = Warehouse(pipeline.folder)
    with warehouse.writing():
        added = pipeline.folder.archive.add(
            io.BytesIO(own), source="flex", connection="ibkr", now=datetime(2026, 11, 14, tzinfo=UTC)
        )
        list(warehouse.load([added.sha256]))
    result = pipeline.run(NEWEST, NEWEST)
    assert not result.success
    assert "is of U1000001, U1000002, which never came before, and has none of U1." in error_of(result)
    assert NEWEST.isoformat() in pipeline.green()
    worth = "SELECT max(report_date), max(total) FROM net_worth"
    assert pipeline.rows(worth) == [(date(2026, 11, 13), 1)]
    assert pipeline.run(date(2026, 11, 18), NEWEST).success
    assert pipeline.rows(worth)[0][0] == NEWEST
