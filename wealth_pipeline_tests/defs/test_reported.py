"""What was loaded reaches Dagster, days and checks, however it came, and whoever was killed before saying so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from wealth_pipeline.cli.main import main
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.evaluations import PROOFS
from wealth_pipeline.defs.events import report_loaded
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.published.checks import CHECKS
from wealth_pipeline.pull import inbox
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.defs.conftest import QUIET, Pipeline, error_of
from wealth_pipeline_tests.flexml import cash, file, flex, nav

MakePipeline = Callable[..., Pipeline]
TUESDAY = date(2026, 11, 17)
ALL = {*PROOFS, *(check.name for check in CHECKS)}
FAILED = {"parts", "proved"}


def statement(in_cash: str, day: date = TUESDAY) -> bytes:
    """A day whose NAV is 100; with other cash its parts do not add up to it."""
    none = dict.fromkeys(("stock", "options", "bonds", "dividendAccruals", "interestAccruals"), "0")
    return file(
        flex(
            day=day,
            generated="20261118;060000",
            EquitySummaryInBase=[nav(day, "100", **none) | {"cash": in_cash}],
            CashReport=[cash(ending=in_cash), cash("USD", in_cash)],
            OpenPositions=[],
        )
    )


def failed(pipeline: Pipeline) -> set[str]:
    """The checks that Dagster shows as failed, but for those that nothing allows to evaluate here."""
    return {name for name, passed in pipeline.shown().items() if not passed} & (FAILED | {"no_duplicate_keys"})


def report(pipeline: Pipeline) -> int:
    with dagster_instance(pipeline.folder) as instance:
        return report_loaded(instance, pipeline.settings)


@pytest.fixture
def pipeline(served: Sandbox, make_pipeline: MakePipeline) -> Pipeline:
    return make_pipeline(served)


def wealth(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(word) for word in words])
    return done.exit_code, done.output


def test_an_inbox_file_whose_proof_fails_turns_the_check_red_and_a_right_one_green(pipeline: Pipeline) -> None:
    for in_cash, generated, expected in (("90", b"20261118", FAILED), ("100", b"20261119", set())):
        pipeline.folder.inbox.mkdir(exist_ok=True)
        content = statement(in_cash).replace(b"20261118;", generated + b";")
        (pipeline.folder.inbox / f"{in_cash}.xml").write_bytes(content)
        with dagster_instance(pipeline.folder) as instance:
            job = definitions(pipeline.settings).resolve_job_def("load_inbox")
            assert job.execute_in_process(instance=instance, run_config=QUIET).success
        assert failed(pipeline) == expected
        assert pipeline.shown().keys() == ALL
    assert pipeline.green() == {TUESDAY.isoformat()}


def test_an_imported_file_whose_proof_fails_is_named_by_import_status_doctor_and_dagster(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    wrong, broken = tmp_path / "wrong.xml", tmp_path / "broken.xml"
    wrong.write_bytes(statement("90"))
    broken.write_bytes(statement("90")[:-40])
    code, output = wealth("import", wrong)
    assert code == 0
    named = "U1: proofs failed on 2026-11-17 (parts)."
    assert named in output
    assert failed(pipeline) == FAILED
    assert wealth("import", broken)[0] == 1
    _, status = wealth("status")
    assert named in status
    assert "was rejected: " in status
    assert "The data are up to date." not in status
    code, doctor = wealth("doctor")
    assert code == 1
    assert f"✗ proof: {named}" in doctor
    assert "! statement: Statement " in doctor


def test_what_a_killed_process_loaded_is_reported_once_before_anything_is_shown(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "wrong.xml").write_bytes(statement("90"))
    warehouse = Warehouse(pipeline.folder)
    with warehouse.writing():
        list(inbox.take(warehouse, [tmp_path / "wrong.xml"], "import"))
    assert pipeline.green() == set()
    assert report(pipeline) == 1
    assert failed(pipeline) == FAILED
    assert pipeline.green() == {TUESDAY.isoformat()}
    assert report(pipeline) == 0


def test_a_replay_reports_what_it_changed_and_nothing_else(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "right.xml").write_bytes(statement("100"))
    (tmp_path / "monday.xml").write_bytes(statement("90", date(2026, 11, 16)))
    assert wealth("import", tmp_path / "right.xml")[0] == 0
    # Archived by a process that was killed before it came to load it.
    with (tmp_path / "monday.xml").open("rb") as stream:
        pipeline.folder.archive.add(stream, source="import")
    assert wealth("replay")[0] == 0
    assert failed(pipeline) == FAILED
    assert pipeline.rows("FROM days_to_report ORDER BY ALL") == [("U1", date(2026, 11, 16)), ("U1", TUESDAY)]
    assert wealth("replay")[0] == 0
    assert pipeline.rows("FROM days_to_report") == []


def test_a_run_that_lacks_a_day_still_says_what_its_checks_found(box: Sandbox, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline(box)
    box.service.faults.script("late")
    result = pipeline.run(TUESDAY, date(2026, 11, 19))
    assert "No NAV for 2026-11-19" in error_of(result)
    assert pipeline.shown().keys() == ALL
    assert report(pipeline) == 0
