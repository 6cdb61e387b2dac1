"""A sandbox, settings that point at it, and a Dagster instance in a data folder of the test's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

import wealth_pipeline.defs.resources
from wealth_pipeline.defs.code_location import daily_job, definitions
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.schedules import RANGE_END, RANGE_START
from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline_tests.clocks import MovableClock

#: A Friday evening in New York: the newest complete day is Thursday 19 November 2026.
NOW = datetime(2026, 11, 20, 18, 0, tzinfo=ZoneInfo("America/New_York"))
NEWEST = date(2026, 11, 19)


@pytest.fixture(autouse=True)
def own_defs_state() -> Iterator[None]:
    """Dagster keeps an instance's storage in a context variable: one that another test closed must not be asked."""
    with set_defs_state_storage(None):
        yield


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    """One sandbox for all tests that do not make it go wrong."""
    with Sandbox(now=lambda: NOW, rate_limits=False) as box:
        yield box


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox of the test's own, to script faults on; each statement is generated later than the one before."""
    seconds = count()
    with Sandbox(now=lambda: NOW + timedelta(seconds=next(seconds)), rate_limits=False) as box:
        yield box


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """What each check of a run said, by its name."""
    return {e.check_name: e for e in result.get_asset_check_evaluations()}


class Pipeline:
    """The code location on one data folder, run as Dagster runs it; only the client's waiting is left out.

    at: the present (UTC), which moves by what the client would have waited.
    """

    def __init__(self, box: Sandbox, data_dir: Path, monkeypatch: pytest.MonkeyPatch, query: str = "full") -> None:
        self.box = box
        self.folder = DataFolder(data_dir)
        self.environ = {
            "WEALTH_DATA_DIR": str(data_dir),
            "WEALTH_REPORTING_CURRENCY": "USD",
            "IBKR_FLEX_URL": box.flex_url,
            "IBKR_FLEX_TOKEN": box.token,
            "IBKR_FLEX_QUERY_ID": box.query_ids[query],
            "WEALTH_FLEX_DEADLINE_MINUTES": "1",
        }
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)
        self.clock = MovableClock(NOW.astimezone(UTC))
        ledger = partial(RequestLedger, clock=self.clock)
        monkeypatch.setattr(wealth_pipeline.defs.resources, "RequestLedger", ledger)

    @property
    def at(self) -> datetime:
        """The present (UTC)."""
        return self.clock.at

    @at.setter
    def at(self, at: datetime) -> None:
        self.clock.at = at

    @property
    def settings(self) -> Settings:
        """The settings as a run reads them."""
        return Settings.load()

    def run(self, first: date, last: date, connection: str | None = None) -> dg.ExecuteInProcessResult:
        """Run the main job over a range of report dates."""
        settings = self.settings
        with dagster_instance(self.folder) as instance:
            job = definitions(settings).resolve_job_def(daily_job(settings.connection(connection)).name)
            return job.execute_in_process(
                instance=instance,
                tags={RANGE_START: first.isoformat(), RANGE_END: last.isoformat()},
                run_config=QUIET,
                raise_on_error=False,
            )

    def look(self) -> dict[str, dg.AssetCheckEvaluation]:
        """Run the asset checks alone, on what is loaded: a fraction of a whole run; what each said, by its name."""
        job = dg.define_asset_job("checks_alone", selection=dg.AssetSelection.all_asset_checks())
        code = dg.Definitions.merge(definitions(self.settings), dg.Definitions(jobs=[job]))
        with dagster_instance(self.folder) as instance:
            result = code.resolve_job_def(job.name).execute_in_process(instance=instance, run_config=QUIET)
        return evaluations(result)

    def shown(self) -> dict[str, bool]:
        """Whether each check passed, by its name, as Dagster shows it, whoever evaluated it."""
        checks = [
            check for check in definitions(self.settings).asset_checks or () if isinstance(check, dg.AssetsDefinition)
        ]
        keys = [key for check in checks for key in check.check_keys]
        with dagster_instance(self.folder) as instance:
            records = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
        evaluated = {key.name: record.evaluation for key, record in records.items()}
        return {name: evaluation.passed for name, evaluation in evaluated.items() if evaluation}

    def green(self, *key: str) -> set[str]:
        """The partitions of an asset that Dagster shows as materialized."""
        with dagster_instance(self.folder) as instance:
            return set(instance.get_materialized_partitions(dg.AssetKey(list(key) or ["nav_history"])))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the published database answers."""
        con = duckdb.connect(str(self.folder.published), read_only=True)
        try:
            return con.execute(query).fetchall()
        finally:
            con.close()

    def sent(self) -> list[dict[str, str]]:
        """The parameters of the SendRequests that reached the sandbox."""
        return [dict(r.parameters) for r in self.box.service.requests if r.path.endswith("SendRequest")]


@contextmanager
def pulled_once(root: Path, first: date, last: date, **sandbox: Any) -> Iterator[Pipeline]:
    """A pipeline in `root` after a run over these days, for the tests of a module, each of which works on a copy."""
    with (
        Sandbox(now=lambda: NOW, rate_limits=False, **sandbox) as box,
        pytest.MonkeyPatch.context() as patch,
        set_defs_state_storage(None),
    ):
        patch.chdir(root)
        pipeline = Pipeline(box, root / "data", patch)
        assert pipeline.run(first, last).success
        yield pipeline


def copied(pulled: Pipeline, root: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """That pipeline on a copy of its data folder."""
    shutil.copytree(pulled.folder.root, root / "data", symlinks=True)
    return Pipeline(pulled.box, root / "data", monkeypatch)


def error_of(result: dg.ExecuteInProcessResult) -> str:
    """The sentence of the step that failed."""
    (failure,) = [e for e in result.all_events if e.event_type_value == "STEP_FAILURE"]
    data = failure.step_failure_data.user_failure_data
    assert data is not None, failure.step_failure_data.error
    return data.description or ""


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with nothing but Dagster's storage, whose making takes as long as a small run: tests copy it."""
    folder = DataFolder(tmp_path_factory.mktemp("new") / "data")
    with pytest.MonkeyPatch.context() as patch, set_defs_state_storage(None):
        patch.setenv("DAGSTER_HOME", str(folder.dagster_home))
        with dagster_instance(folder) as instance:
            instance.get_runs(limit=1)
    return folder.root


@pytest.fixture
def make_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_folder: Path) -> Callable[..., Pipeline]:
    """Make a pipeline on a sandbox; the data folder is the test's own."""
    shutil.copytree(new_folder, tmp_path / "data")
    return lambda box, query="full": Pipeline(box, tmp_path / "data", monkeypatch, query)
