"""The asset checks: what each finds, on real tables, and that none of them stops a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from wealth_pipeline.defs.evaluations import OF_NAV_HISTORY, PROOFS
from wealth_pipeline.published.checks import CHECKS, Check, answered_by
from wealth_pipeline.published.published import Published
from wealth_pipeline.pull import inbox
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.defs.conftest import NEWEST, Pipeline, evaluations
from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, TUESDAY, Row, flex, nav
from wealth_pipeline_tests.flexml import file as flex_file

MakePipeline = Callable[..., Pipeline]
WEDNESDAY = date(2026, 11, 18)
ALL = {*PROOFS, *(check.name for check in CHECKS)}


def imported(folder: DataFolder, file: Path, content: str | bytes) -> None:
    """Load a statement of the test's own."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    warehouse = Warehouse(folder)
    with warehouse.writing():
        (taken,) = inbox.take(warehouse, [file], "import")
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


def test_on_books_that_balance_every_check_passes_that_has_something_to_look_at(
    served: Sandbox, make_pipeline: MakePipeline
) -> None:
    """On a day without dividends the proof of income has nothing."""
    pipeline = make_pipeline(served)
    result = pipeline.run(NEWEST, NEWEST)
    found = evaluations(result)
    assert found.keys() | {*OF_NAV_HISTORY} == ALL
    assert [name for name, check in found.items() if not check.passed] == ["income"]
    assert found["income"].severity == dg.AssetCheckSeverity.WARN
    assert found["income"].description == "Not evaluable: no dividend and no withholding tax (12 days)."
    assert pipeline.shown() == dict.fromkeys(ALL, True) | {"income": False}


def test_a_check_that_is_declared_and_asks_nothing_is_refused_instead_of_passing() -> None:
    with pytest.raises(FileNotFoundError, match="never_written"):
        answered_by("never_written")
    with pytest.raises(TypeError, match="find"):
        Check(name="new", asset="nav", severity="WARN", says="...")  # type: ignore[call-arg]


def test_a_proof_that_fails_names_account_day_and_figures_and_the_run_goes_on(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    pipeline = make_pipeline(served)
    imported(pipeline.folder, tmp_path / "wrong.xml", statement("20261117", "100").replace('cash="100"', 'cash="90"'))
    result = pipeline.run(NEWEST, NEWEST)
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
    dividends = evaluations(make_pipeline(served, "guide").run(NEWEST, NEWEST))["dividends"]
    assert (dividends.passed, dividends.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert dividends.description is not None
    assert dividends.description.startswith("Not evaluable: no Open Dividend Accruals")


def test_a_missing_session_is_an_error_and_a_missing_holiday_information(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    """Labor Day is 7 September 2026; IBKR sometimes has no row for a holiday."""
    pipeline = make_pipeline(served)
    for day in ("20260904", "20260909"):
        imported(pipeline.folder, tmp_path / f"{day}.xml", statement(day, "100"))
    gaps = pipeline.look()["no_gaps"]
    assert (gaps.passed, gaps.severity) == (False, dg.AssetCheckSeverity.ERROR)
    days = {title: [r.data["report_date"] for r in table.value.records] for title, table in gaps.metadata.items()}  # type: ignore[union-attr]
    assert days == {"found": ["2026-09-08"], "exchange holidays": ["2026-09-07"]}


def test_a_jump_without_a_flow_and_a_row_that_was_set_aside_are_warnings(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    pipeline = make_pipeline(served)
    odd = '<Trades><Trade transactionID="1" quantity="5"/></Trades></FlexStatement>'
    for day, total in (("20261116", "100"), ("20261117", "121")):
        content = statement(day, total).replace("</FlexStatement>", odd)
        imported(pipeline.folder, tmp_path / f"{day}.xml", content)
    found = pipeline.look()
    for name in ("usual_change", "nothing_set_aside"):
        assert (found[name].passed, found[name].severity) == (False, dg.AssetCheckSeverity.WARN)
    rows = found["nothing_set_aside"].metadata["found"].value.records  # type: ignore[union-attr]
    assert [(row.data["account_id"], row.data["report_date"], row.data["reason"]) for row in rows] == [
        ("U1", day, "it has no currency") for day in ("2026-11-17", "2026-11-16")
    ]


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


def test_an_attribute_that_nobody_knows_is_a_warning_whatever_came_since(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    """A statement without it does not hide the two that have it. What is left out on purpose is information."""
    pipeline = make_pipeline(served)
    new = 'whollyNew="what" whollyNewAmount="12.5"'
    for day, extra in (("20261113", new), ("20261116", new), ("20261117", "")):
        imported(pipeline.folder, tmp_path / f"{day}.xml", statement(day, "100", extra))
    unknown = evaluations(pipeline.run(NEWEST, NEWEST))["nothing_unknown"]
    assert (unknown.passed, unknown.severity) == (False, dg.AssetCheckSeverity.WARN)
    rows = [r.data for r in unknown.metadata["found"].value.records]  # type: ignore[union-attr]
    assert sorted((r["name"], r["count"], r["first_seen"], r["last_seen"]) for r in rows) == [
        (f"EquitySummaryByReportDateInBase.{name}", "2", "2026-11-13", "2026-11-16")
        for name in ("whollyNew", "whollyNewAmount")
    ]
    kinds = {r.data["kind"]: r.data["names"] for r in unknown.metadata["also noted"].value.records}  # type: ignore[union-attr]
    assert "personal_attribute" in kinds
    assert not any(kind.startswith("unknown") for kind in kinds)
    assert kinds["attribute_not_loaded"].endswith(" more")


def test_a_key_that_is_there_twice_is_an_error(served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path) -> None:
    """No statement does that: somebody wrote into the pipeline's own database."""
    pipeline = make_pipeline(served)
    imported(pipeline.folder, tmp_path / "one.xml", statement("20261117", "100"))
    con = duckdb.connect(str(pipeline.folder.warehouse))
    con.execute("INSERT INTO nav_versions FROM nav_versions")
    con.close()
    Warehouse(pipeline.folder).publish()
    twice = pipeline.look()["no_duplicate_keys"]
    assert (twice.passed, twice.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert [r.data for r in twice.metadata["found"].value.records] == [{"table": "nav", "keys": "1"}]  # type: ignore[union-attr]


def test_of_many_findings_the_newest_and_their_number_are_shown(
    served: Sandbox, make_pipeline: MakePipeline, tmp_path: Path
) -> None:
    """Dagster keeps all that a check says: twenty years without a NAV are 5,000 rows."""
    pipeline = make_pipeline(served)
    for day in ("20061116", "20261117"):
        imported(pipeline.folder, tmp_path / f"{day}.xml", statement(day, "100"))
    gaps = pipeline.look()["no_gaps"]
    days = [r.data["report_date"] for r in gaps.metadata["found"].value.records]  # type: ignore[union-attr]
    assert (days[0], len(days)) == ("2026-11-16", 50)
    assert 5000 < gaps.metadata["found, in all"].value < 5100  # type: ignore[operator]


def large_changes(folder: DataFolder) -> list[dict[str, Any]]:
    """The jumps of the account U1, of more than a fifth."""
    return Published(folder.published).records("large_changes", accounts=["U1"], share=Decimal("0.2"))


DEPOSIT = {"transactionID": "1", "accountId": "U1", "type": "Deposits/Withdrawals", "currency": "USD", "amount": "100"}
TRANSFER = {"transactionID": "1", "accountId": "U1", "type": "ACATS", "direction": "IN", "currency": "EUR"}
IN_EUROS = {"currency": "EUR", "fxRateToBase": "1.25", "amount": "80"}


def changes(first: date, last: date, deposit: str | None = "100", **other: str) -> str:
    """The change of the NAV over a period, as a statement of its own."""
    row: Row = {"startingValue": "100", "endingValue": "200", "depositsWithdrawals": deposit, **other}
    return flex(day=last, first=first, ChangeInNAV=row)


@pytest.mark.parametrize(
    ("days", "statements", "jumps"),
    [
        pytest.param([MONDAY, TUESDAY], [], 1, id="no flow"),
        pytest.param([MONDAY, TUESDAY], [changes(TUESDAY, TUESDAY)], 0, id="the day's own"),
        pytest.param([MONDAY, TUESDAY], [changes(TUESDAY, TUESDAY, "50", assetTransfers="50")], 0, id="two kinds"),
        pytest.param([MONDAY, TUESDAY], [changes(TUESDAY, TUESDAY, "0", mtm="100")], 1, id="the market's"),
        pytest.param([MONDAY, TUESDAY], [changes(MONDAY, MONDAY)], 1, id="the day before's"),
        pytest.param([FRIDAY, TUESDAY], [changes(MONDAY, MONDAY), changes(TUESDAY, TUESDAY, "0")], 0, id="over a gap"),
        pytest.param([FRIDAY, TUESDAY], [changes(MONDAY, TUESDAY)], 0, id="of a period over a gap"),
        pytest.param(
            [FRIDAY, TUESDAY], [changes(MONDAY, TUESDAY), changes(TUESDAY, TUESDAY)], 0, id="of a period and its part"
        ),
        pytest.param([MONDAY, TUESDAY], [changes(MONDAY, TUESDAY)], 1, id="of a longer period"),
        pytest.param(
            [MONDAY, TUESDAY],
            [changes(MONDAY, TUESDAY), flex(CashTransactions=[{**DEPOSIT, "reportDate": TUESDAY}])],
            0,
            id="of a longer period with the transaction",
        ),
        pytest.param(
            [MONDAY, TUESDAY], [flex(CashTransactions=[{**DEPOSIT, "reportDate": MONDAY}])], 1, id="another day's"
        ),
        pytest.param(
            [FRIDAY, TUESDAY],
            [changes(TUESDAY, TUESDAY, "0"), flex(CashTransactions=[{**DEPOSIT, "reportDate": MONDAY}])],
            0,
            id="a transaction outside the period that is stated",
        ),
        pytest.param(
            [MONDAY, TUESDAY],
            [changes(TUESDAY, TUESDAY), flex(CashTransactions=[{**DEPOSIT, "reportDate": TUESDAY}])],
            0,
            id="both are not added",
        ),
        pytest.param(
            [MONDAY, TUESDAY],
            [flex(CashTransactions=[{**DEPOSIT, "reportDate": TUESDAY, "type": "Deposits & Withdrawals", **IN_EUROS}])],
            0,
            id="in another currency",
        ),
        pytest.param(
            [MONDAY, TUESDAY],
            [flex(CashTransactions=[{**DEPOSIT, "reportDate": TUESDAY, "type": "Dividends"}])],
            1,
            id="a dividend",
        ),
        pytest.param(
            [MONDAY, TUESDAY],
            [
                flex(
                    Transfers=[
                        {**TRANSFER, "reportDate": TUESDAY, "fxRateToBase": "1.25", "cashTransfer": "40",
                         "positionAmount": "40", "positionAmountInBase": "50"}
                    ]
                )
            ],
            0,
            id="a transfer",
        ),
    ],
)  # fmt: skip
def test_a_jump_is_what_no_flow_since_the_day_before_explains(
    days: list[date], statements: list[str], jumps: int, tmp_path: Path
) -> None:
    """The NAV doubles from 100 to 200."""
    folder = DataFolder(tmp_path / "data")
    rows = [nav(days[0], "100"), nav(days[1], "200")]
    imported(
        folder,
        tmp_path / "days.xml",
        flex_file(flex(day=days[1], first=days[0], EquitySummaryInBase=rows), *statements),
    )
    assert len(large_changes(folder)) == jumps


def test_the_first_funding_is_no_jump(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    rows = [nav(FRIDAY, "0"), nav(MONDAY, "100"), nav(TUESDAY, "130")]
    imported(folder, tmp_path / "days.xml", flex_file(flex(day=TUESDAY, first=FRIDAY, EquitySummaryInBase=rows)))
    found = large_changes(folder)
    assert [row["report_date"] for row in found] == [TUESDAY]
