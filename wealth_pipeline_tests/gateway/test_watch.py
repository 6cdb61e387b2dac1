"""What the sensor does: every state and fault over HTTPS, the market's hours, and a whole day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wealth_pipeline.gateway import live, snapshot, store
from wealth_pipeline.gateway.client import GatewayClient
from wealth_pipeline.gateway.errors import ActionNeeded, TryLater
from wealth_pipeline.gateway.hours import UnknownExchange, is_open
from wealth_pipeline.gateway.state import GatewayState
from wealth_pipeline.gateway.watch import Look, look
from wealth_pipeline.sandbox.gateway.gateway_server import SandboxGateway
from wealth_pipeline_tests.clocks import MovableClock

from .conftest import Connect, calls, keeps_the_limits

pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")

QUARTER = timedelta(minutes=15)

Happening = Callable[[SandboxGateway, MovableClock, GatewayState], object]
SKIPS: dict[str, tuple[Happening, str, int]] = {
    "not running": (lambda box, clock, state: box.stop(), "No gateway is running at {url}.", 0),
    "logged out": (lambda box, clock, state: box.service.log_out(), "Open {url} in a browser", 1),
    "timed out": (lambda box, clock, state: clock.advance(minutes=7), "has timed out. Open {url}", 1),
    "competing": (lambda box, clock, state: box.service.compete(), "Log out there and log in again at {url}", 1),
    "midnight": (lambda box, clock, state: clock.advance(hours=15), "Open {url} in a browser", 1),
    "embargo": (lambda box, clock, state: state.set_embargo(), "none is made before 2026-07-22 14:15 UTC", 0),
    "no session": (lambda box, clock, state: box.service.script("no-session"), "Nobody is logged in", 1),
    "no bridge": (lambda box, clock, state: box.service.script("no-bridge"), "has timed out", 1),
    "denied": (lambda box, clock, state: box.service.script("403"), "Put 127.0.0.1 under `ips: allow:`", 1),
    "too many": (lambda box, clock, state: box.service.script("429"), "too many requests (429)", 1),
    "500": (lambda box, clock, state: box.service.script("500"), "HTTP 500", 1),
    "503": (lambda box, clock, state: box.service.script("503"), "HTTP 503", 1),
    "web page": (lambda box, clock, state: box.service.script("html"), "something other than data", 1),
    "hang": (lambda box, clock, state: box.service.script("hang"), "did not answer within 0.5 s", 1),
    "drip": (lambda box, clock, state: box.service.script("drip"), "did not answer within 0.5 s", 1),
    "cut off": (lambda box, clock, state: box.service.script("cut-off"), "broke off the connection", 1),
}


@pytest.mark.parametrize("state_name", SKIPS)
def test_trouble_is_a_sentence_after_at_most_one_request_and_it_resumes(
    state_name: str, connect: Connect, gateway: SandboxGateway, state: GatewayState, clock: MovableClock
) -> None:
    happens, sentence, requests = SKIPS[state_name]
    happens(gateway, clock, state)
    seen = look(connect(timeout=0.5), None, clock.now(), QUARTER, "always")
    assert not seen.due
    assert sentence.format(url=gateway.gateway_url) in seen.sentence
    assert len(calls(gateway)) == requests
    # Afterwards, somebody having acted where they must:
    clock.advance(minutes=16)
    if state_name == "not running":
        gateway.start()
    gateway.service.log_in()
    assert look(connect(), None, clock.now(), QUARTER, "always") == Look(True)
    keeps_the_limits(gateway)


def test_another_visit_under_way_is_a_sentence(connect: Connect, clock: MovableClock) -> None:
    with connect():
        assert "Another run is asking" in look(connect(), None, clock.now(), QUARTER, "always").sentence


def test_a_snapshot_is_due_at_the_interval_and_the_session_is_kept_alive_between(
    connect: Connect, gateway: SandboxGateway, clock: MovableClock
) -> None:
    last = clock.now()
    clock.advance(minutes=14)
    gateway.service.log_in()
    seen = look(connect(), last, clock.now(), QUARTER, "XNYS")
    assert (seen.due, seen.sentence) == (False, "The session is alive. The next snapshot is due at 14:15 UTC.")
    clock.advance(minutes=1)
    assert look(connect(), last, clock.now(), QUARTER, "XNYS").due
    assert calls(gateway) == ["POST /tickle"] * 2


def test_a_clock_that_was_put_back_delays_nothing(connect: Connect, clock: MovableClock) -> None:
    assert look(connect(), clock.now() + timedelta(hours=5), clock.now(), QUARTER, "XNYS").due


@pytest.mark.parametrize(
    "when, exchange, is_it",
    [
        ("2026-07-22T13:29", "XNYS", False),
        ("2026-07-22T13:30", "XNYS", True),
        ("2026-07-22T20:01", "XNYS", False),
        ("2026-07-25T15:00", "XNYS", False),  # Saturday
        ("2026-07-03T15:00", "XNYS", False),  # the day off for Independence Day
        ("2026-11-27T18:30", "XNYS", False),  # the short day after Thanksgiving
        ("2026-07-22T08:00", "XETR", True),
        ("2026-07-25T03:00", "always", True),
        ("2040-07-25T03:00", "XNYS", True),  # beyond the calendar
    ],
)
def test_the_hours_of_the_exchange(when: str, exchange: str, is_it: bool) -> None:
    assert is_open(exchange, datetime.fromisoformat(when).replace(tzinfo=UTC)) is is_it


def test_an_unknown_exchange_is_a_sentence(connect: Connect, clock: MovableClock) -> None:
    with pytest.raises(UnknownExchange):
        is_open("XXXX", clock.now())
    assert "Set WEALTH_GATEWAY_HOURS to XNYS" in look(connect(), None, clock.now(), QUARTER, "XXXX").sentence


def test_outside_the_hours_the_session_is_kept_alive_and_nothing_is_asked(
    connect: Connect, gateway: SandboxGateway, clock: MovableClock
) -> None:
    clock.advance(hours=8)
    gateway.service.log_in()
    seen = look(connect(), None, clock.now(), QUARTER, "XNYS")
    assert (seen.due, calls(gateway)) == (False, ["POST /tickle"])
    assert "XNYS is closed" in seen.sentence


def test_a_day_with_everything_in_it(
    tmp_path: Path, connect: Connect, gateway: SandboxGateway, clock: MovableClock
) -> None:
    """From 09:00 in New York to 00:30: the session is lost at noon, then a 429, a restart, and midnight."""
    clock.at = minute = datetime(2026, 7, 22, 13, 0, tzinfo=UTC)
    gateway.service.log_in()

    def restart() -> None:
        gateway.start()
        gateway.service.log_in()

    happens: dict[str, Callable[[], object]] = {
        "12:00": gateway.service.log_out,  # lost at noon
        "12:40": gateway.service.log_in,  # a person reads the sentence
        "13:10": lambda: gateway.service.script("429", path="/portfolio"),  # in the middle of a snapshot
        "13:26": gateway.service.log_in,  # the session idled away during the embargo
        "14:05": gateway.stop,
        "14:20": restart,
        "15:00": lambda: gateway.service.script("503", count=3),
    }
    last: datetime | None = None
    outcomes: Counter[str] = Counter()
    sentences: Counter[str] = Counter()
    while minute < datetime(2026, 7, 23, 4, 30, tzinfo=UTC):
        clock.at = max(clock.at, minute)
        happens.pop((minute - timedelta(hours=4)).strftime("%H:%M"), lambda: None)()
        # A new client every time, as after a restart of the software.
        seen = look(connect(), last, clock.now(), QUARTER, "XNYS")
        sentences[seen.sentence.split(".")[0]] += 1
        if seen.due:
            last = clock.now()
            try:
                with connect() as client:
                    text = snapshot.take(client, clock.now())
                store.archive(tmp_path, text)
                outcomes["taken"] += 1
            except TryLater:
                outcomes["no snapshot"] += 1
            except ActionNeeded:
                outcomes["failed, to be acted on"] += 1
        # In the evening, when nothing happens, every fifth minute stands for all, so that the test ends sooner.
        minute += timedelta(minutes=5 if minute.hour in (21, 22, 23, 0, 1, 2) else 1)
    keeps_the_limits(gateway)
    # 09:30 to 16:00 every quarter of an hour, less what the day took away.
    assert outcomes == {"taken": 22, "no snapshot": 1}
    assert sum(request.answer == "429" for request in gateway.service.requests) == 1
    # One request a minute, and nine for a snapshot.
    assert len(calls(gateway)) <= sentences.total() + 23 * 8
    assert not any(call.startswith("POST /iserver/auth/ssodh") for call in calls(gateway))
    assert sentences["Nobody is logged in to the gateway"] == 40 + 30
    assert sentences[f"No gateway is running at {gateway.gateway_url}"] == 15
    store.load(tmp_path)
    assert [nav.account_id for nav in live.latest_nav(tmp_path)] == ["U1000001", "U1000002"]


def test_the_client_never_logs_in(client: GatewayClient) -> None:
    """No path that opens, renews or takes over a session is anywhere in the software."""
    for source in Path(snapshot.__file__).parent.glob("*.py"):
        text = source.read_text()
        assert "ssodh" not in text
        assert "reauthenticate" not in text
