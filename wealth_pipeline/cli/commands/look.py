"""How things stand: `status` and `doctor`."""

from __future__ import annotations

import sys
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wealth_pipeline.cli.shared import (
    last_days,
    load_settings,
    print_lines,
    published_of,
    published_path,
    shown_amount,
    ui_password,
)
from wealth_pipeline.settings import Settings
from wealth_pipeline.text import percent, sentence, terminal

if TYPE_CHECKING:
    from wealth_pipeline.published.published import Published
    from wealth_pipeline.published.results import ReturnPeriod
    from wealth_pipeline.pull.missing import AccountDays

#: The scope of all accounts together, in the tables of returns.
HOUSEHOLD = "household"
#: How many missing days are named; of more, their number.
_NAMED = 5


@click.command()
def status() -> None:
    """Show the newest NAV and the return of each account, missing days, and how old the data are."""
    settings = load_settings()
    for connection in settings.connections:
        if warning := connection.token_warning(date.today()):  # noqa: DTZ011 - the user's own day is what they stated
            click.echo(warning)
    if settings.gateway_url:
        _print_live(settings)
        if not published_path(settings).exists():
            click.echo("There is no official history: it comes from Flex statements (docs/setup.md).")
            return
    with published_of(settings) as published:
        _print_status(published, settings)


def _print_status(published: Published, settings: Settings) -> None:
    """How the accounts stand in the published database."""
    from wealth_pipeline.calendar import CLOCK
    from wealth_pipeline.cli.printing import print_table
    from wealth_pipeline.published import standing
    from wealth_pipeline.published.freshness import freshness
    from wealth_pipeline.pull import missing
    from wealth_pipeline.ui import heartbeat
    from wealth_pipeline.warehouse.folder import DataFolder

    newest, days = last_days(settings)
    rows = [
        (account, day, shown_amount(total, currency), currency, shown_amount(change, currency), proof)
        for account, day, total, currency, change, proof in published.newest_nav()
    ]
    names = ["account", "report date", "NAV", "currency", "day change", "proof"]
    print_table(names, rows, right=["NAV", "day change"])
    _print_returns(published)
    for account in missing.account_days(published, days):
        click.echo(_account_line(account, len(days), newest))
    if aside := standing.set_aside(published):
        click.echo(aside)
    for line in [*standing.failures(published), *standing.rejections(published)]:
        click.echo(line)
    for notice in standing.notices(published, settings.data_dir):
        click.echo(notice.sentence)
        print_lines(notice.lines)
    click.echo(freshness(published, settings, CLOCK.now()).sentence)
    if seen := heartbeat.seen(DataFolder(settings.data_dir)):
        click.echo(seen)


def _print_returns(published: Published) -> None:
    """The return of the month and of the year, of each account and of all together; why one is withheld."""
    from wealth_pipeline.cli.printing import print_table

    columns = ("MTD", "YTD")
    periods = [period for period in published.return_periods() if period.period in columns]
    rows, said = [], []
    for scope, of_scope in groupby(periods, lambda period: period.scope):
        found = list(of_scope)
        of = {period.period: period for period in found}
        rows.append(
            (
                "all accounts" if scope == HOUSEHOLD else scope,
                max(period.to_date for period in found),
                *(_return(of[name]) if name in of else "" for name in columns),
            )
        )
        for reason, why in groupby((p for p in found if p.status == "withheld"), lambda period: period.reason or ""):
            said.append(f"{rows[-1][0]}: no return of {' and '.join(p.period for p in why)}: {reason}")
    if rows:
        print_table(["account", "up to", *columns], rows, right=columns)
    for line in said:
        click.echo(sentence(f"{line.rstrip('.')}."))


def _return(period: ReturnPeriod) -> str:
    """A period's return, or what is to be said instead of it or beside it."""
    if period.twr_percent is None:
        return period.status
    return percent(period.twr_percent) + " (partial)" * (period.status == "partial")


def _account_line(account: AccountDays, looked_at: int, newest: date) -> str:
    """Whether an account lacks days, and which."""
    name, days = terminal(account.account_id), account.missing
    if account.ended:
        return f"{name}: ended on {account.ended}."
    if not account.has_nav:
        return f"{name}: no NAV in its statements; tick Net Asset Value (NAV) in Base in the query."
    named = ", ".join(map(str, days)) if len(days) <= _NAMED else f"{len(days)}, {days[0]} to {days[-1]}"
    return f"{name}: missing of the last {looked_at} weekdays up to {newest}: {named or 'none'}."


def _print_live(settings: Settings) -> None:
    """The newest live net liquidation value of each account."""
    from wealth_pipeline.cli.printing import print_table
    from wealth_pipeline.gateway import live

    try:
        rows = live.latest_nav(settings.data_dir)
    except live.NoLiveFigures as nothing:
        click.echo(str(nothing))
        return
    print_table(
        ["account", "live at (UTC)", "net liquidation value", "currency"],
        [
            (
                n.account_id,
                f"{n.captured_at:%Y-%m-%d %H:%M}",
                shown_amount(n.net_liquidation, n.base_currency),
                n.base_currency,
            )
            for n in rows
        ],
        right=["net liquidation value"],
    )


@click.command()
@click.option(
    "--ask-ibkr", is_flag=True, help="Spend one Flex request a connection: ask for the last complete weekday."
)
def doctor(ask_ibkr: bool) -> None:
    """Look at the set-up, and say in one sentence each what has to be fixed.

    It changes nothing itself, and asks IBKR nothing without --ask-ibkr. Exit status 1 if there is a problem to fix.
    """
    from wealth_pipeline.doctor.examine import examine

    problems = 0
    for finding in examine(Path.cwd(), ask_ibkr, ui_password):
        click.echo(f"{finding.mark} {finding.about}: {finding.sentence}")
        print_lines(finding.lines)
        problems += finding.grade == "problem"
    if problems:
        click.echo(f"{problems} problem{'s' * (problems > 1)} to fix.")
        sys.exit(1)
    click.echo("No problems found.")
