"""What Dagster's public modules do not offer. No other file imports an underscored module of Dagster's.

The servers are imported where they are started: each run, and `wealth pull`, imports this module too.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dagster as dg
import sqlalchemy
from dagster._core.execution import context_creation_job
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite_storage import (
    DagsterSqliteStorage,
    _event_logs_directory,
    _runs_directory,
    _schedule_directory,
)
from dagster._serdes import ConfigurableClassData

if TYPE_CHECKING:
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import GrpcServerTarget

#: The name that workspace.yaml and pyproject.toml give the code location: Dagster keeps the state of schedules by it.
LOCATION = "wealth_pipeline"
#: The tag by which a job's page finds its runs. Those of the command line have it from us; Dagster hides such tags.
REPOSITORY_TAG = {".dagster/repository": f"__repository__@{LOCATION}"}


class AnnouncingExecutor(InProcessExecutor):
    """Runs all steps in this process, after a call of `announce` with the instance and the run's id."""

    def __init__(self, announce: Callable[[dg.DagsterInstance, str], None]) -> None:
        super().__init__(RetryMode.ENABLED)
        self._announce = announce

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Announce the run, and execute it."""
        self._announce(plan_context.instance, plan_context.run_id)
        yield from super().execute(plan_context, execution_plan)


def run_code_server(socket: Path) -> None:
    """Load the definitions, and serve them on a Unix socket until interrupted."""
    from dagster._cli.api import grpc_command

    grpc_command.main(
        [
            *("--socket", str(socket), "--module-name", "wealth_pipeline.definitions", "--location-name", LOCATION),
            *("--use-python-environment-entry-point", "--log-level", "error"),
        ],
        standalone_mode=False,
    )


def run_daemon(instance: dg.DagsterInstance, socket: Path, prepare: Callable[[logging.Handler], None]) -> None:
    """Run Dagster's daemon on the code server at this socket until interrupted. prepare: what is done to its log."""
    from dagster._daemon.controller import daemon_controller_from_instance
    from dagster._utils.interrupts import capture_interrupts

    with (
        capture_interrupts(),
        # Its warnings are about its own bookkeeping ("No cursor for event type ...").
        daemon_controller_from_instance(instance, _location(socket), log_level="error") as controller,
    ):
        for handler in logging.getLogger("dagster").handlers:
            prepare(handler)
        controller.check_daemon_loop()


@contextlib.contextmanager
def workspace(instance: dg.DagsterInstance, socket: Path) -> Iterator[WorkspaceProcessContext]:
    """What the webserver shows: the code server at this socket."""
    from dagster._core.workspace.context import WorkspaceProcessContext

    with WorkspaceProcessContext(instance, _location(socket), version=dg.__version__) as context:
        yield context


def log_runs_with(logger: dg.LoggerDefinition) -> None:
    """Give this logger to each run in this process whose config names none.

    Dagster has no setting for it: without one in a run's config, it prints all there is, at DEBUG.
    """

    def loggers(instance: dg.DagsterInstance | None) -> Sequence[tuple[dg.LoggerDefinition, Mapping[str, object]]]:
        return [(logger, {})]

    context_creation_job.default_system_loggers = loggers  # type: ignore[attr-defined]


def _location(socket: Path) -> GrpcServerTarget:
    from dagster._core.workspace.load_target import GrpcServerTarget

    return GrpcServerTarget(host="localhost", port=None, socket=str(socket), location_name=LOCATION)


class _OpenDatabases:
    """Engines of SQLite files, whose connections stay open between transactions.

    Dagster opens a connection for each event. When the last one is closed, SQLite copies its log into the file and
    waits for the disk, twice an event: half of a night's run went there.
    """

    #: Each run has a file of its own; those that were not used lately are closed.
    _MOST = 8

    def __init__(self) -> None:
        self._engines: OrderedDict[str, tuple[int, sqlalchemy.Engine]] = OrderedDict()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def begin(self, address: str) -> Iterator[sqlalchemy.Connection]:
        """One transaction on the database at this address."""
        with self._engine(address).connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close what is open; what is asked for afterwards is opened again."""
        with self._lock:
            while self._engines:
                self._engines.popitem()[1][1].dispose()

    def _engine(self, address: str) -> sqlalchemy.Engine:
        path = Path(sqlalchemy.make_url(address).database or "")
        with self._lock:
            file, engine = self._engines.pop(address, (-1, None))
            # Who deletes old runs, or moves the folder away, takes the file from below the connection.
            if engine and not (path.exists() and path.stat().st_ino == file):
                engine.dispose()
                engine = None
            if not engine:
                engine = create_engine(address, connect_args={"timeout": 30})
                sqlalchemy.event.listen(engine, "connect", _wait_less)
                with engine.connect():
                    file = path.stat().st_ino
            self._engines[address] = file, engine
            while len(self._engines) > self._MOST:
                self._engines.popitem(last=False)[1][1].dispose()
        return engine


def _wait_less(connection: Any, record: object) -> None:
    """Let the system choose when to write to the disk, where SQLite keeps a log that a power cut cannot damage.

    What a power cut takes are the last events; those of loaded days are reported again.
    """
    if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
        connection.execute("PRAGMA synchronous=NORMAL")


class _StaysOpen:
    """A storage of Dagster's, whose databases stay open."""

    @functools.cached_property
    def _databases(self) -> _OpenDatabases:
        return _OpenDatabases()

    def share(self, databases: _OpenDatabases) -> None:
        """Use these. Dagster disposes of two of its three storages, and the third would stay open for good."""
        self._databases.close()
        self._databases = databases

    def dispose(self) -> None:
        """Close the databases."""
        super().dispose()  # type: ignore[misc]
        self._databases.close()


class _EventLog(_StaysOpen, SqliteEventLogStorage):
    @contextlib.contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        path = Path(self.path_for_shard(shard))
        if shard not in self._initialized_dbs or not path.exists():
            self._initialized_dbs.discard(shard)
            with super()._connect(shard):
                pass  # now it has its tables
        with self._db_lock, self._databases.begin(self.conn_string_for_shard(shard)) as connection:
            before = _changes(connection)
            yield connection
            changed = _changes(connection) > before
        if changed:
            # A run's page waits for its file to change, but SQLite writes into the log beside it.
            with contextlib.suppress(FileNotFoundError):  # an old run, deleted meanwhile
                os.utime(path)


def _changes(connection: sqlalchemy.Connection) -> int:
    changes: int = connection.connection.dbapi_connection.total_changes  # type: ignore[union-attr]
    return changes


class _Runs(_StaysOpen, SqliteRunStorage):
    @contextlib.contextmanager
    def connect(self) -> Iterator[sqlalchemy.Connection]:
        with self._databases.begin(self._conn_string) as connection:
            yield connection


class _Schedules(_StaysOpen, SqliteScheduleStorage):
    @contextlib.contextmanager
    def connect(self) -> Iterator[sqlalchemy.Connection]:
        with self._databases.begin(self._conn_string) as connection:
            yield connection


class SqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite files, at the same place and of the same form, whose databases stay open."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super(DagsterSqliteStorage, self).__init__()  # type: ignore[no-untyped-call]  # its own opens them all
        self.base_dir, self._inst_data = base_dir, inst_data
        runs = _Runs.from_local(_runs_directory(base_dir))
        events = _EventLog(_event_logs_directory(base_dir))
        schedules = cast("_Schedules", _Schedules.from_local(_schedule_directory(base_dir)))
        databases = _OpenDatabases()
        for storage in (runs, events, schedules):
            storage.share(databases)
        self._run_storage, self._event_log_storage, self._schedule_storage = runs, events, schedules

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> SqliteStorage:
        """What dagster.yaml asks for. Dagster's own method makes its own class, whatever subclass is named."""
        return cls(inst_data=inst_data, **config_value)


def stays_open(instance: dg.DagsterInstance) -> bool:
    """Whether this instance's storage is ours."""
    return isinstance(instance.event_log_storage, _EventLog)
