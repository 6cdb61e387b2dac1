"""What has to run: the gateway, if it is used, and Dagster's daemon with the schedule. And IBKR, if asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from wealth_pipeline.doctor.finding import Finding
from wealth_pipeline.errors import WealthError
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.folder import DataFolder

#: The daemon is heard every 30 seconds.
SILENCE = timedelta(minutes=5)


def gateway(settings: Settings, folder: DataFolder) -> Finding:
    """Whether the gateway can be reached and somebody is logged in; one request, to this machine."""
    from wealth_pipeline.gateway.address import GatewayAddress
    from wealth_pipeline.gateway.client import GatewayClient
    from wealth_pipeline.gateway.errors import TryLater
    from wealth_pipeline.gateway.state import GatewayState

    try:
        address = GatewayAddress(
            settings.gateway_url or "",
            settings.gateway_certificate,
            settings.gateway_allow_remote,
            settings.gateway_allow_http,
        )
        with TemporaryDirectory() as nowhere:
            # The doctor makes no data folder; where there is none, nobody has asked the gateway from here.
            state = folder.state if folder.root.exists() else Path(nowhere) / folder.state.name
            with GatewayClient(address, GatewayState(state), patience=5) as client:
                client.check_session()
    except TryLater as error:
        return Finding.advice("gateway", str(error))
    except WealthError as error:
        return Finding.problem("gateway", str(error))
    return Finding.fine("gateway", f"logged in at {address.login}")


def network(settings: Settings) -> Iterator[Finding]:
    """A variable of the environment, of a proxy or of certificates, by which nothing could be sent; nobody is asked."""
    from wealth_pipeline.http.environment import foreseen

    # Only an encrypted request takes the environment's way.
    if settings.flex_url.startswith("https:") and (fault := foreseen(settings.flex_url)):
        yield Finding.problem("network", f"IBKR cannot be asked, because {fault.because}. {fault.advice}.")


def dagster(settings: Settings, folder: DataFolder, now: datetime) -> Iterator[Finding]:
    """Whether Dagster's daemon runs, and what it has to do is switched on."""
    start = "Start it with `wealth dev`, or as a service (docs/always-on.md)."
    if not folder.dagster_home.exists():
        yield Finding.advice("daemon", f"Dagster has not run here yet, so nothing comes by itself. {start}")
        return
    try:
        heard, on, lacking = _dagster_state(folder)
    except WealthError as error:
        yield Finding.problem("daemon", str(error))
        return
    yield from _own_settings(folder, lacking)
    if not heard:
        yield Finding.advice("daemon", f"Dagster's daemon has not run here yet, so nothing comes by itself. {start}")
        return
    last = max(heard)
    if last - now > SILENCE:
        yield Finding.problem(
            "daemon",
            f"Dagster's daemon was last heard under a clock that was wrong ({last:%Y-%m-%d %H:%M} UTC), and not since."
            f" {start}",
        )
    elif now - last > SILENCE:
        yield Finding.problem("daemon", f"Dagster's daemon was last heard at {last:%Y-%m-%d %H:%M} UTC. {start}")
    else:
        yield Finding.fine("daemon", "running")
    schedules = [connection.schedule for connection in settings.connections]
    wanted = [("schedule", name) for name in schedules] + [("sensor", "gateway")] * bool(settings.gateway_url)
    for kind, name in wanted:
        if name in on:
            yield Finding.fine(kind, f"{name} is on")
        else:
            yield Finding.problem(
                kind, f"{name} is off, so nothing comes by itself. Switch it on in the Dagster UI, under Automation."
            )


def _own_settings(folder: DataFolder, lacking: list[str]) -> Iterator[Finding]:
    if lacking:
        yield Finding.problem(
            "dagster.yaml",
            f"{folder.dagster_home / 'dagster.yaml'} is your own, and lets runs come close together or a killed one"
            " hold up the queue. Add these lines, or delete the file: a new one is made.",
            tuple(lacking),
        )


def _dagster_state(folder: DataFolder) -> tuple[list[datetime], set[str], list[str]]:
    """When each of the daemons was heard last, the names of the schedules and sensors that are on, and what the user's
    own dagster.yaml lacks.
    """
    from wealth_pipeline.defs.runs import instance, settings_lacking

    with instance(folder) as dagster_instance:
        heard = [datetime.fromtimestamp(b.timestamp, UTC) for b in dagster_instance.get_daemon_heartbeats().values()]
        states = dagster_instance.all_instigator_state()
        lacking = settings_lacking(dagster_instance)
    return heard, {state.instigator_name for state in states if state.is_running}, lacking


def asked_ibkr(settings: Settings, folder: DataFolder, now: datetime) -> Iterator[Finding]:
    """Ask IBKR for the last complete weekday, once a connection, and load what comes; one Flex request each."""
    from wealth_pipeline.calendar import last_weekdays
    from wealth_pipeline.defs.runs import report_what_is_loaded
    from wealth_pipeline.flex.client import FlexClient
    from wealth_pipeline.flex.ledger import RequestLedger
    from wealth_pipeline.pull import ask
    from wealth_pipeline.pull.answer import load_answer
    from wealth_pipeline.warehouse.warehouse import Warehouse

    ledger = RequestLedger(folder.state)
    warehouse = Warehouse(folder, settings.reporting_currency, settings.date_format, settings.day_change_share)
    window = ask.asked_window(last_weekdays(1, now), settings.overlap_days)
    for connection in settings.connections:
        about = f"IBKR {connection.name}"
        try:
            client = FlexClient(
                connection.name,
                connection.token(),
                connection.query_id,
                ledger,
                base_url=settings.flex_url,
                deadline=timedelta(minutes=settings.flex_deadline_minutes),
            )
            ask.request(client, window)
            entry = ask.download(client, window, folder.archive)
            load_answer(warehouse, ledger, connection.name, window)
        except WealthError as error:
            yield Finding.problem(about, str(error))
            continue
        report_what_is_loaded(settings)
        if entry:
            yield Finding.fine(about, f"sent the statement of {window}, and it is loaded")
        else:
            yield Finding.advice(about, f"has no statement of {window}: the account had not begun.")
