"""What several commands need: the settings, the databases, the days that are looked at."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wealth_pipeline.kinds import LAST_PORT
from wealth_pipeline.settings import UI_PASSWORD, Settings, load_dotenv, read_dotenv
from wealth_pipeline.text import amount

if TYPE_CHECKING:
    from wealth_pipeline.published.published import Published
    from wealth_pipeline.warehouse.warehouse import Warehouse

DAY = click.DateTime(["%Y-%m-%d"])


class Port(click.ParamType[int]):
    """The number of a port, from `least` on."""

    name = "port"

    def __init__(self, least: int = 1) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or a sentence that says which there are."""
        text = str(value)
        if not (text.isdecimal() and self.least <= int(text) <= LAST_PORT):
            self.fail(f"{text!r} is not a port. Choose a number from {self.least} to {LAST_PORT}.", param, ctx)
        return int(text)


def load_settings() -> Settings:
    """The settings, of `.env` as well."""
    load_dotenv()
    return Settings.load()


def warehouse_of(settings: Settings) -> Warehouse:
    """The databases that these settings describe."""
    from wealth_pipeline.warehouse.folder import DataFolder
    from wealth_pipeline.warehouse.warehouse import Warehouse

    return Warehouse(
        DataFolder(settings.data_dir),
        settings.reporting_currency,
        settings.date_format,
        settings.day_change_share,
    )


def published_path(settings: Settings) -> Path:
    """Where the published database of these settings lies."""
    return settings.data_dir / "wealth.duckdb"


def published_of(settings: Settings) -> Published:
    """The published database, to be read."""
    from wealth_pipeline.published.published import Published

    return Published(published_path(settings))


def last_days(settings: Settings) -> tuple[date, list[date]]:
    """The last complete weekday, and the weekdays that are looked at for missing ones."""
    from wealth_pipeline.calendar import CLOCK, last_weekdays

    days = last_weekdays(settings.catch_up_days, CLOCK.now())
    return days[-1], [day for day in days if day >= settings.history_start]


def ui_password() -> str | None:
    """The UI's password: `.env` wins, as for every setting; an empty one counts as not set."""
    from_environment = click.get_current_context().meta[UI_PASSWORD] or ""
    return read_dotenv(Path.cwd() / ".env").get(UI_PASSWORD, from_environment).strip() or None


def shown_amount(value: Decimal | None, currency: str | None) -> str:
    """An amount in a table for people, empty where there is none."""
    return "" if value is None else amount(value, currency)


def program() -> str:
    """How this command is called here: `wealth` where the shell finds it by that name, else its path."""
    started = Path(sys.argv[0])
    found = shutil.which("wealth")
    if started.name != "wealth" or (found and Path(found).samefile(started)):
        return "wealth"
    return str(started)


def print_lines(lines: tuple[str, ...]) -> None:
    """Print what is to be put into a file."""
    for line in lines:
        click.echo(f"    {line}")
