"""The asset checks: what each finds, on real tables, and that none of them stops a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from wealth_pipeline.checks import OTHERS, PROOFS
from wealth_pipeline.sandbox.server import Sandbox
from wealth_pipeline.warehouse import intake
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.pipeline.conftest import NEWEST, Pipeline

MakePipeline = Callable[..., Pipeline]
WEDNESDAY = date(2026, 11, 18)


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """What each check of a run said, by its name."""
    return {e.check_name: e for e in result.get_asset_check_evaluations()}


def imported(pipeline: Pipeline, file: Path, content: str) -> None:
    """Load a statement of the test's own."""
    file.write_text(content)
    warehouse = Warehouse(pipeline.folder)
    with warehouse.writing():
        (taken,) = intake.take(warehouse, [file], "import")
    assert taken.status == "loaded", taken.reason


NO_PARTS = ("stock", "options", "bonds", "dividendAccruals", "interestAccruals")


def statement(day: str, total: str, extra: str = "") -> str:
    """A statement of one day with nothing but a NAV of cash."""
    none = " ".join(f'{part}="0"' for part in NO_PARTS)
    return (
        '<FlexQueryResponse type="AF"><FlexStatements count="1">'
        f'<FlexStatement accountId="U1" fromDate="{day}" toDate="{day}" whenGenerated="20261119;060000">'
        f'<EquitySummaryInBase><EquitySummaryByReportDateInBase reportDate="{day}" currency="USD" cash="{total}"'
        f' total="{total}" {none} {extra}/></EquitySummaryInBase></FlexStatement></FlexStatements></FlexQueryResponse>'
    )


def test_on_books_that_balance_every_check_passes(served: Sandbox, make_pipeline: MakePipeline) -> None:
    result = make_pipeline(served).run(WEDNESDAY, NEWEST)
    found = evaluations(result)
    assert found.keys() == PROOFS.keys() | OTHERS.keys()
    assert [name for name, check in found.items() if not check.passed] == []


def test_a_proof_that_fails_names_account_day_and_figures_and_the_run_goes_on(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    pipeline = make_pipeline(served)
    imported(pipeline, tmp_path / "wrong.xml", statement("20261117", "100").replace('cash="100"', 'cash="90"'))
    result = pipeline.run(WEDNESDAY, NEWEST)
    assert result.success
    parts = evaluations(result)["parts"]
    assert (parts.passed, parts.severity) == (False, dg.AssetCheckSeverity.ERROR)
    (failure,) = parts.metadata["failures"].value.records  # type: ignore[union-attr]
    assert {"account_id": "U1", "report_date": "2026-11-17"}.items() <= failure.data.items()
    assert (failure.data["expected"], failure.data["actual"], failure.data["currency"]) == ("100", "90", "USD")
    rows = parts.metadata["accounts"].value.records  # type: ignore[union-attr]
    states = {row.data["account"]: str(row.data["newest day"]).split(": ")[1] for row in rows}
    assert states == {"U1": "failed", "U1000001": "passed", "U1000002": "passed"}
    assert parts.description is not None
    assert "failed on 1" in parts.description


def test_a_proof_that_nothing_allows_to_evaluate_is_a_warning_with_the_reason_never_passed(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    """The smaller query has no dividend accruals."""
    dividends = evaluations(make_pipeline(served, "guide").run(WEDNESDAY, NEWEST))["dividends"]
    assert (dividends.passed, dividends.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert dividends.description is not None
    assert dividends.description.startswith("Not evaluable: no Open Dividend Accruals")


def test_a_missing_session_is_an_error_and_a_missing_holiday_information(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    """Labor Day is 7 September 2026; IBKR sometimes has no row for a holiday."""
    pipeline = make_pipeline(served)
    for day in ("20260904", "20260909"):
        imported(pipeline, tmp_path / f"{day}.xml", statement(day, "100"))
    gaps = evaluations(pipeline.run(NEWEST, NEWEST))["no_gaps"]
    assert (gaps.passed, gaps.severity) == (False, dg.AssetCheckSeverity.ERROR)
    days = {title: [r.data["report_date"] for r in table.value.records] for title, table in gaps.metadata.items()}  # type: ignore[union-attr]
    assert days == {"found": ["2026-09-08"], "exchange holidays": ["2026-09-07"]}


def test_a_jump_without_a_flow_is_a_warning(served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path) -> None:
    pipeline = make_pipeline(served)
    for day, total in (("20261116", "100"), ("20261117", "121")):
        imported(pipeline, tmp_path / f"{day}.xml", statement(day, total))
    jump = evaluations(pipeline.run(NEWEST, NEWEST))["usual_change"]
    assert (jump.passed, jump.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_a_restated_day_and_a_token_about_to_expire_are_warnings(
    box: Sandbox, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBKR_FLEX_TOKEN_MADE", "2025-12-10")
    pipeline = make_pipeline(box)
    pipeline.run(WEDNESDAY, WEDNESDAY)
    box.service.faults.restate("U1000001", WEDNESDAY, datetime(2026, 11, 1, tzinfo=UTC))
    found = evaluations(pipeline.run(NEWEST, NEWEST))
    assert (found["token_lasts"].passed, found["token_lasts"].severity) == (False, dg.AssetCheckSeverity.WARN)
    restated = found["nothing_restated"]
    assert (restated.passed, restated.severity) == (False, dg.AssetCheckSeverity.WARN)
    tables = {r.data["table_name"] for r in restated.metadata["found"].value.records}  # type: ignore[union-attr]
    assert {"nav", "cash"} <= tables


@pytest.mark.parametrize("name", ["whollyNew", "whollyNewAmount"])
def test_an_attribute_that_nobody_knows_is_a_warning(
    name: str, served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    pipeline = make_pipeline(served)
    value = "12.5" if name.endswith("Amount") else "what"
    imported(pipeline, tmp_path / "new.xml", statement("20261117", "100", f'{name}="{value}"'))
    unknown = evaluations(pipeline.run(NEWEST, NEWEST))["nothing_unknown"]
    assert (unknown.passed, unknown.severity) == (False, dg.AssetCheckSeverity.WARN)
    names = {r.data["name"] for r in unknown.metadata["found"].value.records}  # type: ignore[union-attr]
    assert names == {f"EquitySummaryByReportDateInBase.{name}"}
