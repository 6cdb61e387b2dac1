"""Asking IBKR: `pull`."""

from __future__ import annotations

import sys
from datetime import date, datetime

import click

from wealth_pipeline.cli.shared import DAY, last_days, load_settings, published_of, warehouse_of
from wealth_pipeline.cli.stopping import end_if_asked, on_stop
from wealth_pipeline.settings import Settings

#: What was asked of IBKR is taken up with the same reference code, and what is loaded is not asked for again.
STOPPED = "Stopped. What came is kept; the next pull goes on."


@click.command()
@click.option("--connection", "name", help="Which connection, if there are several (connections.toml).")
@click.option("--from", "first", type=DAY, metavar="DATE", help="First report date [default: what is missing].")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Last report date [default: the last complete weekday].")
@click.option("--force", is_flag=True, help="Ask IBKR again for days that are there.")
def pull(name: str | None, first: datetime | None, last: datetime | None, force: bool) -> None:
    """Ask IBKR for statements and load them, through Dagster.

    Without dates: the weekdays among the last 30 whose NAV is missing. A longer range is pulled in runs of a quarter.
    One line a run; on a terminal, what is being done meanwhile and for how long.
    """
    on_stop(STOPPED)
    settings = load_settings()
    connection = settings.connection(name)
    connection.token()
    from wealth_pipeline.cli.progress import rebuild_if_outdated

    rebuild_if_outdated(warehouse_of(settings))  # before it is asked what is missing: of outdated databases, all is
    newest, days = last_days(settings)
    if first is None and last is None and not force:
        from wealth_pipeline.pull.missing import missing_days

        days = missing_days(published_of(settings), connection.name, days)
        if not days:
            click.echo(f"Nothing is missing up to {newest}.")
            return
    begin = first.date() if first else days[0]
    end = last.date() if last else days[-1] if first is None else newest
    _check_range(settings, begin, end, newest)
    if not pull_range(settings, name, begin, end, force):
        sys.exit(1)


def _check_range(settings: Settings, first: date, last: date, newest: date) -> None:
    """Refuse a range that has no complete weekday, or more days than there are."""
    from wealth_pipeline.calendar import weekdays_between

    if not settings.history_start <= first <= last <= newest:
        raise click.ClickException(
            f"Choose days from {settings.history_start} (WEALTH_HISTORY_START) to {newest} (the last complete weekday)."
        )
    if not weekdays_between(first, last):
        raise click.ClickException(f"{first} to {last} is a weekend: IBKR reports weekdays.")


def pull_range(settings: Settings, name: str | None, first: date, last: date, force: bool) -> bool:
    """Pull a range through Dagster, printing what becomes of each run; whether all succeeded."""
    from wealth_pipeline.cli.progress import doing
    from wealth_pipeline.defs import runs

    connection = settings.connection(name)
    with doing() as line:
        for run in runs.pull(settings, connection, first, last, force=force, doing=line.show):
            line.clear()
            end_if_asked()  # Dagster makes a failed run of it
            days = f"{run.first} to {run.last}"
            if run.error:
                click.echo(f"failed   {days} (run {run.run_id[:8]}): {run.error}", err=True)
                return False
            came = f"pulled   {days} (run {run.run_id[:8]})"
            click.echo(came if run.run_id else f"there    {days}; --force asks again")
    return True
