"""From the gateway to the archive and the tables: every digit, no secret, no name."""

from __future__ import annotations

import gzip
import json
import os
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from wealth_pipeline.gateway import live, snapshot, store
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.errors import UnexpectedReply
from wealth_pipeline.published.published import Published
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.tables.live import LIVE_TABLES
from wealth_pipeline_tests.clocks import MovableClock

from .conftest import Connect

pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")

AMOUNTS = {"netliquidationvalue": "1005165.5", "cashbalance": "971869.6", "exchangerate": "1"}


@pytest.fixture(autouse=True)
def _settled(clock: MovableClock) -> None:
    """A minute after the gateway was logged in to."""
    clock.advance(minutes=1)


def taken(client: GatewayClient, clock: MovableClock) -> str:
    with client:
        return snapshot.take(client, clock.now())


def text_of(ledger: str, positions: str = "[]", currency: str = "USD") -> str:
    """A snapshot as it is archived, with the JSON of the gateway's replies."""
    description = f'{{"accountId":"U1","currency":"{currency}"}}'
    return (
        f'{{"captured_at":"2026-07-22T14:00:00","accounts":[{{"description":{description},'
        f'"ledger":{ledger},"positions":{positions}}}]}}'
    )


def rows(data_dir: Path, query: str) -> list[Any]:
    with duckdb.connect() as con:
        assert live.attach(con, data_dir)
        return con.execute(query).fetchall()


def test_what_is_loaded_is_what_the_household_has(client: GatewayClient, clock: MovableClock, tmp_path: Path) -> None:
    sha256 = store.archive(tmp_path, taken(client, clock))
    loaded = store.load(tmp_path)
    household, day = Household(), date(2026, 7, 21)
    for nav in live.latest_nav(tmp_path):
        books = household.day(nav.account_id, day)
        assert nav.base_currency == books.account.base
        # Single precision: seven digits.
        assert abs(nav.net_liquidation - books.total) <= books.total * Decimal("1e-7")
        assert nav.captured_at == datetime(2026, 7, 22, 14, 1)  # noqa: DTZ001
        cash = dict(rows(tmp_path, f"SELECT currency, cash FROM live.live_cash WHERE account_id = '{nav.account_id}'"))
        assert "BASE" not in cash
        for currency, amount in cash.items():
            assert abs(amount - books.cash[currency].end) <= abs(amount) * Decimal("1e-7")
    assert loaded.rows["live_nav"] == 2
    assert rows(tmp_path, "SELECT DISTINCT snapshot_sha256, report_date FROM live.live_nav") == [
        (sha256, date(2026, 7, 22))
    ]
    held = len(household.day("U1000001", day).positions) + len(household.day("U1000002", day).positions)
    assert loaded.rows["live_positions"] == held == rows(tmp_path, "SELECT count(*) FROM live.live_positions")[0][0]


def test_the_currencies_add_up_to_the_total_and_base_is_not_one_of_them(
    client: GatewayClient, clock: MovableClock, tmp_path: Path
) -> None:
    store.archive(tmp_path, taken(client, clock))
    store.load(tmp_path)
    for sum_, total in rows(
        tmp_path,
        "SELECT sum(c.net_liquidation::DOUBLE * c.fx_rate_to_base::DOUBLE), any_value(n.net_liquidation)::DOUBLE"
        " FROM live.live_cash c JOIN live.live_nav n USING (captured_at, account_id) GROUP BY account_id",
    ):
        assert sum_ == pytest.approx(total, rel=1e-6)


def test_without_base_the_total_is_derived_in_the_accounts_own_base_currency(
    client: GatewayClient, gateway: SandboxGateway, clock: MovableClock, tmp_path: Path
) -> None:
    gateway.service.base_total = False
    store.archive(tmp_path, taken(client, clock))
    store.load(tmp_path)
    assert rows(tmp_path, "SELECT DISTINCT derived FROM live.live_nav") == [(True,)]
    nav = {n.account_id: n for n in live.latest_nav(tmp_path)}["U1000002"]
    total = Household().day("U1000002", date(2026, 7, 21)).total
    assert nav.base_currency == "EUR"
    assert abs(nav.net_liquidation - total) <= total * Decimal("1e-6")


def test_a_terse_gateway_loads_too(
    client: GatewayClient, gateway: SandboxGateway, clock: MovableClock, tmp_path: Path
) -> None:
    gateway.service.terse = True
    store.archive(tmp_path, taken(client, clock))
    store.load(tmp_path)
    assert rows(tmp_path, "SELECT count(*), count(average_cost) FROM live.live_positions")[0][1] == 0


def test_no_secret_and_no_name_is_kept(client: GatewayClient, clock: MovableClock, tmp_path: Path) -> None:
    store.archive(tmp_path, taken(client, clock))
    store.load(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    contents = [gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files]
    assert any(b"netliquidationvalue" in content for content in contents)
    for word in (b"Quillfeather", b"a-secret-of-the-session", b"sessionid", b"userId", b"AA:BB:CC", b"SandboxUSD"):
        assert not any(word in content for content in contents)


def test_the_archive_keeps_the_digits_and_is_never_changed(tmp_path: Path) -> None:
    text = snapshot._written({"captured_at": "2026-07-22T14:00:00", "a": [Decimal("584.31333335"), Decimal("1.50"), 3]})
    assert text == '{"captured_at":"2026-07-22T14:00:00","a":[584.31333335,1.50,3]}'
    sha256 = store.archive(tmp_path, text)
    path = tmp_path / "archive" / "gateway" / sha256[:2] / f"{sha256}.json.gz"
    before = path.stat().st_mtime_ns
    assert store.archive(tmp_path, text) == sha256
    assert path.stat().st_mtime_ns == before
    assert path.stat().st_mode & 0o777 == 0o600
    assert gzip.decompress(path.read_bytes()).decode() == text
    assert json.loads(path.with_name(f"{sha256}.json").read_text())["source"] == "gateway"
    # The archive of statements looks at `??/*.json` only.
    assert not list((tmp_path / "archive").glob("??/*.json"))


@pytest.mark.parametrize(
    "written, loaded",
    [
        ("1005165.5", "1005165.5"),
        ("1.0051655E6", "1005165.5"),
        ('"1754.04"', "1754.04"),
        ("215100080", "215100080"),
        ("0.1234567890125", "0.123456789012"),
        ("0.1234567890135", "0.123456789014"),
        ("-0.0", "0"),
    ],
)
def test_a_number_is_kept_as_written_to_twelve_decimals(written: str, loaded: str) -> None:
    ledger = f'{{"BASE":{{"netliquidationvalue":{written}}},"USD":{{"cashbalance":1}}}}'
    table = snapshot.read(text_of(ledger), "0" * 64).tables["live_nav"]
    assert table["net_liquidation"][0].as_py() == Decimal(loaded)


@pytest.mark.parametrize("written", ["null", "true", '"n/a"', "{}", "[]"])
def test_what_is_no_number_is_unknown_and_not_zero(written: str) -> None:
    ledger = f'{{"BASE":{{"netliquidationvalue":1,"interest":{written}}}}}'
    assert snapshot.read(text_of(ledger), "0" * 64).tables["live_nav"]["interest"][0].as_py() is None


def test_types_that_wobble_come_out_the_same() -> None:
    positions = (
        '[{"conid":1,"position":1,"strike":0.0,"multiplier":null,"expiry":null,"model":""},'
        '{"conid":"2","position":"1","strike":"350","multiplier":100.0,"expiry":"20261218","model":"Growth"}]'
    )
    table = snapshot.read(text_of('{"BASE":{"netliquidationvalue":1}}', positions), "0" * 64).tables["live_positions"]
    assert [row["conid"] for row in table.to_pylist()] == ["1", "2"]
    assert [row["model"] for row in table.to_pylist()] == [None, "Growth"]
    assert [row["strike"] for row in table.to_pylist()] == [0, 350]
    assert [row["expiry"] for row in table.to_pylist()] == [None, date(2026, 12, 18)]


BROKEN = {
    "no total, and none to derive": ('{"USD":{"netliquidationvalue":1}}', "[]", "live_nav.net_liquidation"),
    "a position without a quantity": (
        '{"BASE":{"netliquidationvalue":1}}',
        '[{"conid":1}]',
        "live_positions.quantity",
    ),
    "an amount beyond all measure": ('{"BASE":{"netliquidationvalue":1e20}}', "[]", "live_nav.net_liquidation"),
    "no shape at all": ("[]", "[]", "does not have the shape"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_snapshot_that_breaks_a_rule_is_noted_and_the_others_are_loaded(broken: str, tmp_path: Path) -> None:
    ledger, positions, named = BROKEN[broken]
    store.archive(tmp_path, text_of('{"BASE":{"netliquidationvalue":7}}'))
    store.archive(tmp_path, text_of(ledger, positions))
    with pytest.raises(UnexpectedReply) as caught:
        store.load(tmp_path)
    assert named in str(caught.value)
    assert [nav.net_liquidation for nav in live.latest_nav(tmp_path)] == [7]
    assert sorted(rows(tmp_path, "SELECT status FROM live.live_snapshots")) == [("loaded",), ("rejected",)]
    store.load(tmp_path)  # It is not tried again.


@pytest.mark.parametrize("swapped", ["another snapshot", "a flipped digit", "cut off", "a pipe"])
def test_a_snapshot_that_is_not_what_was_archived_does_not_enter(swapped: str, tmp_path: Path) -> None:
    """It is loaded once it was restored; until then each load names it."""
    store.archive(tmp_path, text_of('{"BASE":{"netliquidationvalue":7}}'))
    text = text_of('{"BASE":{"netliquidationvalue":8}}').replace("14:00", "14:15")
    sha256 = store.archive(tmp_path, text)
    packed = tmp_path / "archive" / "gateway" / sha256[:2] / f"{sha256}.json.gz"
    whole = packed.read_bytes()
    packed.unlink()
    if swapped == "a pipe":
        os.mkfifo(packed)
    else:
        other = text.replace('":8', '":9') if swapped == "a flipped digit" else text.replace("14:15", "14:30")
        packed.write_bytes(whole[:-9] if swapped == "cut off" else gzip.compress(other.encode()))
    if swapped != "a pipe":  # a pipe is a foreign file, which the doctor names
        with pytest.raises(UnexpectedReply, match=re.escape(str(packed))):
            store.load(tmp_path)
    else:
        store.load(tmp_path)
    assert [nav.net_liquidation for nav in live.latest_nav(tmp_path)] == [7]
    assert rows(tmp_path, "SELECT status FROM live.live_snapshots") == [("loaded",)]
    packed.unlink()
    packed.write_bytes(whole)
    store.load(tmp_path)
    assert [nav.net_liquidation for nav in live.latest_nav(tmp_path)] == [8]


def test_foreign_files_among_the_snapshots_are_left_alone(tmp_path: Path) -> None:
    sha256 = store.archive(tmp_path, text_of('{"BASE":{"netliquidationvalue":7}}'))
    copy = tmp_path / "archive" / "gateway" / sha256[:2] / f"._{sha256}.json.gz"
    copy.write_bytes(b"\x00\x05\x16\x07")
    store.load(tmp_path)
    assert [path for path, ours in store.archived(tmp_path) if not ours] == [copy]


def test_the_database_is_made_again_from_the_archive(
    client: GatewayClient, clock: MovableClock, tmp_path: Path
) -> None:
    for _ in range(2):
        store.archive(tmp_path, taken(client, clock))
        store.load(tmp_path)
        clock.advance(minutes=5)
    before = {t.name: sorted(rows(tmp_path, f"SELECT * FROM live.{t.name}"), key=str) for t in LIVE_TABLES}
    assert len(before["live_nav"]) == 4
    (tmp_path / "live.duckdb").unlink()
    store.load(tmp_path)
    assert {t.name: sorted(rows(tmp_path, f"SELECT * FROM live.{t.name}"), key=str) for t in LIVE_TABLES} == before


def test_a_reader_neither_blocks_nor_is_disturbed(tmp_path: Path) -> None:
    store.archive(tmp_path, text_of('{"BASE":{"netliquidationvalue":7}}'))
    store.load(tmp_path)
    target = tmp_path / "live.duckdb"
    assert target.stat().st_mode & 0o777 == 0o400
    log = target.with_name("live.duckdb.wal")
    log.unlink()  # the link that keeps logs away
    log.write_bytes(b"stale")
    with duckdb.connect(str(tmp_path / "live.duckdb") if os.geteuid() else ":memory:", read_only=bool(os.geteuid())):
        store.archive(tmp_path, text_of('{"BASE":{"netliquidationvalue":8}}').replace("14:00", "14:15"))
        store.load(tmp_path)
    assert live.latest_nav(tmp_path)[0].net_liquidation == 8
    assert rows(tmp_path, "SELECT count(*) FROM live.live_nav") == [(2,)]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "archive",
        "live.duckdb",
        "live.duckdb.wal",
        "live.lock",
    ]


def test_without_a_snapshot_there_are_no_live_figures(tmp_path: Path) -> None:
    with pytest.raises(live.NoLiveFigures, match="There are no live balances yet"):
        live.latest_nav(tmp_path)


def test_the_drift_compares_a_days_last_live_nav_with_its_statement(tmp_path: Path) -> None:
    for hour, value in (("13:30", 100), ("20:00", 110)):
        told = text_of(f'{{"BASE":{{"netliquidationvalue":{value}}}}}').replace("14:00", hour)
        store.archive(tmp_path, told)
    store.load(tmp_path)
    official = tmp_path / "wealth.duckdb"
    assert Published(official).drift(tmp_path) == []
    with duckdb.connect(str(official)) as con:
        con.execute("CREATE TABLE nav_history (account_id VARCHAR, report_date DATE, total DECIMAL(28,12))")
        con.execute("INSERT INTO nav_history VALUES ('U1', '2026-07-21', 90), ('U1', '2026-07-22', 108.5)")
    (day,) = Published(official).drift(tmp_path)
    assert day.report_date == date(2026, 7, 22)
    assert (day.live, day.official, day.drift) == (Decimal(110), Decimal("108.5"), Decimal("-1.5"))


def test_an_account_that_is_not_open_is_left_out(connect: Connect, gateway: SandboxGateway) -> None:
    class Closed(GatewayClient):
        def _rows(self, path: str) -> list[dict[str, Any]]:
            return [{"id": "U1", "clearingStatus": "C"}, {"id": "U2", "clearingStatus": "O"}]

    client = connect()
    with Closed(client.address, client._state) as closed:
        assert [closed.account_id(account) for account in closed.accounts()] == ["U2"]


def test_the_new_york_day_is_the_day_of_the_snapshot() -> None:
    text = text_of('{"BASE":{"netliquidationvalue":1}}').replace("2026-07-22T14:00", "2026-07-23T03:59")
    assert snapshot.read(text, "0" * 64).tables["live_nav"]["report_date"][0].as_py() == date(2026, 7, 22)


def test_a_snapshot_of_a_clock_that_was_ahead_is_not_the_newest_for_years(tmp_path: Path) -> None:
    text = text_of('{"BASE":{"netliquidationvalue":7}}')
    store.archive(tmp_path, text.replace("2026-07-22", "2199-07-22"))
    store.load(tmp_path)
    assert [nav.captured_at.year for nav in live.latest_nav(tmp_path)] == [2199], "there is no other"
    store.archive(tmp_path, text)
    store.load(tmp_path)
    assert [nav.captured_at.year for nav in live.latest_nav(tmp_path)] == [2026]
