"""What several commands need: the settings, the databases, the days that are looked at."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wealth_pipeline.settings import UI_PASSWORD, Settings, load_dotenv, read_dotenv

if TYPE_CHECKING:
    from wealth_pipeline.published.published import Published
    from wealth_pipeline.warehouse.warehouse import Warehouse

DAY = click.DateTime(["%Y-%m-%d"])


def load_settings() -> Settings:
    """The settings, of `.env` as well."""
    load_dotenv()
    return Settings.load()


def warehouse_of(settings: Settings) -> Warehouse:
    """The databases that these settings describe."""
    from wealth_pipeline.warehouse.warehouse import DataFolder, Warehouse

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


def print_lines(lines: tuple[str, ...]) -> None:
    """Print what is to be put into a file."""
    for line in lines:
        click.echo(f"    {line}")
