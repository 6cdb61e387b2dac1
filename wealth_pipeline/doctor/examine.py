"""`wealth doctor`: what is well, and what has to be fixed, each in one sentence. It changes nothing itself.

Each function here looks at one thing and returns findings; it is given what it looks at, so that a test can break it.
`examine` runs them all. No request goes to IBKR unless it is asked for; the gateway on this machine is asked once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import metadata, requires
from pathlib import Path

from wealth_pipeline.doctor import configuration, data, machine, services, units
from wealth_pipeline.doctor.finding import Finding
from wealth_pipeline.errors import SettingsError
from wealth_pipeline.files.drive import keeps_modes, nearest
from wealth_pipeline.settings import Settings, load_dotenv, setting_names
from wealth_pipeline.warehouse.folder import DataFolder

__all__ = ["Finding", "examine"]


def examine(
    folder: Path, ask_ibkr: bool = False, ui_password: Callable[[], str | None] = lambda: None
) -> Iterator[Finding]:
    """Look at everything, from the machine to the newest statement, and yield each finding as it comes.

    folder: where `.env` and connections.toml lie. ask_ibkr: whether to spend one Flex request a connection, for the
    last complete weekday; the statement is archived and loaded. ui_password: gives the UI's password, None if it has
    none; asked only once the settings could be read.
    """
    now = datetime.now(UTC)
    yield machine.python(metadata("wealth-pipeline")["Requires-Python"])
    yield machine.packages(requires("wealth-pipeline") or [])
    yield from configuration.dotenv(folder / ".env", setting_names())
    try:
        load_dotenv(folder)
        settings = Settings.load(folder=folder)
    except SettingsError as error:
        yield Finding.problem("settings", str(error))
        return
    yield from _configuration(settings, ui_password, now)
    data_folder = DataFolder(settings.data_dir)
    writable = machine.data_folder(settings.data_dir)
    yield writable
    if writable.grade == "problem":
        return
    found = list(machine.drive(settings.data_dir))
    yield from found
    if found[0].grade == "problem":
        return
    if keeps_modes(nearest(settings.data_dir)):
        yield machine.privacy(settings.data_dir)
    yield machine.disk_space(settings.data_dir)
    yield machine.clock(now, time.tzname, data.newest_time(data_folder))
    yield from _requests(settings, data_folder, ask_ibkr, now)
    yield from _figures(settings, data_folder, now)
    if settings.configured:
        yield from services.dagster(settings, data_folder, now)
    yield from units.old_units(folder, data_folder)


def _configuration(settings: Settings, ui_password: Callable[[], str | None], now: datetime) -> Iterator[Finding]:
    """What the settings say."""
    yield configuration.connections(settings)
    if settings.ui_origins:
        yield configuration.ui(settings, ui_password())
    yield from (configuration.token(connection, os.environ, now.date()) for connection in settings.connections)


def _requests(settings: Settings, folder: DataFolder, ask_ibkr: bool, now: datetime) -> Iterator[Finding]:
    """What IBKR and the gateway answer."""
    if settings.connections:
        yield from services.network(settings)
    if damaged := data.damaged_state(folder):
        yield damaged
        return
    if ask_ibkr:
        yield from services.asked_ibkr(settings, folder, now)
    yield from data.requests(folder, settings, os.environ)
    if settings.gateway_url:
        yield services.gateway(settings, folder)


def _figures(settings: Settings, folder: DataFolder, now: datetime) -> Iterator[Finding]:
    """What has been archived and published."""
    database = data.database(folder)
    yield database
    if database.grade == "fine":
        yield data.up_to_date(folder, settings, now)
        yield from data.failures(folder)
        yield from data.set_aside(folder)
        yield from data.profits(folder, settings)
        yield from data.costs(folder)
        yield from data.returns(folder)
        yield from data.accounts(folder)
    if foreign := data.foreign_files(folder):
        yield foreign
    yield from data.newest_statements(folder, settings)
