"""A data folder that an earlier version wrote: today's code finds all of it, and makes the same figures of it."""

from __future__ import annotations

import contextlib
import json
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.selector import InstigatorSelector
from dagster._core.storage.defs_state.base import set_defs_state_storage

from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.events import report_loaded
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.compatibility.make import WORDS, digest

#: What `make.py` made, by the version whose code it was.
MADE = sorted(path.parent for path in Path(__file__).parent.glob("*/expected.json"))
#: As `workspace.yaml` names the code location, and Dagster the repository in it.
LOCATION, REPOSITORY = "wealth_pipeline", "__repository__"


@pytest.fixture(params=MADE, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What is expected of a version's data folder, which is unpacked and configured."""
    with tarfile.open(request.param / "data.tar.xz") as tar:
        tar.extractall(tmp_path / "data", filter="data")
    monkeypatch.setenv("WEALTH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WEALTH_REPORTING_CURRENCY", "USD")
    monkeypatch.setenv("IBKR_FLEX_TOKEN", "123456789012345678")
    monkeypatch.setenv("IBKR_FLEX_QUERY_ID", "987654")
    with set_defs_state_storage(None):
        yield json.loads((request.param / "expected.json").read_text())


def _history(instance: dg.DagsterInstance, settings: Settings, checks: Collection[str]) -> dict[str, Any]:
    """What Dagster shows of today's assets, schedules, and those of today's checks that there were."""
    code = definitions(settings)
    keys = code.resolve_asset_graph().asset_check_keys
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    switched_on = {state.selector_id for state in instance.all_instigator_state() if state.status.value == "RUNNING"}
    schedules = {
        schedule.name: InstigatorSelector(
            location_name=LOCATION, repository_name=REPOSITORY, name=schedule.name
        ).get_id()
        for schedule in code.get_repository_def().schedule_defs
    }
    runs = instance.get_runs()
    assert all(run.is_success for run in runs)
    assert {run.job_name for run in runs} <= {job.name for job in code.resolve_all_job_defs()}
    return {
        "green": sorted(instance.get_materialized_partitions(dg.AssetKey("nav_history"))),
        "checks": {
            f"{key.asset_key.to_user_string()}:{key.name}": bool(record.evaluation and record.evaluation.passed)
            for key, record in records.items()
            if f"{key.asset_key.to_user_string()}:{key.name}" in checks
        },
        "schedule": next(name for name, selector in schedules.items() if selector in switched_on),
        "runs": len(runs),
    }


def _figures(folder: DataFolder, tables: dict[str, Any], checks: Collection[str]) -> dict[str, str]:
    """The hashes of the columns that there were; where there are no others, `wealth digest` must say the same.

    checks: those that there were. What later proofs say is in `reconciliation` besides.
    """
    proved = f"(SELECT * FROM reconciliation WHERE check_name IN {tuple(key.partition(':')[2] for key in checks)})"
    said = Published(folder.published).digests(tables)
    with contextlib.closing(duckdb.connect(str(folder.published), read_only=True)) as con:
        con.execute("SET TimeZone = 'UTC'")
        figures = {
            table: digest(con, proved if table == "reconciliation" else table, was["columns"])
            for table, was in tables.items()
        }
        for table, was in tables.items():
            columns = [name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()]
            if was["columns"] == [name for name in columns if name not in WORDS.get(table, ())]:
                assert said[table] == digest(con, table, was["columns"])
    return figures


def test_what_an_earlier_version_wrote_is_all_there(made: dict[str, Any]) -> None:
    """Green boxes stay green, before and after the rebuild; the schedule stays on; every figure is what it was."""
    settings = Settings.load()
    folder = DataFolder(settings.data_dir)
    recorded = {table: was["digest"] for table, was in made["digests"].items()}
    history = {name: made[name] for name in ("green", "checks", "schedule", "runs")}
    assert all(history["checks"].values())
    assert len(RequestLedger(folder.state).all()) == made["runs"]
    with dagster_instance(folder) as instance:
        report_loaded(instance, settings)
        assert _history(instance, settings, made["checks"]) == history
        warehouse = Warehouse(folder, settings.reporting_currency)
        with warehouse.writing():
            assert list(warehouse.load([])) == []
        assert report_loaded(instance, settings) == 0  # the same figures are no news
        assert _history(instance, settings, made["checks"]) == history
    assert _figures(folder, made["digests"], made["checks"]) == recorded
