"""The `wealth` command.

Everything heavy is imported inside the commands: `wealth --help` and `wealth sql` must start at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.private import owner_only
from wealth_pipeline.settings import UI_PASSWORD, Settings, check_origins, load_dotenv, read_dotenv
from wealth_pipeline.text import terminal

if TYPE_CHECKING:
    from wealth_pipeline.sandbox.server import Sandbox
    from wealth_pipeline.warehouse.warehouse import Warehouse


class _Sentences(click.Group):
    """A group whose commands end with a sentence, not a traceback, when a WealthError is raised."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WealthError as error:
            raise click.ClickException(str(error)) from None


DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wealth-pipeline", message="wealth_pipeline %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Keep your Interactive Brokers wealth in DuckDB: every statement, every digit, every day.

    Try it without an account: `wealth demo`. With one: put IBKR_FLEX_TOKEN and IBKR_FLEX_QUERY_ID into .env, then
    `wealth pull` and `wealth status`. `wealth dev` opens the Dagster UI, where the schedule is switched on.
    """
    # Out of the environment first thing: only the webserver gets it back.
    context.meta[UI_PASSWORD] = os.environ.pop(UI_PASSWORD, None)
    context.obj = owner_only()
    context.call_on_close(lambda: os.umask(context.obj))


@main.command()
@click.option("--connection", "name", help="Which connection, if there are several (connections.toml).")
@click.option("--from", "first", type=DAY, help="First report date [default: what is missing].")
@click.option("--to", "last", type=DAY, help="Last report date [default: the last complete weekday].")
@click.option("--force", is_flag=True, help="Ask IBKR again for days that are there.")
def pull(name: str | None, first: datetime | None, last: datetime | None, force: bool) -> None:
    """Ask IBKR for statements and load them, through Dagster.

    Without dates: the weekdays among the last 30 whose NAV is missing. A longer range is pulled in runs of a quarter.
    """
    settings = _settings()
    connection = settings.connection(name)
    connection.token()
    _rebuild_if_outdated(_warehouse(settings))  # before it is asked what is missing: of outdated databases, all is
    from wealth_pipeline.defs.resources import WealthData
    from wealth_pipeline.defs.schedules import missing_days

    newest, days = _last_days(settings)
    if first is None and last is None and not force:
        days = missing_days(WealthData(data_dir=str(settings.data_dir)), connection, days)
        if not days:
            click.echo(f"Nothing is missing up to {newest}.")
            return
    begin = first.date() if first else days[0]
    end = last.date() if last else days[-1] if first is None else newest
    if not settings.history_start <= begin <= end <= newest:
        raise click.ClickException(
            f"Choose days from {settings.history_start} (WEALTH_HISTORY_START) to {newest} (the last complete weekday)."
        )
    from wealth_pipeline.calendar import weekdays_between

    if not weekdays_between(begin, end):
        raise click.ClickException(f"{begin} to {end} is a weekend: IBKR reports weekdays.")
    if not _pull(settings, name, begin, end, force):
        sys.exit(1)


@main.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_(paths: tuple[Path, ...]) -> None:
    """Load statements from files or folders (.xml, .xml.gz).

    One line a file: loaded, known (it was loaded before) or rejected, with the reason. The good ones are loaded
    whatever the others are; exit status 1 if any was rejected.
    """
    from rich.console import Console
    from rich.progress import Progress

    from wealth_pipeline.pull import inbox

    settings = _settings()
    warehouse = _warehouse(settings)
    files = inbox.files_in(paths)
    if not files:
        raise click.ClickException("There is no .xml or .xml.gz file there.")
    _rebuild_if_outdated(warehouse)
    taken = []
    bar = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    with warehouse.writing(), bar:
        task = bar.add_task("Importing", total=len(files))
        for one in inbox.take(warehouse, files, "import"):
            taken.append(one)
            bar.advance(task)
            click.echo(terminal(f"{one.status:<8} {one.path}" + (f": {one.reason}" if one.reason else "")))
    if any(one.status == "loaded" for one in taken):
        from wealth_pipeline.defs.events import report_loaded
        from wealth_pipeline.defs.runs import instance

        with instance(warehouse.folder) as dagster_instance:
            report_loaded(dagster_instance, settings)
        from wealth_pipeline.published.published import set_aside_line
        from wealth_pipeline.published.standing import failures

        for line in failures(_published(), {pair for one in taken for pair in one.changed}):
            click.echo(line)
        if aside := set_aside_line(_published()):
            click.echo(aside)
    if any(one.status == "rejected" for one in taken):
        sys.exit(1)


@main.command()
@click.argument("query")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values.")
@click.option("--json", "form", flag_value="json", help="A list of objects; decimals as text, also in nested values.")
def sql(query: str, form: str | None) -> None:
    """Query the published database, read-only.

    Example: wealth sql "select report_date, total from nav_history order by 1". Live balances are in the schema `live`.
    """
    from wealth_pipeline.cli import printing
    from wealth_pipeline.published.query import INTERRUPTED, asked, opened

    try:
        with opened(_settings().data_dir) as con, asked(con, query) as answer:
            if form == "csv":
                printing.print_csv(answer.names, answer.blocks)
            elif form == "json":
                printing.print_json(answer.names, answer.blocks)
            else:
                printing.print_tables(answer.names, answer.blocks, plan=answer.plan)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@main.command()
def replay() -> None:
    """Rebuild both databases from the archive alone.

    The old ones stay until the new one is complete, so it may be stopped at any time.
    """
    from collections import Counter

    from wealth_pipeline.cli.progress import rebuilding
    from wealth_pipeline.defs.events import report_loaded
    from wealth_pipeline.defs.runs import instance

    settings = _settings()
    warehouse = _warehouse(settings)
    with warehouse.writing():
        counts = Counter(one.status for one in rebuilding(warehouse, "Replaying"))
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "the archive is empty"
    click.echo(f"Rebuilt from the archive: {told}.")
    with instance(warehouse.folder) as dagster_instance:
        report_loaded(dagster_instance, settings)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values instead of Parquet.")
@click.pass_obj
def export(umask: int, folder: Path, form: str | None) -> None:
    """Write every published table and view into FOLDER, one Parquet file each, for any other tool.

    Decimals stay exact. All files show the same moment, whatever is loaded meanwhile. A folder that is made is yours
    alone; in one that was there, who may list it may read the files, as far as your umask allows.
    """
    from wealth_pipeline.published.export import export

    for name, rows in export(_published(), folder, form or "parquet", umask):
        click.echo(f"{rows:>9} rows  {name}")


@main.command()
def digest() -> None:
    """Print one hash for each table of figures: equal content gives equal hashes, on any machine."""
    from wealth_pipeline.published.published import digests
    from wealth_pipeline.warehouse.schema import figure_tables

    for table, value in digests(_published(), figure_tables()).items():
        click.echo(f"{value}  {table}")


@main.command()
def status() -> None:
    """Show the newest NAV of each account, missing days, and how old the data are."""
    from wealth_pipeline.cli.printing import print_table
    from wealth_pipeline.published import published, standing

    settings = _settings()
    newest, days = _last_days(settings)
    for connection in settings.connections:
        if warning := connection.token_warning(date.today()):  # noqa: DTZ011 - the user's own day is what they stated
            click.echo(warning)
    if settings.gateway_url:
        _print_live(settings)
        if not _published().exists():
            click.echo("There is no official history: it comes from Flex statements (docs/setup.md).")
            return
    rows = published.newest_nav(_published())
    print_table(["account", "report date", "NAV", "currency", "day change", "proof"], rows)
    ended = published.ended_accounts(_published())
    for account, first in published.first_days(_published()).items():
        shown = terminal(account)
        if account in ended:
            click.echo(f"{shown}: ended on {ended[account]}.")
            continue
        if first is None:
            click.echo(f"{shown}: no NAV in its statements; tick Net Asset Value (NAV) in Base in the query.")
            continue
        lacking = published.missing(_published(), {account: first}, days)
        told = ", ".join(map(str, lacking)) if len(lacking) <= 5 else f"{len(lacking)}, {lacking[0]} to {lacking[-1]}"
        click.echo(f"{shown}: missing of the last {len(days)} weekdays up to {newest}: {told or 'none'}.")
    if aside := published.set_aside_line(_published()):
        click.echo(aside)
    for line in [*standing.failures(_published()), *standing.rejections(_published())]:
        click.echo(line)
    for notice in standing.notices(_published(), settings.data_dir):
        click.echo(notice.sentence)
        _print_lines(notice.lines)
    if rows:
        behind = standing.behind(_published(), newest)
        told = ", ".join(f"{terminal(account)} is of {last}" for account, last in behind)
        click.echo(f"Not up to {newest}: the newest NAV of {told}." if told else "The data are up to date.")


@main.command()
@click.option(
    "--ask-ibkr", is_flag=True, help="Spend one Flex request a connection: ask for the last complete weekday."
)
def doctor(ask_ibkr: bool) -> None:
    """Look at the set-up, and say in one sentence each what is to be mended.

    It mends nothing itself, and asks IBKR nothing unless told to. Exit status 1 if something must be mended.
    """
    from wealth_pipeline.doctor.examine import examine

    marks = {"fine": "✓", "advice": "!", "mend": "✗"}
    wrong = 0
    for finding in examine(Path.cwd(), ask_ibkr, _ui_password):
        click.echo(f"{marks[finding.grade]} {finding.about}: {finding.sentence}")
        _print_lines(finding.lines)
        wrong += finding.grade == "mend"
    click.echo(f"{wrong} to mend." if wrong else "Nothing has to be mended.")
    if wrong:
        sys.exit(1)


def _print_lines(lines: tuple[str, ...]) -> None:
    """Print what is to be put into a file."""
    for line in lines:
        click.echo(f"    {line}")


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
        [(n.account_id, f"{n.captured_at:%Y-%m-%d %H:%M}", n.net_liquidation, n.base_currency) for n in rows],
    )


@main.command()
def demo() -> None:
    """Try everything without an account: 30 days of a simulated household, pulled from the built-in sandbox."""
    with _sandbox_environment() as box:
        settings = Settings.load()
        newest, _ = _last_days(settings)
        first = newest - timedelta(days=29)
        click.echo(f"A sandbox IBKR is listening at {box.flex_url}. Pulling {first} to {newest} through Dagster ...")
        if not _pull(settings, None, first, newest, force=False):
            sys.exit(1)
        from wealth_pipeline.cli.printing import print_table
        from wealth_pipeline.published.published import nav_table

        rows = nav_table(_published(), first, newest)
        print_table(["report date", "account", "currency", "NAV", "cash", "day change", "proof"], rows)
        click.echo(f"The database: {_published()}")
    click.echo("Query it:     duckdb -readonly on that file, or any DuckDB tool.")
    click.echo("See the UI:   make dev   (shows these data until IBKR_FLEX_TOKEN and IBKR_FLEX_QUERY_ID are in .env)")


@main.command()
@click.option("--port", default=0, help="Port on 127.0.0.1 [default: any free one].")
@click.option("--gateway-port", default=0, help="Port of the Client Portal Gateway [default: any free one].")
@click.option("--first-day", type=DAY, help="First day of the household's history [default: 2025-01-02].")
@click.option("--fault", "faults", multiple=True, metavar="NAME[@send|@get][:COUNT]", help="Go wrong on demand.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as one line of JSON, then serve.")
def sandbox(port: int, gateway_port: int, first_day: datetime | None, faults: tuple[str, ...], as_json: bool) -> None:
    """Serve a simulated IBKR on this machine until Ctrl-C, for trying any client without an account.

    The Flex Web Service by HTTP, and a Client Portal Gateway, logged in, by HTTPS with a self-signed certificate.
    """
    from wealth_pipeline.sandbox.gateway_server import SandboxGateway
    from wealth_pipeline.sandbox.server import Sandbox, serve_forever

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


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the Dagster UI on 127.0.0.1.")
def dev(port: int) -> None:
    """Open the Dagster UI with its daemon: on your data if something is configured, else on the sandbox."""
    load_dotenv()
    password = _ui_password()
    settings = Settings.load()
    if settings.configured:
        names = ", ".join(c.name for c in settings.connections) or "the Client Portal Gateway"
        _dev(settings, port, password, f"your data in {settings.data_dir} ({names})")
    else:
        from wealth_pipeline.sandbox.gateway_server import SandboxGateway

        with _sandbox_environment(), SandboxGateway() as gateway:
            # Whoever tries it does so at any hour.
            os.environ |= {"IBKR_GATEWAY_URL": gateway.gateway_url, "WEALTH_GATEWAY_HOURS": "always"}
            settings = Settings.load()
            click.echo(f"A sandbox gateway is logged in at {gateway.gateway_url}: open it to log out and in again.")
            _dev(settings, port, password, f"the SANDBOX, a simulated household, in {settings.data_dir}")


def _dev(settings: Settings, port: int, password: str | None, what: str) -> None:
    """Serve the UI and the daemon on these settings' data folder."""
    from wealth_pipeline.defs.runs import end_orphans
    from wealth_pipeline.warehouse.warehouse import DataFolder

    for run_id in end_orphans(DataFolder(settings.data_dir)):
        click.echo(f"The run {run_id[:8]} had been killed; it is marked as failed now.")
    click.echo("Starting the Dagster UI ...")
    _serve(settings, f"Dagster UI on {what}: http://127.0.0.1:{port} (Ctrl-C stops it)", port, password, daemon=True)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the Dagster UI on 127.0.0.1.")
def serve(port: int) -> None:
    """Serve the Dagster UI on your data, without the daemon: a service's command (docs/always-on.md)."""
    settings = _settings()
    what = f"Dagster UI on your data in {settings.data_dir}: http://127.0.0.1:{port}"
    _serve(settings, what, port, _ui_password(), daemon=False)


@main.command()
def daemon() -> None:
    """Run Dagster's daemon on your data, without the UI: a service's command (docs/always-on.md).

    It runs the schedule and the sensors, and whatever is launched in the UI.
    """
    settings = _settings()
    _serve(settings, f"Starting Dagster's daemon on your data in {settings.data_dir}", None, None, daemon=True)


def _serve(settings: Settings, ready: str, port: int | None, password: str | None, *, daemon: bool) -> None:
    """Serve on these settings' data folder until stopped; prints `ready` once the UI, if there is one, answers."""
    from wealth_pipeline.defs.events import report_loaded
    from wealth_pipeline.defs.runs import instance
    from wealth_pipeline.ui.serving import serve
    from wealth_pipeline.warehouse.warehouse import DataFolder

    if port is not None:
        check_origins(settings.ui_origins, password)
    folder = DataFolder(settings.data_dir)
    with instance(folder) as dagster_instance:  # made here, so that the processes don't make it at the same time
        report_loaded(dagster_instance, settings)
    folder.inbox.mkdir(exist_ok=True, mode=0o700)
    serve(lambda: click.echo(ready), port=port, daemon=daemon, password=password)


def _ui_password() -> str | None:
    """The UI's password: `.env` wins, as for every setting; an empty one counts as not set."""
    from_environment = click.get_current_context().meta[UI_PASSWORD] or ""
    return read_dotenv(Path.cwd() / ".env").get(UI_PASSWORD, from_environment).strip() or None


@contextlib.contextmanager
def _sandbox_environment() -> Iterator[Sandbox]:
    """A running sandbox, and an environment that knows nothing but it: no .env, no connections.toml, own data folder.

    Only the addresses at which the UI may be opened stay: they say nothing of the data. The working directory moves
    into the sandbox's data folder, because Dagster reads a `.env` from there.
    """
    from wealth_pipeline.sandbox.server import Sandbox

    root = Path(os.environ.get("WEALTH_DATA_DIR") or "data").expanduser().absolute() / "sandbox"
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


def _pull(settings: Settings, name: str | None, first: date, last: date, force: bool) -> bool:
    """Pull a range through Dagster, telling what becomes of each run; whether all succeeded."""
    from wealth_pipeline.defs import runs

    connection = settings.connection(name)
    for run in runs.pull(settings, connection, first, last, force):
        days = f"{run.first} to {run.last}"
        if run.error:
            click.echo(f"failed   {days} (run {run.run_id[:8]}): {run.error}", err=True)
            return False
        click.echo(f"pulled   {days} (run {run.run_id[:8]})" if run.run_id else f"there    {days}; --force asks again")
    return True


def _print_sandbox(box: Sandbox, gateway_url: str, as_json: bool) -> None:
    told = {
        "flex_url": box.flex_url,
        "token": box.token,
        "query_id": box.query_id,
        "query_ids": box.query_ids,
        "gateway_url": gateway_url,
    }
    if as_json:
        import json

        click.echo(json.dumps(told))
    else:
        click.echo(f"IBKR_FLEX_URL={box.flex_url}\nIBKR_FLEX_TOKEN={box.token}")
        for query, query_id in box.query_ids.items():
            click.echo(f"IBKR_FLEX_QUERY_ID={query_id}   # the query {query!r}")
        click.echo(f"IBKR_GATEWAY_URL={gateway_url}")
        click.echo("Serving until Ctrl-C.")
    sys.stdout.flush()


def _settings() -> Settings:
    load_dotenv()
    return Settings.load()


def _warehouse(settings: Settings) -> Warehouse:
    from wealth_pipeline.warehouse.warehouse import DataFolder, Warehouse

    return Warehouse(
        DataFolder(settings.data_dir),
        settings.reporting_currency,
        settings.flex_date_format,
        settings.day_change_share,
    )


def _rebuild_if_outdated(warehouse: Warehouse) -> None:
    """Rebuild databases that an older wealth_pipeline wrote, with a bar: the load would do it without one."""
    if warehouse.outdated():
        from wealth_pipeline.cli.progress import rebuilding
        from wealth_pipeline.warehouse.warehouse import OUTDATED

        with warehouse.writing():
            if warehouse.outdated():  # the writer that was waited for may have done it
                click.echo(OUTDATED, err=True)
                for _ in rebuilding(warehouse, "Rebuilding"):
                    pass


def _published() -> Path:
    return _settings().data_dir / "wealth.duckdb"


def _last_days(settings: Settings) -> tuple[date, list[date]]:
    """The last complete weekday, and the weekdays that are looked at for missing ones."""
    from wealth_pipeline.calendar import last_weekdays

    days = last_weekdays(settings.catch_up_days, datetime.now().astimezone())
    return days[-1], [day for day in days if day >= settings.history_start]


if __name__ == "__main__":
    main()
