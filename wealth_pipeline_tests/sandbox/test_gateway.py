"""The sandbox gateway over HTTPS: session, limits, shapes, figures."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import requests

from wealth_pipeline.sandbox.gateway.gateway_faults import FAULTS
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
from wealth_pipeline.sandbox.household.household import shared_household

pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")


class Clock:
    present = datetime(2026, 7, 22, 14, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.present

    def seconds(self) -> float:
        return self.present.timestamp()

    def advance(self, **duration: float) -> None:
        self.present += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Iterator[SandboxGateway]:
    with SandboxGateway(now=clock.now, clock=clock.seconds) as running:
        yield running


def ask(box: SandboxGateway, path: str, method: str = "GET") -> requests.Response:
    address = f"{box.gateway_url}/v1/api{path}"
    return requests.request(method, address, timeout=5, verify=str(box.certificate), allow_redirects=False)


def status(box: SandboxGateway) -> Any:
    return ask(box, "/iserver/auth/status", "POST").json()


def test_its_certificate_is_made_at_start_and_names_localhost(box: SandboxGateway) -> None:
    # Verified, with the certificate itself as the authority: the name fits.
    assert ask(box, "/iserver/auth/status").status_code == 200
    with SandboxGateway() as other:
        assert other.fingerprint != box.fingerprint
    mode = stat.S_IMODE(box.certificate.with_name("key.pem").stat().st_mode)
    assert mode == 0o600
    assert ssl.PEM_cert_to_DER_cert(box.certificate.read_text())


def test_it_leaves_no_key_behind() -> None:
    with SandboxGateway() as gone:
        folder = gone.certificate.parent
    assert not folder.exists()


def test_it_can_be_stopped_and_started_on_the_same_port_without_a_session(box: SandboxGateway) -> None:
    box.stop()
    with pytest.raises(requests.ConnectionError):
        status(box)
    box.start()
    assert status(box)["authenticated"] is False


def test_a_port_that_is_taken_is_an_error(box: SandboxGateway) -> None:
    with pytest.raises(OSError, match="in use"), SandboxGateway(box.port):
        pass


def test_the_session_is_shown_in_ibkrs_fields(box: SandboxGateway) -> None:
    shown = status(box)
    assert (shown["authenticated"], shown["connected"], shown["competing"]) == (True, True, False)
    box.service.compete()
    assert status(box)["competing"] is True
    box.service.log_out()
    assert set(status(box)) == {"authenticated", "competing", "connected", "MAC"}
    assert ask(box, "/tickle", "POST").json() == {"error": "not authenticated", "statusCode": 401}


def test_six_idle_minutes_end_the_session_and_tickles_keep_it(box: SandboxGateway, clock: Clock) -> None:
    for _ in range(5):
        clock.advance(minutes=5)
        assert ask(box, "/tickle", "POST").json()["iserver"]["authStatus"]["authenticated"] is True
    clock.advance(minutes=6, seconds=1)
    assert (status(box)["authenticated"], status(box)["connected"]) == (False, True)
    assert ask(box, "/portfolio/accounts").json()["error"] == "Bad Request: no bridge"


def test_midnight_in_new_york_ends_the_session_whatever_is_done(box: SandboxGateway, clock: Clock) -> None:
    clock.present = datetime(2026, 7, 23, 3, 58, tzinfo=UTC)
    box.service.log_in()
    clock.advance(minutes=1)
    assert status(box)["authenticated"] is True
    clock.advance(minutes=2)
    assert ask(box, "/portfolio/accounts").status_code == 401


def test_a_lasting_session_ends_only_when_somebody_ends_it(clock: Clock) -> None:
    """The gateway of `wealth dev` on the sandbox, whose sensor may be off for days."""
    with SandboxGateway(now=clock.now, clock=clock.seconds, lasting=True) as lasting:
        clock.advance(days=3)
        assert (status(lasting)["authenticated"], status(lasting)["connected"]) == (True, True)
        assert ask(lasting, "/portfolio/accounts").status_code == 200
        lasting.service.log_out()
        assert lasting.service.session == "logged_out"


def test_accounts_have_to_be_asked_for_first(box: SandboxGateway) -> None:
    assert ask(box, "/portfolio/U1000001/ledger").json()["error"] == "Please query /accounts first"
    assert [row["accountId"] for row in ask(box, "/portfolio/accounts").json()] == ["U1000001", "U1000002"]
    assert ask(box, "/portfolio/U1000001/ledger").status_code == 200
    assert "accountId is not valid" in ask(box, "/portfolio/U9/ledger").json()["error"]


@pytest.mark.parametrize(
    "path, method, gap", [("/portfolio/accounts", "GET", 5), ("/tickle", "POST", 1), ("/sso/validate", "GET", 60)]
)
def test_a_path_asked_too_soon_ends_in_the_penalty_box(
    path: str, method: str, gap: int, box: SandboxGateway, clock: Clock
) -> None:
    ask(box, path, method)
    clock.advance(seconds=gap)
    assert ask(box, path, method).status_code == 200
    clock.advance(seconds=gap - 0.1)
    assert ask(box, path, method).status_code == 429
    clock.advance(minutes=14)
    assert ask(box, "/iserver/auth/status").status_code == 429
    clock.advance(minutes=15)
    assert ask(box, "/iserver/auth/status").status_code == 200


def test_eleven_requests_in_a_second_are_too_many(box: SandboxGateway) -> None:
    answers = [ask(box, "/iserver/auth/status").status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_without_limits_nothing_is_refused(clock: Clock) -> None:
    with SandboxGateway(now=clock.now, clock=clock.seconds, rate_limits=False) as box:
        assert {ask(box, "/portfolio/accounts").status_code for _ in range(12)} == {200}


def test_the_ledger_is_the_latest_complete_days_books_in_single_precision(box: SandboxGateway) -> None:
    ask(box, "/portfolio/accounts")
    for account in ("U1000001", "U1000002"):
        ledger = ask(box, f"/portfolio/{account}/ledger").json()
        books = shared_household().day(account, date(2026, 7, 21))
        base = ledger.pop("BASE")
        assert base["netliquidationvalue"] == float(str(np.float32(float(books.total))))
        assert base["currency"] == "BASE"
        for currency, entry in ledger.items():
            assert entry["cashbalance"] == pytest.approx(float(books.cash[currency].end), rel=1e-6)
        added = sum(e["netliquidationvalue"] * e["exchangerate"] for e in ledger.values())
        assert added == pytest.approx(base["netliquidationvalue"], rel=1e-6)


def test_positions_come_in_pages_of_100_until_an_empty_one(clock: Clock) -> None:
    with SandboxGateway(now=clock.now, clock=clock.seconds, positions=250) as box:
        ask(box, "/portfolio/accounts")
        pages = [ask(box, f"/portfolio/U1000001/positions/{page}").json() for page in range(4)]
        assert [len(page) for page in pages] == [100, 100, 50, 0]
        ledger = ask(box, "/portfolio/U1000001/ledger").json()
    invented = [row for page in pages for row in page if row["contractDesc"].startswith("PAD")]
    books = shared_household().day("U1000001", date(2026, 7, 21))
    total = books.total + 125 * len(invented)
    assert ledger["BASE"]["netliquidationvalue"] == pytest.approx(float(total), rel=1e-7)


def test_the_types_of_a_position_wobble_as_ibkrs_do(box: SandboxGateway) -> None:
    ask(box, "/portfolio/accounts")
    rows = ask(box, "/portfolio/U1000001/positions/0").json()
    assert {type(row["strike"]) for row in rows} == {str, float}
    assert {type(row["multiplier"]) for row in rows} == {type(None), float}
    books = shared_household().day("U1000001", date(2026, 7, 21))
    held = {p.instrument.conid: p for p in books.positions if not p.model}
    for row in rows:
        if not row["model"]:
            assert Decimal(str(row["position"])) == held[row["conid"]].quantity


def test_a_person_logs_in_at_the_address_in_the_browser(box: SandboxGateway) -> None:
    box.service.log_out()
    page = requests.get(box.gateway_url, timeout=5, verify=str(box.certificate))
    assert "<b>logged out</b>" in page.text
    page = requests.post(f"{box.gateway_url}/sandbox/log-in", timeout=5, verify=str(box.certificate))
    assert "<b>logged in</b>" in page.text
    assert status(box)["authenticated"] is True
    assert requests.post(f"{box.gateway_url}/sandbox/x", timeout=5, verify=str(box.certificate)).status_code == 404


def test_it_can_start_without_a_session() -> None:
    with SandboxGateway(logged_in=False) as box:
        assert status(box)["authenticated"] is False


def test_logging_out_and_validating_as_ibkr_does(box: SandboxGateway, clock: Clock) -> None:
    assert ask(box, "/sso/validate").json()["RESULT"] is True
    assert ask(box, "/logout", "POST").json() == {"status": True}
    clock.advance(minutes=1)
    assert ask(box, "/sso/validate").status_code == 401


def test_faults_are_used_up_by_the_requests_they_are_for(box: SandboxGateway) -> None:
    box.service.script("503", path="/portfolio")
    assert status(box)["authenticated"] is True
    assert ask(box, "/portfolio/accounts").status_code == 503
    with pytest.raises(ValueError, match="there are: 401, 403"):
        box.service.script("nothing")
    assert all(FAULTS.values())
