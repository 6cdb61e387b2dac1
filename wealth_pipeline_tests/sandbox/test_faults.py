"""Each fault, as a client sees it over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
import requests

from wealth_pipeline.sandbox.flex.faults import GET, MESSAGES, NAMES, SEND, Faults
from wealth_pipeline.sandbox.flex.server import Sandbox

from .conftest import amount
from .flex_client import Client, Clock, error


@pytest.fixture
def clock() -> Clock:
    """The test's clock."""
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[Client]:
    """A client of a sandbox that keeps no limits and whose statements are ready at once."""
    with Sandbox(now=clock.now, clock=clock.seconds, rate_limits=False, polls_before_ready=0) as box:
        yield Client(box)


def test_every_error_code_at_either_call(client: Client) -> None:
    """All of IBKR's codes and an unknown one; then the service works again."""
    reference = client.reference()
    for code in MESSAGES:
        client.box.service.faults.script(code, call=SEND)
        client.box.service.faults.script(code, call=GET)
        assert error(client.send()) == code
        assert error(client.get(reference)) == code
    client.statement()
    assert not {"1002", "1022"} & set(MESSAGES)
    assert set(MESSAGES) >= {"1001", "1025", "1099", *map(str, range(1003, 1022))}


def test_faults_come_in_order_and_are_used_up(client: Client) -> None:
    """Counts, and good answers between bad ones."""
    faults = client.box.service.faults
    faults.script("1001", 2)
    faults.script("ok")
    faults.script("http-500")
    assert [error(client.send()) for _ in range(2)] == ["1001", "1001"]
    client.reference()
    assert client.call("SendRequest").status_code == 500
    client.reference()
    answers = [entry.answer for entry in client.box.service.requests]
    assert answers == ["1001", "1001", "reference", "http-500", "reference"]


@pytest.mark.parametrize("status", [404, 500, 503])
@pytest.mark.parametrize("call", [SEND, GET])
def test_http_errors(client: Client, status: int, call: str) -> None:
    """An HTML page with the status."""
    client.box.service.faults.script(f"http-{status}", call=call)
    response = client.call(call)
    assert response.status_code == status
    assert "text/html" in response.headers["content-type"]


def test_html_with_status_200(client: Client) -> None:
    """A maintenance page."""
    client.box.service.faults.script("html")
    response = client.call("SendRequest")
    assert (response.status_code, response.text[:6]) == (200, "<html>")


def test_truncated_waits_for_a_statement_that_is_ready(clock: Clock) -> None:
    """Half a statement in a whole answer; polls before it don't use the fault up."""
    with Sandbox(now=clock.now, rate_limits=False, polls_before_ready=2) as box:
        client = Client(box)
        box.service.faults.script("truncated")
        reference = client.reference()
        assert [error(client.get(reference)) for _ in range(2)] == ["1019", "1019"]
        half = client.call("GetStatement", q=reference)
        with pytest.raises(ElementTree.ParseError):
            ElementTree.fromstring(half.content)
        whole = client.call("GetStatement", q=reference).content
        assert len(half.content) == len(whole) // 2
        assert whole.startswith(half.content)


def test_connection_resets(client: Client) -> None:
    """Before any header, and in the middle of the body."""
    client.box.service.faults.script("reset")
    with pytest.raises(requests.ConnectionError):
        client.send()
    client.box.service.faults.script("reset", call=GET)
    reference = client.reference()
    with pytest.raises(requests.ConnectionError):
        client.get(reference)
    client.box.service.faults.script("reset-body")
    response = requests.get(
        f"{client.box.flex_url}/GetStatement",
        {"t": client.box.token, "q": reference, "v": "3"},
        headers={"User-Agent": "Java"},
        stream=True,
        timeout=10,
    )
    assert response.status_code == 200
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ = response.content
    assert client.get(reference).tag == "FlexQueryResponse"


@pytest.mark.parametrize("call", [SEND, GET])
def test_no_answer(client: Client, call: str) -> None:
    """The client's timeout ends it; afterwards the service answers again."""
    client.box.service.faults.script("hang", call=call)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{client.box.flex_url}/{call}", headers={"User-Agent": "Java"}, timeout=0.1)
    client.statement()


def test_slow_drip(client: Client) -> None:
    """A byte, then a pause, so that no single read times out."""
    client.box.service.faults.script("drip")
    client.box.service.faults.drip_seconds = 0.05
    reference = client.reference()
    response = requests.get(
        f"{client.box.flex_url}/GetStatement",
        {"t": client.box.token, "q": reference, "v": "3"},
        headers={"User-Agent": "Java"},
        stream=True,
        timeout=1,
    )
    pieces = response.iter_content(chunk_size=None)
    assert [next(pieces) for _ in range(3)] == [b"<", b"F", b"l"]
    response.close()


def test_a_huge_body_is_still_a_statement(client: Client) -> None:
    """White space above the limit of a reader."""
    client.box.service.faults.script("huge")
    client.box.service.faults.huge_bytes = 3_000_000
    response = client.call("GetStatement", q=client.reference())
    assert len(response.content) > 3_000_000
    assert client.parsed(response).tag == "FlexQueryResponse"


def test_a_url_that_points_elsewhere(client: Client) -> None:
    """The reply names another host; the reference works on this one."""
    client.box.service.faults.script("url")
    reply = client.send()
    assert reply.findtext("Url") == client.box.service.faults.foreign_url
    assert "interactivebrokers.com" not in client.box.service.faults.foreign_url
    assert client.get(reply.findtext("ReferenceCode") or "").tag == "FlexQueryResponse"


def test_tags_in_another_case(client: Client) -> None:
    """The reply to SendRequest, good or bad, in lower case."""
    client.box.service.faults.script("lowercase", 2)
    reply = client.send()
    assert (reply.tag, reply.findtext("status")) == ("flexstatementresponse", "Success")
    assert reply.findtext("referencecode")
    assert client.send(q="7").findtext("errorcode") == "1014"


def test_version_2_replies(client: Client) -> None:
    """Although version 3 was asked for."""
    client.box.service.faults.script("version-2")
    assert (client.send().findtext("code") or "").isdecimal()


def test_a_shorter_window(client: Client) -> None:
    """Success, but only the last day came, also when it is fetched again."""
    window = {"fd": "20260713", "td": "20260719"}
    client.box.service.faults.script("short")
    reference = client.reference(**window)
    for _ in range(2):
        statements = list(client.get(reference).iter("FlexStatement"))
        assert {(s.attrib["fromDate"], s.attrib["toDate"]) for s in statements} == {("20260717", "20260717")}
        assert {s.attrib["period"] for s in statements} == {"LastBusinessDay"}
    assert client.windows(**window) == {("20260713", "20260719")}


def test_a_late_statement(client: Client, clock: Clock) -> None:
    """The latest day isn't there: the window ends before it, or nothing is there; later it is."""
    client.box.service.faults.late_until = clock.now() + timedelta(hours=3)
    assert client.windows(fd="20260713", td="20260721") == {("20260713", "20260720")}
    assert error(client.send(fd="20260721", td="20260721")) == "1003"
    clock.advance(hours=3)
    assert client.windows(fd="20260713", td="20260721") == {("20260713", "20260721")}
    client.box.service.faults.script("late")
    assert client.windows(fd="20260713", td="20260721") == {("20260713", "20260720")}


def _totals(response: ElementTree.Element) -> dict[tuple[str, str], Decimal]:
    return {
        (row.attrib["accountId"], row.attrib["reportDate"]): amount(row, "total")
        for row in response.iter("EquitySummaryByReportDateInBase")
    }


def test_a_restated_day(client: Client, clock: Clock) -> None:
    """From the given time on, the fee is in its day and all later ones, and in the cash transactions."""
    window = {"q": client.box.query_id, "fd": "20260713", "td": "20260721"}
    before = client.statement(**window)
    client.box.service.faults.restate("U1000002", date(2026, 7, 15), clock.now() + timedelta(hours=1))
    assert _totals(client.statement(**window)) == _totals(before)
    reference = client.reference(**window)
    clock.advance(hours=1)
    assert _totals(client.get(reference)) == _totals(before)
    after = client.statement(**window)
    changed = {key: old - _totals(after)[key] for key, old in _totals(before).items() if old != _totals(after)[key]}
    assert set(changed) == {("U1000002", f"202607{day}") for day in (15, 16, 17, 20, 21)}
    assert set(changed.values()) == {Decimal("1.25")}
    ids = [
        {row.attrib["transactionID"] for row in statement.iter("CashTransaction")} - {""}
        for statement in (before, after)
    ]
    assert (len(ids[1] - ids[0]), ids[0] - ids[1]) == (1, set())


def test_a_restated_day_by_name(client: Client) -> None:
    """The command line's form: five weekdays before the latest."""
    window = {"fd": "20260713", "td": "20260721"}
    before = _totals(client.statement(**window))
    client.box.service.faults.script("restated")
    after = _totals(client.statement(**window))
    changed = [key for key, total in before.items() if total != after[key]]
    assert changed == [("U1000001", f"202607{day}") for day in (14, 15, 16, 17, 20, 21)]


def test_an_expired_token(client: Client) -> None:
    """1012 at both calls, until it is renewed."""
    reference = client.reference()
    client.box.service.faults.script("expired")
    assert error(client.send()) == "1012"
    assert error(client.get(reference)) == "1012"
    client.box.service.renew_token()
    client.statement()


def test_a_lockout_lasts_longer_with_every_retry(client: Client, clock: Clock) -> None:
    """1025 for a day after the latest request."""
    client.box.service.faults.script("lockout")
    assert error(client.send()) == "1025"
    clock.advance(hours=23)
    assert error(client.send()) == "1025"
    clock.advance(hours=23)
    assert error(client.send()) == "1025"
    clock.advance(hours=25)
    client.reference()


def test_too_many_failures_lock_the_token_out(clock: Clock) -> None:
    """Ten failed SendRequests in a row; a success in between starts the count again."""
    with Sandbox(now=clock.now, clock=clock.seconds) as box:
        client = Client(box)
        box.service.faults.script("1001", 9)
        box.service.faults.script("ok")
        box.service.faults.script("1001", 10)
        codes = []
        for _ in range(21):
            clock.advance(seconds=60)
            codes.append(client.send().findtext("ErrorCode"))
        assert codes == ["1001"] * 9 + [None] + ["1001"] * 10 + ["1025"]


def test_faults_by_text() -> None:
    """NAME[@send|@get][:COUNT], with the names listed in the message of a wrong one."""
    faults = Faults()
    for text in ("1001:2", "hang@get", "1019", "truncated@get"):
        faults.script_text(text)
    assert [faults.take(SEND) for _ in range(3)] == ["1001", "1001", "ok"]
    assert [faults.take(GET) for _ in range(3)] == ["hang", "1019", "ok"]
    assert [faults.take_for_statement() for _ in range(2)] == ["truncated", "ok"]
    for text in ("1002", "1001:0", "1001:x", "1001@both"):
        with pytest.raises(ValueError, match="fault"):
            faults.script_text(text)
    assert all(NAMES.values())


def test_the_server_stops_at_once_while_a_client_hangs(clock: Clock) -> None:
    """A deliberately slow answer doesn't keep the sandbox from stopping."""
    with Sandbox(now=clock.now, rate_limits=False) as box:
        box.service.faults.script("hang")
        connection = requests.Session()
        with pytest.raises(requests.ReadTimeout):
            connection.get(f"{box.flex_url}/SendRequest", headers={"User-Agent": "Java"}, timeout=0.05)
        started = time.monotonic()
    assert time.monotonic() - started < 3
