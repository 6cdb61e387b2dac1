"""`wealth doctor` in set-ups that are broken, one way each: the sentence that says how to fix it; and in a good one."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from click.testing import CliRunner
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat

from wealth_pipeline.cli.main import main
from wealth_pipeline.connections import Connection
from wealth_pipeline.defs.runs import instance
from wealth_pipeline.doctor import configuration, machine, statement
from wealth_pipeline.doctor.finding import Finding
from wealth_pipeline.flex.ledger import RequestLedger, Window, token_key
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.statement.statement import FULL, GUIDE, Statement
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.clocks import MovableClock

FIRST, LAST = date(2026, 11, 18), date(2026, 11, 19)
GENERATED = datetime(2026, 11, 20, 6, 0, tzinfo=ZoneInfo("America/New_York"))
TOKEN = "123456789012345678901234"
#: The sandbox's figures are as old as its last pull, whatever day it is now.
#: IBKR's own address: nobody is asked.
IBKR = f"IBKR_FLEX_TOKEN={TOKEN}\nIBKR_FLEX_QUERY_ID=987654\n"
ENV = f"{IBKR}IBKR_FLEX_URL=http://127.0.0.1:9\n"


def _rendered(query: str) -> bytes:
    return b"".join(Statement(Household(), query, FIRST, LAST, "", GENERATED).render())


def _archive(folder: DataFolder, content: bytes, window: tuple[date, date] = (FIRST, LAST)) -> None:
    """Archive and load a statement as the connection's newest."""
    warehouse = Warehouse(folder)
    later = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(minutes=len(folder.archive.sha256s()))
    with warehouse.writing():
        entry = folder.archive.add(io.BytesIO(content), source="flex", connection="ibkr", window=window, now=later)
        list(warehouse.load([entry.sha256]))


def _daemon(folder: DataFolder, *, heard: float, on: tuple[str, ...] = ("after_market_close", "gateway")) -> None:
    """What a daemon leaves in Dagster's storage, `heard` seconds ago, and what was switched on in the UI."""
    origin = RemoteRepositoryOrigin(
        InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="wealth_pipeline.definitions")), "__repository__"
    )
    with instance(folder) as dagster_instance:
        dagster_instance.wipe_daemon_heartbeats()
        dagster_instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - heard, "SCHEDULER", "one"))
        for state in dagster_instance.all_instigator_state():
            dagster_instance.delete_instigator_state(state.instigator_origin_id, state.selector_id)
        for name in on:
            kind, told = (
                (InstigatorType.SENSOR, SensorInstigatorData())
                if name == "gateway"
                else (InstigatorType.SCHEDULE, ScheduleInstigatorData("0 6 * * 2-6"))
            )
            dagster_instance.add_instigator_state(
                InstigatorState(RemoteInstigatorOrigin(origin, name), kind, InstigatorStatus.RUNNING, told)
            )


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set-up in which all is well; tests work on copies."""
    home = tmp_path_factory.mktemp("healthy")
    folder = DataFolder(home / "data")
    _archive(folder, _rendered(FULL))
    _daemon(folder, heard=10)
    return home


@pytest.fixture
def home(healthy: Path, clean_environment: Path) -> Path:
    """A copy of the healthy set-up, in the working directory."""
    shutil.copytree(healthy, clean_environment, dirs_exist_ok=True, symlinks=True)
    env(clean_environment, ENV)
    return clean_environment


def env(home: Path, text: str | bytes) -> None:
    file = home / ".env"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(0o600)


def examined(*words: str) -> tuple[int, list[str]]:
    """The exit status, and the lines of `wealth doctor`."""
    before = dict(os.environ)
    try:
        done = CliRunner().invoke(main, ["doctor", *words])
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert TOKEN not in done.output
    return done.exit_code, done.output.splitlines()


def test_a_healthy_set_up_has_ticks_only(home: Path) -> None:
    status, lines = examined()
    assert lines[-1] == "No problems found."
    assert [line for line in lines[:-1] if not line.startswith("✓ ")] == []
    assert {line.split(":")[0] for line in lines[:-1]} == {
        f"✓ {about}"
        for about in (
            "Python", "packages", ".env", "settings", "token ibkr", "data folder", "drive", "privacy", "disk", "clock",
            "database", "figures", "returns U1000001", "returns U1000002", "query ibkr", "daemon", "schedule",
        )
    }  # fmt: skip
    assert status == 0


def _remove(file: Path) -> None:
    file.chmod(0o600)
    file.unlink()


def _connections(home: Path, text: str) -> None:
    (home / "connections.toml").write_text(text)


def _file_for_a_folder(home: Path) -> None:
    (home / "here").write_text("")
    env(home, ENV + f"WEALTH_DATA_DIR={home / 'here'}\n")


def _unwritable(home: Path) -> None:
    locked = Path("/proc/wealth")
    if os.geteuid() != 0:
        locked = home / "locked"
        locked.mkdir(mode=0o500)
    env(home, ENV + f"WEALTH_DATA_DIR={locked}\n")


def _from_the_future(home: Path) -> None:
    (sidecar,) = (home / "data" / "archive").glob("??/*.json")
    sidecar.chmod(0o600)
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"fetched_at": "2199-01-01T00:00:00"}))


def _generated_later(home: Path) -> None:
    """IBKR's clock was already where this machine's is not yet."""
    file = home / "data" / "wealth.duckdb"
    file.chmod(0o600)
    file.with_name("wealth.duckdb.wal").unlink()
    with duckdb.connect(str(file)) as con:
        con.execute("UPDATE statement_accounts SET when_generated = '2199-01-01'")


def _damaged_database(home: Path) -> None:
    _remove(home / "data" / "wealth.duckdb")
    (home / "data" / "wealth.duckdb").write_bytes(b"no database" * 1000)


def _other_schema(home: Path) -> None:
    file = home / "data" / "wealth.duckdb"
    file.chmod(0o600)
    file.with_name("wealth.duckdb.wal").unlink()  # the link that keeps everybody from writing
    with duckdb.connect(str(file)) as con:
        con.execute("UPDATE warehouse_info SET schema_version = 0")


def _damaged_statement(home: Path) -> None:
    (packed,) = (home / "data" / "archive").glob("??/*.xml.gz")
    packed.chmod(0o600)
    packed.write_bytes(packed.read_bytes()[:-200])


def _damaged_dagster(home: Path) -> None:
    for file in (home / "data" / "dagster").rglob("*.db"):
        file.write_bytes(b"no database" * 1000)


def _expired(home: Path) -> None:
    ledger = RequestLedger(home / "data" / "state.sqlite")
    ledger.finished(
        ledger.start("ibkr", "987654", Window(FIRST, LAST)), "failed", 'IBKR answered "Token has expired." (code 1012)'
    )


def _locked_out(home: Path) -> None:
    RequestLedger(home / "data" / "state.sqlite").set_embargo(token_key(TOKEN), "ibkr", 1025, [timedelta(hours=24)])


def _arrived(content: bytes, window: tuple[date, date] = (FIRST, LAST)) -> Callable[[Path], None]:
    return lambda home: _archive(DataFolder(home / "data"), content, window)


#: A statement of one section each, of one account and day.
_ONLY_NAV = flexml.file(
    flexml.flex(day=LAST, EquitySummaryInBase=[flexml.nav(LAST)], AccountInformation={"accountId": "U1"})
)
_NO_VALUE = flexml.file(
    flexml.flex(
        day=LAST,
        AccountInformation={"accountId": "U1", "currency": "USD"},
        EquitySummaryInBase=[flexml.nav(LAST)],
        CashReport=[flexml.cash(), flexml.cash("USD")],
        OpenPositions=[flexml.position(reportDate=LAST, positionValue=None)],
    )
)
_SHORT = flexml.file(
    flexml.flex(
        day=LAST, AccountInformation={"accountId": "U1"}, EquitySummaryInBase=[flexml.nav(FIRST), flexml.nav(LAST)]
    )
)


def _foreign(home: Path) -> None:
    """What a Mac and a synchronising program leave behind."""
    (sidecar,) = (home / "data" / "archive").glob("??/*.json")
    sidecar.with_name(f"._{sidecar.name}").touch(mode=0o600)
    sidecar.with_name(f"{sidecar.stem} (conflicted copy).json").touch(mode=0o600)


def _swapped_statement(home: Path) -> None:
    """Valid gzip around another content, which is not even XML."""
    (packed,) = (home / "data" / "archive").glob("??/*.xml.gz")
    packed.write_bytes(gzip.compress(b"<cut off"))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing configured": (lambda home: env(home, ""), "settings: Nothing is configured. Put IBKR_FLEX_TOKEN"),
    ".env in another encoding": (
        lambda home: env(home, ENV.encode() + b"# caf\xe9\n"),
        ".env: {home}/.env is not UTF-8 text. Save it again as UTF-8",
    ),
    ".env that others can read": (lambda home: (home / ".env").chmod(0o644), "Run `chmod 600 {home}/.env`."),
    "a misspelt setting": (
        lambda home: env(home, ENV + "WEALTH_HISTORY_STRAT=2025-01-01\n"),
        ".env: WEALTH_HISTORY_STRAT is not a setting. Did you mean WEALTH_HISTORY_START?",
    ),
    "no query id": (
        lambda home: env(home, f"IBKR_FLEX_TOKEN={TOKEN}\n"),
        "settings: IBKR_FLEX_TOKEN is set, but IBKR_FLEX_QUERY_ID is not. Put the id",
    ),
    "the token in the query id's line": (
        lambda home: env(home, f"IBKR_FLEX_TOKEN=1\nIBKR_FLEX_QUERY_ID={TOKEN}\n"),
        "Correct it in .env; the long number is the token.",
    ),
    "a setting out of range": (
        lambda home: env(home, ENV + "WEALTH_OVERLAP_DAYS=61\n"),
        "WEALTH_OVERLAP_DAYS is '61', which is not a whole number from 0 to 60. Correct it in .env.",
    ),
    "no token": (
        lambda home: env(home, "IBKR_FLEX_QUERY_ID=987654\n"),
        "token ibkr: IBKR_FLEX_TOKEN is not set. Copy the token from Client Portal",
    ),
    "a token with a space": (
        lambda home: env(home, f"IBKR_FLEX_TOKEN='{TOKEN[:9]} {TOKEN[9:]}'\nIBKR_FLEX_QUERY_ID=987654\n"),
        "IBKR_FLEX_TOKEN has a space in it. Copy the full token again",
    ),
    "the query id in the token's line": (
        lambda home: env(home, "IBKR_FLEX_TOKEN=987654\nIBKR_FLEX_QUERY_ID=987654\n"),
        "IBKR_FLEX_TOKEN has 6 characters, a Flex token has some 24. Copy the full token again",
    ),
    "connections.toml that is none": (
        lambda home: _connections(home, "[[connection\n"),
        "settings: connections.toml is not valid TOML",
    ),
    "connections.toml without its headings": (
        lambda home: _connections(home, 'name = "anna"\n'),
        "connections.toml: it has name, which this software does not know. Each connection begins with the line [[",
    ),
    "a misspelt line in connections.toml": (
        lambda home: _connections(home, '[[connection]]\nname = "anna"\ntokenenv = "ANNA_TOKEN"\n'),
        "settings: connections.toml: a [[connection]] has tokenenv, which this software does not know. It can have",
    ),
    "a token that is too old": (
        lambda home: env(home, ENV + "IBKR_FLEX_TOKEN_MADE=2025-01-15\n"),
        "token ibkr: The Flex token of the connection ibkr, made on 2025-01-15, expired on 2026-01-15 or",
    ),
    "a UI that is reached from elsewhere without a password": (
        lambda home: env(home, ENV + "WEALTH_UI_ORIGINS=http://localhost:8080\n"),
        "UI: WEALTH_UI_ORIGINS names http://localhost:8080, so that the UI can be reached from elsewhere, but",
    ),
    "a named token that is not there": (
        lambda home: _connections(home, '[[connection]]\nname = "anna"\nquery_id = "11"\ntoken_env = "ANNA_TOKEN"\n'),
        "token anna: ANNA_TOKEN is not set.",
    ),
    "a file for a data folder": (_file_for_a_folder, "data folder: {home}/here is a file. Name a folder in"),
    "a data folder that cannot be written": (_unwritable, "cannot be written: "),
    "a clock that is behind": (
        _generated_later,
        "but IBKR generated a statement at 2199-01-01 00:00 UTC. Set the clock",
    ),
    "a database that is gone": (
        lambda home: _remove(home / "data" / "wealth.duckdb"),
        "is gone. Run `wealth replay`: it is rebuilt from the archive.",
    ),
    "a damaged database": (_damaged_database, "Run `wealth replay`: everything is rebuilt"),
    "a database of another version": (_other_schema, "database: It was written by an older wealth_pipeline."),
    "a damaged statement": (_damaged_statement, "from a backup, or import the statement again."),
    "another content in a statement's place": (_swapped_statement, "(other bytes than it was archived with). Restore"),
    "an expired token": (_expired, '"Token has expired." (code 1012). Generate a new token in Client Portal'),
    "a lockout": (_locked_out, "IBKR answered 1025: no request is sent before"),
    "a damaged request ledger": (
        lambda home: (home / "data" / "state.sqlite").write_bytes(b"no database" * 1000),
        "state.sqlite cannot be read or written: file is not a database. If neither permissions nor space",
    ),
    "a damaged storage of Dagster's": (
        _damaged_dagster,
        "cannot be used: file is not a database. Stop what uses it",
    ),
    "a Trade Confirmation query": (
        _arrived(flexml.file(root='queryName="q" type="TCF"')),
        "Use the id of an Activity Flex query (not Trade Confirmation).",
    ),
    "a query without positions": (
        _arrived(_ONLY_NAV),
        "Open Positions is not in the query, which costs positions, and the proof `positions`. Tick it",
    ),
    "a query without a vital field": (
        _arrived(_NO_VALUE),
        "Open Positions lacks the fields positionValue. Tick all of its fields.",
    ),
    "another period than asked": (
        _arrived(_SHORT, (date(2026, 11, 12), LAST)),
        "The statement covers 2026-11-19 to 2026-11-19, though 2026-11-12 to 2026-11-19 was asked for. Save the query",
    ),
    "a gateway that is not running": (
        lambda home: env(home, ENV + "IBKR_GATEWAY_URL=https://localhost:1\n"),
        "gateway: No gateway is running at https://localhost:1. Start it",
    ),
    "a gateway on another machine": (
        lambda home: env(home, ENV + "IBKR_GATEWAY_URL=https://192.0.2.1:5000\n"),
        "gateway: The gateway's address names another machine (192.0.2.1). Use the gateway on this machine",
    ),
    "certificates that are not there": (
        lambda home: env(home, IBKR + "REQUESTS_CA_BUNDLE=/missing/ca.pem\n"),
        "network: IBKR cannot be asked, because REQUESTS_CA_BUNDLE names /missing/ca.pem, which is not there. Correct",
    ),
    "a proxy that is none": (
        lambda home: env(home, IBKR + "HTTPS_PROXY=foo://me:hunter2@proxy\n"),
        "network: IBKR cannot be asked, because HTTPS_PROXY names a proxy of an unknown scheme (foo). Correct",
    ),
    "a daemon heard under a clock that was ahead": (
        lambda home: _daemon(DataFolder(home / "data"), heard=-3600 * 24 * 400),
        "daemon: Dagster's daemon was last heard under a clock that was wrong (",
    ),
    "a daemon that died": (
        lambda home: _daemon(DataFolder(home / "data"), heard=3600),
        "UTC. Start it with `wealth dev`, or as a service (docs/always-on.md).",
    ),
    "settings of Dagster's that are the user's own": (
        lambda home: (home / "data" / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n"),
        "dagster.yaml: {home}/data/dagster/dagster.yaml is your own, and lets runs come close together",
    ),
    "a schedule that is off": (
        lambda home: _daemon(DataFolder(home / "data"), heard=1, on=()),
        "schedule: after_market_close is off, so nothing comes by itself. Switch it on in the Dagster UI",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_set_up_is_one_sentence_that_says_how_to_fix_it(name: str, home: Path) -> None:
    breaks, sentence = BROKEN[name]
    breaks(home)
    status, lines = examined()
    assert status == 1
    problems = [line for line in lines if line.startswith("✗ ") and sentence.format(home=home) in line]
    assert len(problems) == 1, "\n".join(lines)
    found = sum(line.startswith("✗ ") for line in lines)
    assert lines[-1] == ("1 problem to fix." if found == 1 else f"{found} problems to fix.")


def test_a_clock_is_blamed_for_nothing_that_it_wrote_down_while_it_was_wrong(home: Path) -> None:
    _from_the_future(home)
    ahead = datetime.now(UTC) + timedelta(days=400)
    ledger = RequestLedger(home / "data" / "state.sqlite", MovableClock(ahead))
    ledger.finished(ledger.start("ibkr", "987654", Window(FIRST, LAST)), "received")
    status, lines = examined()
    assert status == 0, "\n".join(lines)
    assert not [line for line in lines if "2199-01-01" in line or f"{ahead:%Y-%m-%d}" in line]


def test_a_lockout_of_a_clock_that_was_ahead_ends_within_a_day(home: Path) -> None:
    clock = MovableClock(datetime.now(UTC) + timedelta(days=400))
    RequestLedger(home / "data" / "state.sqlite", clock).set_embargo(
        token_key(TOKEN), "ibkr", 1025, [timedelta(hours=24)]
    )
    _, lines = examined()
    (line,) = [line for line in lines if "no request is sent before" in line]
    until = re.findall(r"before (\S+ \S+) UTC", line)[0]
    assert datetime.fromisoformat(f"{until}+00:00") <= datetime.now(UTC) + timedelta(hours=24)


def test_a_clock_before_this_software_is_wrong() -> None:
    assert machine.clock(datetime(1970, 1, 1, tzinfo=UTC), ("UTC", "UTC"), None).grade == "problem"
    assert machine.clock(datetime.now(UTC), ("UTC", "UTC"), None).grade == "fine"


def test_foreign_files_in_the_archive_are_named_and_harm_nothing(home: Path) -> None:
    _foreign(home)
    status, lines = examined()
    assert status == 0, "\n".join(lines)
    (told,) = [line for line in lines if line.startswith("! archive: ")]
    assert "/._" in told
    assert " (conflicted copy).json: not of the archive, so nothing reads it." in told


def test_what_could_be_better_is_advice_and_no_failure(home: Path) -> None:
    """The guide's smaller query works; the doctor says what it costs."""
    _archive(DataFolder(home / "data"), _rendered(GUIDE))
    status, lines = examined()
    advice = "\n".join(line for line in lines if line.startswith("! query ibkr: "))
    for told in (
        "Change in NAV is not in the query, which costs the proofs `bridge` and `return`",
        "Every return is withheld: deposits and withdrawals are known from Change in NAV, broken out by day, or else",
        "together, of which the query lacks Cash Transactions and Transfers. Tick Change in NAV",
        "Open Dividend Accruals is not in the query, which costs the proof `dividends`",
        "Set Breakout by Day to Yes.",
        "Set Include Currency Rates to Yes.",
        "Tick its options Summary and Lots.",
    ):
        assert told in advice
    assert status == 0


def _unready(day: str) -> bytes:
    """A position in another currency, with a result that is not ready."""
    row = flexml.position(reportDate=None, fxRateToBase="1.1", currency="EUR", fifoPnlUnrealized="0")
    when = date.fromisoformat(day)
    told = flexml.flex(day=when, generated="20261120;060000", Message="<Message>P/L is not ready.</Message>",
                       EquitySummaryInBase=[flexml.nav(when)], OpenPositions=[row])  # fmt: skip
    return flexml.file(told)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (
            "2026-11-18",
            "Profit and loss of 2026-11-18 were not ready at IBKR. The next days' pulls ask for them again.",
        ),
        ("2026-11-10", "IBKR never filled the profit and loss of 2026-11-10: they stay unknown."),
    ],
)
def test_profit_and_loss_that_are_not_ready_are_told(home: Path, day: str, sentence: str) -> None:
    _arrived(_unready(day))(home)
    _arrived(flexml.file(flexml.flex(day=LAST, EquitySummaryInBase=[flexml.nav(LAST)])))(home)
    _, lines = examined()
    assert any(sentence in line for line in lines), lines


def test_costs_whose_currency_nothing_tells_are_told(home: Path) -> None:
    row = flexml.position(reportDate=None, fxRateToBase="1.1", currency="EUR", fifoPnlUnrealized="3")
    _arrived(flexml.file(flexml.flex(day=LAST, AccountInformation={"currency": "USD"}, OpenPositions=[row])))(home)
    _, lines = examined()
    assert any("Nothing says whether the cost basis of 1 position of 2026-11-19" in x for x in lines)


def _flows(*sections: str, twr: bool = True) -> list[str]:
    """What the doctor says of returns, of a query whose statement of a day has these sections."""
    change = {"startingValue": "1", "endingValue": "1"} | ({"twr": "0"} if twr else {})
    known: dict[str, Any] = {
        "ChangeInNAV": change,
        "CashReport": [flexml.cash()],
        "CashTransactions": [],
        "Transfers": [],
    }
    made = flexml.file(flexml.flex(day=LAST, **{name: known[name] for name in sections}))
    found = statement.judged("query", statement.survey(io.BytesIO(made)), None)
    return [one.sentence for one in found if "return" in one.sentence and "not in the query" not in one.sentence]


def test_returns_need_change_in_nav_or_three_sections_that_say_the_same_together() -> None:
    assert _flows("ChangeInNAV") == _flows("CashReport", "CashTransactions", "Transfers") == []
    (without_transfers,) = _flows("CashReport", "CashTransactions")
    assert without_transfers.startswith("Every return is withheld: ")
    assert (
        "of which the query lacks Transfers. Tick Change in NAV, and set Breakout by Day to Yes." in without_transfers
    )
    (without_twr,) = _flows("ChangeInNAV", twr=False)
    assert "lacks the field twr, so that no return can be compared with IBKR's own: the proof `return`" in without_twr


def test_what_was_measured_of_an_accounts_returns_is_said_and_what_is_withheld(home: Path) -> None:
    folder = DataFolder(home / "data")
    with duckdb.connect(str(folder.warehouse)) as con:
        con.execute("DELETE FROM flow_rules_seen; DELETE FROM returns_daily WHERE account_id <> 'U1000001'")
        con.execute(
            "INSERT INTO flow_rules_seen VALUES ('U1000001', '2026-11-18', 'end'), ('U1000001', '2026-11-19', 'end'),"
            " ('U1000001', '2026-11-19', 'grantActivity')"
        )
        con.execute(
            "UPDATE returns_daily SET status = 'withheld', reason = 'a rate is missing' WHERE report_date = ?", [LAST]
        )
    Warehouse(folder).publish()
    _, lines = examined()
    (line,) = [line for line in lines if "returns U" in line]
    assert line == (
        "! returns U1000001: 1 shown, 0 IBKR's own, 1 withheld; IBKR counts what goes out at the end of its day, and"
        " grantActivity as a flow, as 2 days show. The newest, of 2026-11-19: a rate is missing (docs/returns.md)."
    )


def test_before_the_first_run_it_tells_the_next_steps(clean_environment: Path) -> None:
    env(clean_environment, ENV)
    status, lines = examined()
    assert [line.split(":")[0] for line in lines if line.startswith("! ")] == ["! database", "! query", "! daemon"]
    assert status == 0
    assert not (clean_environment / "data").exists()


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_gateway_without_a_login_is_one_sentence_and_with_one_a_tick(home: Path) -> None:
    with SandboxGateway(rate_limits=False) as box:
        env(home, ENV + f"IBKR_GATEWAY_URL={box.gateway_url}\n")
        assert f"✓ gateway: logged in at {box.gateway_url}" in examined()[1]
        box.service.log_out()
        status, lines = examined()
        assert f"✗ gateway: Nobody is logged in to the gateway. Open {box.gateway_url} in a browser" in "\n".join(lines)
        assert status == 1


def test_ibkr_is_asked_only_on_request_and_one_time(home: Path) -> None:
    """A whole examination sends nothing; with --ask-ibkr one request goes out, and the statement is loaded."""
    with Sandbox(rate_limits=False, polls_before_ready=0) as box:
        url = f"IBKR_FLEX_URL={box.flex_url}\nIBKR_FLEX_QUERY_ID={box.query_id}\n"
        env(home, url + f"IBKR_FLEX_TOKEN={TOKEN}\n")
        examined()
        assert not box.service.requests
        status, lines = examined("--ask-ibkr")
        assert any(
            "IBKR ibkr: " in line and "(code 1015). Ensure that the full token was copied" in line for line in lines
        )
        assert status == 1
        env(home, url + f"IBKR_FLEX_TOKEN={box.token}\n")
        status, lines = examined("--ask-ibkr")
        assert any(line.startswith("✓ IBKR ibkr: sent the statement of ") for line in lines)
        (day,) = re.findall(r"✓ database: .* the newest (\S+)", "\n".join(lines))
        assert date.fromisoformat(day) > LAST
        assert status == 0
        sent = [request for request in box.service.requests if request.path.endswith("SendRequest")]
        assert len(sent) == 2
        with closing(sqlite3.connect(home / "data" / "state.sqlite")) as db:
            assert db.execute("SELECT outcome FROM flex_requests ORDER BY id").fetchall() == [
                ("failed",),
                ("received",),
            ]


# What cannot be broken from outside is given to the functions that look at it.


def test_an_older_python_is_told_and_this_one_is_fine() -> None:
    assert machine.python(">=3.11,<3.15").grade == "fine"
    old = machine.python(">=3.11,<3.15", "3.10.4")
    assert old.grade == "problem"
    assert old.sentence.startswith("Python 3.10.4 runs, >=3.11,<3.15 is declared. Install wealth_pipeline again with")


@pytest.mark.parametrize("told", ["duckdb 1.4.0 is installed, <3,>=2.0 is declared", "pyarrow is not installed"])
def test_a_package_outside_its_range_is_told(told: str) -> None:
    def installed(name: str) -> str:
        if told == f"{name} is not installed":
            raise PackageNotFoundError(name)
        return "1.4.0" if name == told.split(" ")[0] else "26.1"

    found = machine.packages(["duckdb<3,>=2.0", "pyarrow>=26,<27", 'pytest<10; extra == "dev"'], installed)
    if "duckdb" in told:
        assert (
            found.sentence
            == f"{told}. Install wealth_pipeline again (in a clone: `make clean`, then `make demo`); your data stay."
        )
    else:
        assert told in found.sentence
    assert found.grade == "problem"
    assert machine.packages(requires("wealth-pipeline") or []).grade == "fine"


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that others on this machine can reach; pytest's own are private."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_data_folder_that_others_can_read_is_told(public: Path) -> None:
    data = public / "data"
    data.mkdir()
    data.chmod(0o755)
    assert machine.privacy(data).grade == "problem"
    assert f"{data} can be read by others on this machine. Run `chmod 700 {data}`;" in machine.privacy(data).sentence
    public.chmod(0o700)
    assert machine.privacy(data).grade == "advice"
    public.chmod(0o755)
    data.chmod(0o700)
    assert machine.privacy(data).grade == "fine"


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    full = machine.disk_space(tmp_path / "data", lambda path: 200_000_000)
    assert full == Finding.problem(
        "disk",
        f"Only 0.2 GB free on the disk of {tmp_path}, and 1.1 are needed. Free some, or move the folder"
        " (WEALTH_DATA_DIR).",
    )


def test_a_token_near_its_end_is_advice() -> None:
    made = Connection("ibkr", "1", "IBKR_FLEX_TOKEN", prefixed=False, token_made=date(2026, 1, 15))
    told = {
        day: configuration.token(made, {"IBKR_FLEX_TOKEN": TOKEN}, day).grade
        for day in (date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 15))
    }
    assert list(told.values()) == ["fine", "advice", "problem"]


def test_a_late_statement_is_not_taken_for_a_wrong_period() -> None:
    survey = statement.survey(io.BytesIO(_rendered(FULL)))
    (late,) = statement.judged("query", survey, (FIRST, date(2026, 11, 20)))
    assert late.grade == "advice"
    assert "IBKR was late" in late.sentence
