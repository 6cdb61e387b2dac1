"""Dagster's storage in the data folder, and the main job run from the command line, recorded there like any other."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from wealth_pipeline.calendar import CLOCK, weekdays_between
from wealth_pipeline.connections import Connection
from wealth_pipeline.defs import _private
from wealth_pipeline.defs.clock import free_automations
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.events import report_loaded, report_up_to_date
from wealth_pipeline.defs.failures import UNKNOWN, reason
from wealth_pipeline.defs.run_process import process_tags
from wealth_pipeline.defs.schedules import days_tags
from wealth_pipeline.defs.steps import follow
from wealth_pipeline.errors import WealthError
from wealth_pipeline.files import whole
from wealth_pipeline.files.drive import lock
from wealth_pipeline.files.private import make_private
from wealth_pipeline.published.freshness import freshness
from wealth_pipeline.published.published import Published
from wealth_pipeline.pull.ask import LONGEST_RANGE
from wealth_pipeline.pull.missing import missing_days
from wealth_pipeline.settings import Settings
from wealth_pipeline.ui import heartbeat
from wealth_pipeline.warehouse.folder import DataFolder

#: How our dagster.yaml begins, and the hashes of those that earlier versions wrote without that line.
_OURS = b"# wealth_pipeline writes this file"
_OURS_EARLIER = (
    "632a58819693a5216942aa7014a30d1e53b850f726c93b50f7e432e0b1158f93",
    "f257bc10e5cb31149bb165937348f9449bd77325be91d01adb661b12ce8e05f6",
)


@dataclass(frozen=True)
class Pulled:
    """What became of one run. run_id: empty if all days were there. error: the sentence of the step that failed."""

    first: date
    last: date
    run_id: str = ""
    error: str | None = None


class StorageError(WealthError):
    """Dagster's own storage in the data folder cannot be used."""


def _unusable(folder: DataFolder, error: Exception) -> StorageError:
    cause = getattr(error, "orig", error)  # SQLAlchemy's own text is long, and shows the SQL
    settings = folder.dagster_home / "dagster.yaml"
    of_settings = isinstance(error, dg.DagsterInvalidConfigError) or type(error).__module__.startswith("yaml.")
    if of_settings and is_users(settings):
        return StorageError(
            f"{settings}, which is your own, cannot be used: {cause}", "Correct it, or delete it: a new one is made."
        )
    return StorageError(
        f"Dagster's storage in {folder.dagster_home} cannot be used: {cause}",
        "Stop what uses it, and try again. If that does not help, move that folder away: no figure is in it. Then"
        " `wealth replay` makes a new one that knows the loaded days; switch the schedule on again in the UI.",
    )


def is_users(settings: Path) -> bool:
    """Whether the user wrote this dagster.yaml: it neither bears our first line nor is an earlier version of ours."""
    if not settings.exists():
        return False
    found = settings.read_bytes()
    return not found.startswith(_OURS) and sha256(found).hexdigest() not in _OURS_EARLIER


def prepare_dagster_home(folder: DataFolder) -> Path:
    """Make Dagster's home in the data folder, with our instance settings, and name it in DAGSTER_HOME.

    Settings of the user's own stay as they are.

    Raises WarehouseError if the data folder cannot be written, and StorageError if something else lies in its place.
    """
    home = folder.dagster_home
    try:
        make_private(folder.root)
        home.mkdir(exist_ok=True, mode=0o700)
        settings, written = home / "dagster.yaml", (files(__package__) / "dagster.yaml").read_bytes()
        if not is_users(settings) and not (settings.exists() and settings.read_bytes() == written):
            whole.write(settings, written)  # another process may be about to read it
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise (_unusable(folder, error) if folder.root.is_dir() else folder.unwritable(error)) from None
    except OSError as error:
        raise folder.unwritable(error) from None
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def settings_lacking(dagster_instance: dg.DagsterInstance) -> list[str]:
    """What a dagster.yaml of the user's lacks of ours that matters: lines to add to it."""
    queue = dagster_instance.get_concurrency_config().run_queue_config
    lacking = []
    if not queue or queue.max_concurrent_runs != 1:
        lacking.append("concurrency: {runs: {max_concurrent_runs: 1}}")
    if not dagster_instance.run_monitoring_enabled:
        lacking.append("run_monitoring: {enabled: true}")
    return lacking


@contextmanager
def instance(folder: DataFolder) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance of this data folder. Raises WarehouseError, and StorageError also for what is done with it."""
    prepare_dagster_home(folder)
    with ExitStack() as stack:
        try:
            # Two processes that made Dagster's storage at the same time were seen to leave it unusable.
            with lock(folder.root / "dagster.lock"):
                dagster_instance = stack.enter_context(dg.DagsterInstance.get())
            if not (_private.stays_open(dagster_instance) or is_users(folder.dagster_home / "dagster.yaml")):
                raise TypeError("Dagster did not take the storage that dagster.yaml names")
            _read_something(dagster_instance)
        except Exception as error:  # whatever a damaged storage makes of Dagster
            raise _unusable(folder, error) from None
        try:
            yield dagster_instance
        except SQLAlchemyError as error:
            raise _unusable(folder, error) from None


def report_what_is_loaded(settings: Settings) -> None:
    """Give Dagster's storage in the data folder, made if need be, what was loaded outside its runs."""
    with instance(DataFolder(settings.data_dir)) as dagster_instance:
        free_automations(dagster_instance, CLOCK.now())
        report_loaded(dagster_instance, settings)


def report_at_start(settings: Settings) -> list[str]:
    """As `report_what_is_loaded`, with how old the figures are: with the daemon dead nothing evaluated that.

    Returns what a person should read before the UI is there: nothing where the figures are up to date.
    """
    folder = DataFolder(settings.data_dir)
    with instance(folder) as dagster_instance:
        free_automations(dagster_instance, CLOCK.now())
        report_loaded(dagster_instance, settings)
        try:
            report_up_to_date(dagster_instance, settings)
            found = freshness(Published(folder.published), settings, CLOCK.now())
        except WealthError:
            return []  # nothing is there yet, or nothing that can be read: the next load says so
    return [] if found.fine else [found.sentence, *filter(None, [heartbeat.seen(folder)])]


def _read_something(dagster_instance: dg.DagsterInstance) -> None:
    """Read a little from each of the storage's databases: some are opened at first use, or damaged further in."""
    dagster_instance.get_runs(limit=1)
    dagster_instance.get_daemon_heartbeats()
    dagster_instance.all_asset_keys()
    dagster_instance.all_instigator_state()


def pull(
    settings: Settings,
    connection: Connection,
    first: date,
    last: date,
    *,
    force: bool = False,
    doing: Callable[[str], None] = lambda what: None,
) -> Iterator[Pulled]:
    """Pull the weekdays from `first` to `last`: runs of at most a quarter, oldest first; ends at the first failure.

    A quarter that is there already is left out unless `force` is set, so that a pull that was stopped can be repeated.
    doing: called with what is being done, at the beginning of each step.
    """
    run_config = _run_config(connection, force=force)
    days, folder = weekdays_between(first, last), DataFolder(settings.data_dir)
    published = Published(folder.published)
    with instance(folder) as dagster_instance:
        report_loaded(dagster_instance, settings)
        job = definitions(settings).resolve_job_def(connection.job)
        parts = [days[start : start + LONGEST_RANGE] for start in range(0, len(days), LONGEST_RANGE)]
        for number, part in enumerate(parts, 1):
            if not force and not missing_days(published, connection.name, part):
                yield Pulled(part[0], part[-1])
                continue
            run_id, quarter = str(uuid4()), f"quarter {number} of {len(parts)}, " * (len(parts) > 1)
            follow(dagster_instance, run_id, connection, partial(_said, doing, f"{quarter}{part[0]} to {part[-1]}"))
            result = job.execute_in_process(
                instance=dagster_instance,
                run_id=run_id,
                tags=days_tags(part[0], part[-1]) | _private.REPOSITORY_TAG | process_tags(),
                run_config=run_config,
                raise_on_error=False,
            )
            error = None if result.success else reason(result.all_events) or UNKNOWN
            yield Pulled(part[0], part[-1], result.run_id, error)
            if not result.success:
                return


def _run_config(connection: Connection, *, force: bool) -> dict[str, Any]:
    """The run's log is in Dagster's history; on the terminal a line a run is enough."""
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    ops = {connection.op("flex_report_request"): {"config": {"force": True}}}
    return quiet | ({"ops": ops} if force else {})


def _said(doing: Callable[[str], None], days: str, what: str) -> None:
    doing(f"{days}: {what}")
