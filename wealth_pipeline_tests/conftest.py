"""What all tests share: an environment without the developer's own settings, and quiet logs."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make pictures` says."""
    parser.addoption("--pictures", metavar="FOLDER", help="with -m ui: write the pictures of the docs into FOLDER")


def pytest_collection_finish() -> None:
    """Leave what was imported out of the garbage collection, which took a tenth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure() -> None:
    """DuckDB names at the end what nobody collected."""
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def dagsters_storage_is_read_once() -> Iterator[None]:
    """SQLAlchemy's engine of each of Dagster's SQLite files, and the list of its storage's versions, made once.

    Dagster makes an engine for every event, and each compiles its statements again: a quarter of the time of a run. And
    whenever it opens its storage it imports all its migrations four times: half a second, a sixth of the time of a run.
    """
    engines: dict[str, sqlalchemy.Engine] = {}
    migrations: dict[str | None, ScriptDirectory] = {}
    read = ScriptDirectory.from_config

    def engine(url: str, **options: Any) -> sqlalchemy.Engine:
        if url not in engines:
            engines[url] = sqlalchemy.create_engine(url, **options)
        return engines[url]

    def from_config(config: Config) -> ScriptDirectory:
        if config.config_file_name not in migrations:
            migrations[config.config_file_name] = read(config)
        return migrations[config.config_file_name]

    with pytest.MonkeyPatch.context() as patch:
        for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
            patch.setattr(storage, "create_engine", engine)
        patch.setattr(ScriptDirectory, "from_config", from_config)
        yield


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No variable of ours, no .env and no connections.toml reaches a test; the working directory is empty.

    What the test itself leaves in the environment, as each command does that reads a `.env`, is gone after it.
    """
    before = dict(os.environ)
    for name in [n for n in os.environ if n.startswith(("IBKR_", "WEALTH_", "DAGSTER_HOME"))]:
        monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("cwd")
    monkeypatch.chdir(folder)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    yield folder
    os.environ.clear()
    os.environ.update(before)
