"""Without an account: `demo` and `sandbox`."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wealth_pipeline.cli.commands.pull import STOPPED, pull_range
from wealth_pipeline.cli.shared import DAY, Port, last_days, program, published_of, published_path, shown_amount
from wealth_pipeline.cli.stopping import on_stop
from wealth_pipeline.settings import Settings

if TYPE_CHECKING:
    from wealth_pipeline.sandbox.flex.server import Sandbox


@click.command()
def demo() -> None:
    """Try everything without an account: 30 days of a simulated household, pulled from the built-in sandbox."""
    from wealth_pipeline.cli.printing import print_table

    on_stop(STOPPED)
    begun = program()
    with sandbox_environment() as box:
        settings = Settings.load()
        newest, _ = last_days(settings)
        first = newest - timedelta(days=29)
        click.echo(f"A sandbox IBKR is listening at {box.flex_url}. Pulling {first} to {newest} through Dagster ...")
        if not pull_range(settings, None, first, newest, force=False):
            sys.exit(1)
        rows = [
            (day, account, currency, *(shown_amount(figure, currency) for figure in figures), proof)
            for day, account, currency, *figures, proof in published_of(settings).nav_table(first, newest)
        ]
        figures = ("NAV", "cash", "day change")
        print_table(["report date", "account", "currency", *figures, "proof"], rows, right=figures)
        click.echo(f"The database: {published_path(settings)}")
    query = f'WEALTH_DATA_DIR={shlex.quote(str(settings.data_dir))} {begun} sql "FROM nav_latest"'
    click.echo(f"Query it:     {query}   (or any DuckDB tool, read-only)")
    until = "until IBKR_FLEX_TOKEN and IBKR_FLEX_QUERY_ID are in .env"
    click.echo(f"See the UI:   {begun} dev   (shows these data {until})")


class _ListsFaults(click.Command):
    """A command whose help ends with the sandbox's faults."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them, each with what it does."""
        from wealth_pipeline.sandbox.flex.faults import NAMES

        with formatter.section("Faults, those of IBKR's own by their code"):
            formatter.write_dl(list(NAMES.items()))


@click.command(cls=_ListsFaults)
@click.option("--port", type=Port(0), default=0, help="Port on 127.0.0.1 [default: any free one].")
@click.option(
    "--gateway-port", type=Port(0), default=0, help="Port of the Client Portal Gateway [default: any free one]."
)
@click.option("--first-day", type=DAY, metavar="DATE", help="The household's first day [default: 2025-01-02].")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[@send|@get][:COUNT]",
    help="Go wrong in this way at the next COUNT calls; may be given several times. --help lists the names.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as one line of JSON, then serve.")
def sandbox(port: int, gateway_port: int, first_day: datetime | None, faults: tuple[str, ...], as_json: bool) -> None:
    """Serve a simulated IBKR on this machine until Ctrl-C, for trying any client without an account.

    The Flex Web Service by HTTP, and a Client Portal Gateway, logged in, by HTTPS with a self-signed certificate.
    """
    from wealth_pipeline.sandbox.flex.server import Sandbox, serve_forever
    from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway

    options: dict[str, Any] = {"first_day": first_day.date()} if first_day else {}
    box = Sandbox(port, **options)
    try:
        for fault in faults:
            box.service.faults.script_text(fault)
    except ValueError as error:
        raise click.ClickException(f"{error}.") from None
    try:
        with SandboxGateway(gateway_port, **options) as gateway:
            serve_forever(box, lambda box: _print_sandbox(box, gateway.gateway_url, as_json))
    except OSError as error:
        raise click.ClickException(
            f"A port cannot be listened on: {error.strerror}. Choose another --port or --gateway-port."
        ) from None


def _print_sandbox(box: Sandbox, gateway_url: str, as_json: bool) -> None:
    """Print what a client needs to ask the sandbox."""
    addresses = {
        "flex_url": box.flex_url,
        "token": box.token,
        "query_id": box.query_id,
        "query_ids": box.query_ids,
        "gateway_url": gateway_url,
    }
    if as_json:
        import json

        click.echo(json.dumps(addresses))
    else:
        click.echo(f"IBKR_FLEX_URL={box.flex_url}\nIBKR_FLEX_TOKEN={box.token}")
        for query, query_id in box.query_ids.items():
            click.echo(f"IBKR_FLEX_QUERY_ID={query_id}   # the query {query!r}")
        click.echo(f"IBKR_GATEWAY_URL={gateway_url}")
        click.echo("Serving until Ctrl-C.")
    sys.stdout.flush()


@contextlib.contextmanager
def sandbox_environment() -> Iterator[Sandbox]:
    """A running sandbox, and an environment that knows nothing but it: no .env, no connections.toml, own data folder.

    Only the addresses at which the UI may be opened stay: they say nothing of the data. The working directory moves
    into the sandbox's data folder, because Dagster reads a `.env` from there.
    """
    from wealth_pipeline.files.drive import refuse_without_locks
    from wealth_pipeline.sandbox.flex.server import Sandbox

    root = Path(os.environ.get("WEALTH_DATA_DIR") or "data").expanduser().absolute() / "sandbox"
    refuse_without_locks(root)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in [n for n in os.environ if n.startswith(("IBKR_", "WEALTH_")) and n != "WEALTH_UI_ORIGINS"]:
        del os.environ[name]
    os.chdir(root)
    with Sandbox() as box:
        os.environ |= {
            "WEALTH_DATA_DIR": str(root),
            "WEALTH_REPORTING_CURRENCY": "USD",
            "IBKR_FLEX_URL": box.flex_url,
            "IBKR_FLEX_TOKEN": box.token,
            "IBKR_FLEX_QUERY_ID": box.query_id,
        }
        yield box
