"""The Flex Web Service over HTTP: calls, windows, errors and limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import requests

from wealth_pipeline.sandbox.flex.server import Sandbox

from .flex_client import Client, Clock, error


@pytest.fixture(scope="module")
def clock() -> Clock:
    """A clock that only this module moves."""
    return Clock()


@pytest.fixture(scope="module")
def client(clock: Clock) -> Iterator[Client]:
    """A client of a sandbox without limits."""
    with Sandbox(now=clock.now, clock=clock.seconds, rate_limits=False) as box:
        yield Client(box)


def test_the_two_calls(client: Client) -> None:
    """SendRequest gives a reference and the sandbox's address, GetStatement first 1019, then always the statement."""
    response = client.call("SendRequest", q=client.box.query_id, fd="20260720", td="20260721")
    assert re.match(
        r"<FlexStatementResponse timestamp='22 July, 2026 06:00 AM EDT'>\n<Status>Success</Status>", response.text
    )
    assert f"<Url>{client.box.flex_url}/GetStatement</Url>" in response.text
    reference = re.findall(r"<ReferenceCode>(\d+)</ReferenceCode>", response.text)[0]
    reply = client.get(reference)
    assert (error(reply), reply.findtext("Status")) == ("1019", "Warn")
    first, second = (client.call("GetStatement", q=reference) for _ in range(2))
    assert first.content == second.content
    assert first.content.startswith(b"<FlexQueryResponse")
    assert first.headers["content-type"].startswith("text/xml")


@pytest.mark.parametrize("query", ["guide", "full"])
def test_a_reference_is_known_to_every_sandbox(clock: Clock, client: Client, query: str) -> None:
    """As IBKR's are to all its servers, with the same bytes; not with another token, and not if a digit is wrong."""
    parameters = {"q": client.box.query_ids[query], "fd": "20260701", "td": "20260721"}
    reference = client.reference(**parameters)
    client.get(reference)

    def later() -> datetime:
        return clock.now() + timedelta(hours=1)

    with Sandbox(now=later, rate_limits=False) as box, Sandbox(now=later, token="7" * 24) as stranger:
        other = Client(box)
        assert error(other.get(f"{reference[:-1]}{(int(reference[-1]) + 1) % 10}")) == "1017"
        assert error(Client(stranger).get(reference)) == "1017"
        assert error(other.get(reference)) == "1019"
        statements = [one.call("GetStatement", q=reference).content for one in (client, other)]
    assert statements[0] == statements[1]
    assert statements[0].startswith(b"<FlexQueryResponse")


def test_a_window_is_inclusive_and_echoed(client: Client) -> None:
    """`full` answers each weekday, `guide` the dates as asked, weekends included."""
    assert client.windows(q=client.box.query_id, fd="20260717", td="20260720") == {
        ("20260717", "20260717"),
        ("20260720", "20260720"),
    }
    assert client.windows(fd="20260711", td="20260719") == {("20260711", "20260719")}
    assert client.windows(fd="20250722", td="20260721") == {("20250722", "20260721")}


def test_a_window_begins_with_the_account(client: Client) -> None:
    """A window partly before the first day is cut, one wholly before it refused."""
    assert client.windows(fd="20241201", td="20250107") == {("20250102", "20250107")}
    assert error(client.send(fd="20241201", td="20250101")) == "1003"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"fd": "20260701", "td": "20260722"}, "1003"),
        ({"fd": "20260701", "td": "20260801"}, "1003"),
        ({"fd": "20250721", "td": "20260721"}, "1003"),
        ({"fd": "20260718", "td": "20260719"}, "1003"),
        ({"fd": "20260701"}, "1020"),
        ({"td": "20260701"}, "1020"),
        ({"fd": "2026-07-01", "td": "2026-07-02"}, "1020"),
        ({"fd": "20260732", "td": "20260733"}, "1020"),
        ({"fd": "20260703", "td": "20260702"}, "1020"),
        ({"p": "0"}, "1020"),
        ({"p": "366"}, "1020"),
        ({"p": "week"}, "1020"),
        ({"q": "7"}, "1014"),
        ({"q": None}, "1014"),
        ({"t": "123"}, "1015"),
        ({"t": None}, "1015"),
    ],
)
def test_refusals(client: Client, parameters: dict[str, str | None], code: str) -> None:
    """Today or later, too long, no weekday: 1003. Half a window, nonsense: 1020. Query: 1014. Token: 1015."""
    assert error(client.send(**parameters)) == code


def test_without_dates_the_saved_period_counts(client: Client) -> None:
    """The last seven days, or `p` days; `p` beside dates is ignored."""
    assert client.windows() == {("20260715", "20260721")}
    assert {s.attrib["period"] for s in client.statement().iter("FlexStatement")} == {"Last7CalendarDays"}
    assert client.windows(p="2") == {("20260720", "20260721")}
    assert client.windows(p="2", fd="20260713", td="20260714") == {("20260713", "20260714")}


def test_references_belong_to_their_token(clock: Clock) -> None:
    """1017 for one that was never given, and for another token's; renewing a token invalidates the old one."""
    with Sandbox(now=clock.now, rate_limits=False, polls_before_ready=0) as box:
        client = Client(box)
        assert error(client.get("7")) == "1017"
        reference, old = client.reference(), box.token
        new = box.service.renew_token()
        assert (box.token, len(new)) == (new, len(old))
        assert error(client.get(reference)) == "1017"
        assert error(client.get(reference, t=old)) == "1015"


@pytest.mark.parametrize("agent", ["", "curl", "a browser"])
def test_a_user_agent_is_needed(client: Client, agent: str) -> None:
    """Anything but Java, Blackberry or Technology/Version gets 403."""
    for name in ("SendRequest", "GetStatement"):
        response = requests.get(f"{client.box.flex_url}/{name}", headers={"User-Agent": agent}, timeout=10)
        assert response.status_code == 403


def test_without_v_the_service_answers_as_version_2(client: Client) -> None:
    """A `code` element holds the reference or the message; a statement that is ready comes all the same."""
    reply = client.send(v=None)
    reference = reply.findtext("code") or ""
    assert reference.isdecimal()
    assert (client.get(reference, v="2").findtext("code") or "").startswith("Statement generation in progress")
    assert client.get(reference, v=None).tag == "FlexQueryResponse"


def test_other_paths_are_not_found(client: Client) -> None:
    """404, as on IBKR's host."""
    assert client.call("sendrequest").status_code == 404


def test_limits_per_token(clock: Clock) -> None:
    """IBKR: one request a second and ten a minute, polls included, else 1018."""
    with Sandbox(now=clock.now, clock=clock.seconds) as box:
        client = Client(box)
        reference = client.reference()
        assert error(client.send()) == "1018"
        clock.advance(seconds=61)
        for _ in range(10):
            clock.advance(seconds=1)
            client.reference()
        clock.advance(seconds=1)
        assert error(client.get(reference)) == "1018"
        clock.advance(seconds=61)
        assert error(client.get(reference)) == "1019"


def test_the_log_shows_every_request_without_the_token(client: Client) -> None:
    """Path, parameters and answer, in order; also of requests that were refused."""
    before = len(client.box.service.requests)
    client.statement(fd="20260720", td="20260721")
    client.send(q="7")
    entries = client.box.service.requests[before:]
    assert [(entry.path, entry.answer) for entry in entries] == [
        ("SendRequest", "reference"),
        ("GetStatement", "1019"),
        ("GetStatement", "statement"),
        ("SendRequest", "1014"),
    ]
    assert entries[0].parameters == {"q": client.box.query_ids["guide"], "v": "3", "fd": "20260720", "td": "20260721"}
    assert all(client.box.token not in str(entry) for entry in entries)


def test_a_statement_is_that_of_its_request(client: Client, clock: Clock) -> None:
    """whenGenerated is the time of SendRequest; a later poll of the same reference gives the same bytes."""
    reference = client.reference()
    client.get(reference)
    first = client.call("GetStatement", q=reference).content
    clock.advance(hours=1)
    assert client.call("GetStatement", q=reference).content == first
    assert b'whenGenerated="20260722;060' in first
    clock.advance(hours=-1)


def test_the_household_can_be_looked_at(client: Client) -> None:
    """Tests compare what they loaded with what was simulated."""
    household = client.box.service.household
    assert household.first_day == date(2025, 1, 2)
    assert [account.account_id for account in household.accounts] == ["U1000001", "U1000002"]
