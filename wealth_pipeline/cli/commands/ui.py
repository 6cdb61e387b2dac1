"""Serving the Dagster UI and running its daemon: `dev`, `serve` and `daemon`."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from wealth_pipeline.cli.commands.sandbox import sandbox_environment
from wealth_pipeline.cli.shared import Port, load_settings, ui_password
from wealth_pipeline.settings import Settings, check_origins

if TYPE_CHECKING:
    from wealth_pipeline.warehouse.folder import DataFolder

_PORT = click.option(
    "--port", type=Port(), default=3000, show_default=True, help="Port of the Dagster UI on 127.0.0.1."
)


@click.command()
@_PORT
@click.option("--verbose", is_flag=True, help="Print all that Dagster logs, with stack traces.")
def dev(port: int, verbose: bool) -> None:
    """Open the Dagster UI with its daemon: on your data if something is configured, else on the sandbox."""
    settings, password = load_settings(), ui_password()
    if settings.configured:
        names = ", ".join(c.name for c in settings.connections) or "the Client Portal Gateway"
        _dev(settings, port, password, f"your data in {settings.data_dir} ({names})", verbose)
    else:
        from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway

        with sandbox_environment(), SandboxGateway(lasting=True) as gateway:
            # Whoever tries it does so at any hour.
            os.environ |= {"IBKR_GATEWAY_URL": gateway.gateway_url, "WEALTH_GATEWAY_HOURS": "always"}
            settings = Settings.load()
            click.echo(f"A sandbox gateway is logged in at {gateway.gateway_url}: open it to log out and in again.")
            _dev(settings, port, password, f"the SANDBOX, a simulated household, in {settings.data_dir}", verbose)


def _dev(settings: Settings, port: int, password: str | None, what: str, verbose: bool) -> None:
    """Serve the UI and the daemon on these settings' data folder."""
    from wealth_pipeline.ui.pages import address
    from wealth_pipeline.ui.serving import VERBOSE

    click.echo("Starting the Dagster UI ...")
    if verbose:
        os.environ[VERBOSE] = "1"
    ready = f"Dagster UI on {what}: {address(port)} (Ctrl-C stops it)"
    _serve(settings, ready, port=port, password=password, daemon=True)


@click.command()
@_PORT
def serve(port: int) -> None:
    """Serve the Dagster UI on your data, without the daemon: a service's command (docs/always-on.md)."""
    from wealth_pipeline.ui.pages import address

    settings = load_settings()
    ready = f"Dagster UI on your data in {settings.data_dir}: {address(port)}"
    _serve(settings, ready, port=port, password=ui_password(), daemon=False)


@click.command()
def daemon() -> None:
    """Run Dagster's daemon on your data, without the UI: a service's command (docs/always-on.md).

    It runs the schedule and the sensors, and whatever is launched in the UI.
    """
    settings = load_settings()
    ready = f"Starting Dagster's daemon on your data in {settings.data_dir}"
    _serve(settings, ready, port=None, password=None, daemon=True)


def _serve(settings: Settings, ready: str, *, port: int | None, password: str | None, daemon: bool) -> None:
    """Serve on these settings' data folder until stopped.

    Prints first what is not as it should be of the figures; then `ready`, and where the NAV is to be seen, once the UI,
    if there is one, answers.
    """
    from wealth_pipeline.ui.locks import Role, only_one
    from wealth_pipeline.ui.pages import address, nav_pages
    from wealth_pipeline.ui.serving import refuse_port, serve
    from wealth_pipeline.warehouse.folder import DataFolder

    if port is not None:
        check_origins(settings.ui_origins, password)
    folder = DataFolder(settings.data_dir)
    web: list[Role] = ["web"] if port is not None else []
    roles: list[Role] = [*web, "daemon"] if daemon else web
    command = f"wealth {click.get_current_context().info_name}"
    with ExitStack() as stack:
        try:
            alone = only_one(folder.root, roles, command, address(port) if port is not None else "")
            locks = stack.enter_context(alone)
        except OSError as error:
            raise folder.unwritable(error) from None
        if port is not None:
            refuse_port(port)
        _prepare(settings, folder, daemon=daemon)
        lines = [ready, *(f"The NAV: {page}" for page in (nav_pages(settings, port) if port is not None else []))]
        serve(lambda: click.echo("\n".join(lines)), port=port, daemon=daemon, password=password, locks=locks)


def _prepare(settings: Settings, folder: DataFolder, *, daemon: bool) -> None:
    """Make Dagster's storage, so that the processes don't do it at the same time, and put it right.

    Prints what is not as it should be of the figures.
    """
    from wealth_pipeline.defs.orphans import end_orphans
    from wealth_pipeline.defs.runs import report_at_start

    for run_id in end_orphans(folder, alone=daemon):
        click.echo(f"The run {run_id[:8]} had been killed; it is marked as failed now.")
    for line in report_at_start(settings):
        click.echo(line)
    folder.inbox.mkdir(exist_ok=True, mode=0o700)
