"""Dagster's storage in the data folder: its databases stay open, and a dagster.yaml of the user's stays as it is."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
import sqlalchemy
from dagster import EventLogEntry

from wealth_pipeline.defs.runs import StorageError, instance, prepare_dagster_home
from wealth_pipeline.warehouse.folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path, new_folder: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A data folder of the test's own with Dagster's storage."""
    monkeypatch.setenv("DAGSTER_HOME", "set back at the end")
    return DataFolder(Path(shutil.copytree(new_folder, tmp_path / "data")))


@contextmanager
def connections() -> Iterator[list[str]]:
    """The files to which connections are made meanwhile, in their order."""
    made: list[str] = []

    def note(dbapi: sqlite3.Connection, record: object) -> None:
        made.append(Path(dbapi.execute("PRAGMA database_list").fetchone()[2]).name)

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", note)
    try:
        yield made
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", note)


def say(dagster_instance: dg.DagsterInstance, run_id: str, words: str = "hello") -> None:
    """Put an event into a run's log."""
    dagster_instance.store_event(EventLogEntry(None, 10, words, run_id, 1.0))  # type: ignore[no-untyped-call]


def index(dagster_instance: dg.DagsterInstance) -> AbstractContextManager[sqlalchemy.Connection]:
    """A transaction on the database of all runs."""
    storage: Any = dagster_instance.event_log_storage
    connection: AbstractContextManager[sqlalchemy.Connection] = storage.index_connection()
    return connection


def said(dagster_instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What is in a run's log."""
    return [entry.user_message for entry in dagster_instance.all_logs(run_id)]


def test_a_hundred_events_need_one_connection_to_each_file(folder: DataFolder) -> None:
    with instance(folder) as dagster_instance:
        dagster_instance.report_runless_asset_event(dg.AssetMaterialization("nav", partition="2026-11-18"))
        with connections() as made:
            for number in range(100):
                dagster_instance.report_runless_asset_event(dg.AssetMaterialization("nav", partition=str(number)))
            assert dagster_instance.get_runs() == []
        assert made == []
        assert len(dagster_instance.get_materialized_partitions(dg.AssetKey("nav"))) == 101
    assert not list(folder.dagster_home.rglob("*.db-wal"))


def test_each_connection_leaves_the_disk_to_the_system_and_keeps_a_log(folder: DataFolder) -> None:
    with instance(folder) as dagster_instance, index(dagster_instance) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL


def test_on_a_drive_that_allows_no_log_every_commit_waits_for_the_disk(folder: DataFolder) -> None:
    with closing(sqlite3.connect(folder.dagster_home / "history" / "runs" / "index.db")) as db:
        assert db.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    with instance(folder) as dagster_instance, index(dagster_instance) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_the_file_of_a_run_changes_with_each_event_so_that_its_page_follows_and_not_when_it_is_read(
    folder: DataFolder,
) -> None:
    run_id = str(uuid4())
    file = folder.dagster_home / "history" / "runs" / f"{run_id}.db"
    with instance(folder) as dagster_instance:
        say(dagster_instance, run_id)
        os.utime(file, (1, 1))
        say(dagster_instance, run_id, "again")
        assert file.stat().st_mtime > 1
        os.utime(file, (1, 1))
        assert said(dagster_instance, run_id) == ["hello", "again"]
        assert file.stat().st_mtime == 1


def test_of_many_runs_the_files_of_a_few_stay_open(folder: DataFolder) -> None:
    runs = [str(uuid4()) for _ in range(30)]
    with instance(folder) as dagster_instance:
        for run_id in runs:
            say(dagster_instance, run_id, run_id)
        held = [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
        assert 0 < len({file for file in held if file.endswith(tuple(f"{run_id}.db" for run_id in runs))}) <= 8
        assert [said(dagster_instance, run_id) for run_id in runs] == [[run_id] for run_id in runs]


def test_a_run_whose_file_was_deleted_meanwhile_begins_a_new_one(folder: DataFolder) -> None:
    run_id = str(uuid4())
    with instance(folder) as dagster_instance:
        say(dagster_instance, run_id)
        for file in (folder.dagster_home / "history" / "runs").glob(f"{run_id}.db*"):
            file.unlink()
        say(dagster_instance, run_id, "after it was deleted")
        assert said(dagster_instance, run_id) == ["after it was deleted"]


def test_what_another_process_stores_is_seen(folder: DataFolder) -> None:
    with instance(folder) as one, instance(folder) as other:
        for number in range(3):
            one.report_runless_asset_event(dg.AssetMaterialization("nav", partition=f"one {number}"))
            other.report_runless_asset_event(dg.AssetMaterialization("nav", partition=f"other {number}"))
        seen = [set(which.get_materialized_partitions(dg.AssetKey("nav"))) for which in (one, other)]
    assert seen[0] == seen[1]
    assert len(seen[0]) == 6


def test_threads_store_and_read_at_the_same_time(folder: DataFolder) -> None:
    with instance(folder) as dagster_instance, ThreadPoolExecutor(4) as threads:

        def store(number: int) -> None:
            dagster_instance.report_runless_asset_event(dg.AssetMaterialization("nav", partition=str(number)))
            assert dagster_instance.get_runs(limit=1) == []
            assert dagster_instance.get_daemon_heartbeats() == {}

        list(threads.map(store, range(20)))
        assert len(dagster_instance.get_materialized_partitions(dg.AssetKey("nav"))) == 20


EARLIER = "# Dagster's instance settings; written into the data folder's dagster/ by the `wealth` command.\n"


@pytest.mark.parametrize(
    ("there", "stays"),
    [
        pytest.param("# wealth_pipeline writes this file. And then something else.\n", False, id="with our first line"),
        pytest.param("telemetry: {enabled: false}\n", True, id="the user's own"),
        pytest.param(EARLIER + "telemetry: {enabled: false}\n", True, id="changed by the user"),
        pytest.param("", True, id="emptied by the user"),
        pytest.param(None, False, id="none"),
    ],
)
def test_a_dagster_yaml_of_the_users_is_never_written(there: str | None, stays: bool, folder: DataFolder) -> None:
    file = folder.dagster_home / "dagster.yaml"
    shipped = file.read_text()
    file.unlink()
    if there is not None:
        file.write_text(there)
    prepare_dagster_home(folder)
    assert file.read_text() == (there if stays else shipped)


def test_what_an_earlier_version_wrote_is_replaced(folder: DataFolder) -> None:
    file = folder.dagster_home / "dagster.yaml"
    shipped = file.read_text()
    file.write_text(EARLIER + shipped[shipped.index("telemetry:") :])
    with instance(folder):
        assert file.read_text() == shipped


@pytest.mark.parametrize("there", ["telemetry: [\n", "telemetri: {enabled: false}\n"])
def test_a_dagster_yaml_of_the_users_that_is_wrong_is_called_so(there: str, folder: DataFolder) -> None:
    file = folder.dagster_home / "dagster.yaml"
    file.write_text(there)
    with pytest.raises(StorageError, match="which is your own, cannot be used") as raised, instance(folder):
        pass
    assert str(raised.value).startswith(str(file))
    assert str(raised.value).endswith("Correct it, or delete it: a new one is made.")
