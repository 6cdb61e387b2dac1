"""The request ledger: what it remembers, for how long, and that several processes can share it."""

import stat
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex.ledger import SPACING, TEN_REQUESTS, RequestLedger, Window, token_key
from wealth_pipeline.pull.ask import never_made
from wealth_pipeline_tests.clocks import MovableClock

WINDOW = Window(date(2026, 7, 1), date(2026, 7, 2))
STEPS = [timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1)]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: MovableClock) -> RequestLedger:
    return RequestLedger(tmp_path / "data" / "state.sqlite", clock)


def test_a_request_is_on_record_from_before_it_goes_out_until_its_statement_came(
    ledger: RequestLedger, clock: MovableClock
) -> None:
    request_id = ledger.start("household", "42", WINDOW)
    sent = ledger.latest("household", WINDOW)
    assert sent
    assert (sent.outcome, sent.requested_at, sent.window) == ("sent", clock.at, WINDOW)

    ledger.referenced(request_id, "4711")
    ledger.noted(request_id, "still being made")
    pending = ledger.latest("household", WINDOW)
    assert pending
    assert (pending.outcome, pending.reference_code) == ("pending", "4711")
    assert (pending.message, pending.finished_at) == ("still being made", None)

    clock.at += timedelta(minutes=1)
    ledger.finished(request_id, "received", sha256="ab" * 32)
    received = ledger.latest("household", WINDOW)
    assert received
    assert (received.outcome, received.statement_sha256) == ("received", "ab" * 32)
    assert received.finished_at == clock.at
    assert ledger.all() == [received]


def test_the_file_is_private_and_its_folder_is_made(ledger: RequestLedger) -> None:
    ledger.start("household", "42", WINDOW)
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_a_pending_request_is_taken_up_again_for_a_day(ledger: RequestLedger, clock: MovableClock) -> None:
    request_id = ledger.start("household", "42", WINDOW)
    assert ledger.pending("household", WINDOW) is None, "no reference code yet"
    ledger.referenced(request_id, "4711")
    clock.at += timedelta(hours=23, minutes=59)
    pending = ledger.pending("household", WINDOW)
    assert pending
    assert pending.reference_code == "4711"
    assert ledger.pending("other", WINDOW) is None
    assert ledger.pending("household", Window(date(2026, 7, 2), date(2026, 7, 2))) is None
    clock.at += timedelta(minutes=1)
    assert ledger.pending("household", WINDOW) is None


def test_a_statement_that_came_since_makes_an_older_pending_request_moot(ledger: RequestLedger) -> None:
    ledger.referenced(ledger.start("household", "42", WINDOW), "1")
    newer = ledger.start("household", "42", WINDOW)
    ledger.referenced(newer, "2")
    ledger.finished(newer, "received", sha256="ab" * 32)
    assert ledger.pending("household", WINDOW) is None


def test_a_request_that_never_got_a_code_leaves_an_older_pending_one_in_its_place(
    ledger: RequestLedger,
) -> None:
    ledger.referenced(ledger.start("household", "42", WINDOW), "1")
    ledger.finished(ledger.start("household", "42", WINDOW), "failed", "no connection")
    pending = ledger.pending("household", WINDOW)
    assert pending
    assert pending.reference_code == "1"


def test_the_day_a_statement_came_on_is_the_day_in_new_york(ledger: RequestLedger, clock: MovableClock) -> None:
    clock.at = datetime(2026, 7, 3, 3, 30, tzinfo=UTC)  # 23:30 on 2 July in New York
    ledger.finished(ledger.start("household", "42", WINDOW), "received", sha256="ab" * 32)
    assert ledger.received_on("household", WINDOW, date(2026, 7, 2))
    assert not ledger.received_on("household", WINDOW, date(2026, 7, 3))
    assert not ledger.received_on("other", WINDOW, date(2026, 7, 2))


def test_the_requests_of_a_day_are_those_of_the_day_in_new_york(ledger: RequestLedger, clock: MovableClock) -> None:
    for moment in (datetime(2026, 7, 3, 3, 30, tzinfo=UTC), datetime(2026, 7, 3, 4, 30, tzinfo=UTC)):
        clock.at = moment  # 23:30 on 2 July, and 00:30 on 3 July in New York
        ledger.start("household", "42", WINDOW)
    ledger.start("household", "42", Window(date(2026, 6, 1), date(2026, 6, 2)))
    ledger.start("other", "42", WINDOW)
    assert [ledger.count_on("household", WINDOW.last, date(2026, 7, day)) for day in (1, 2, 3)] == [0, 1, 1]


@pytest.mark.parametrize("outcome", ["partial", "failed", "unavailable"])
def test_only_a_statement_that_came_whole_counts_as_received(ledger: RequestLedger, outcome: str) -> None:
    ledger.finished(ledger.start("household", "42", WINDOW), outcome)  # type: ignore[arg-type]
    assert not ledger.received_on("household", WINDOW, date(2026, 7, 3))


def test_an_embargo_ends_by_itself_and_grows_with_each_repeat(ledger: RequestLedger, clock: MovableClock) -> None:
    for minutes in (2, 10, 60, 60):
        assert ledger.embargo("key") is None
        until = ledger.set_embargo("key", "household", 1018, STEPS).until
        assert until == clock.at + timedelta(minutes=minutes)
        in_force = ledger.embargo("key")
        assert in_force
        assert (in_force.until, in_force.code, in_force.connection) == (until, 1018, "household")
        assert ledger.embargo("other") is None
        clock.at = until
    ledger.lift_embargo("key")
    assert ledger.set_embargo("key", "household", 1018, STEPS).until == clock.at + timedelta(minutes=2)


def test_a_shorter_embargo_never_shortens_a_longer_one_nor_does_a_success_lift_it(
    ledger: RequestLedger, clock: MovableClock
) -> None:
    lockout = ledger.set_embargo("key", "household", 1025, [timedelta(hours=24)])
    assert ledger.set_embargo("key", "household", 1018, STEPS).until == lockout.until
    ledger.lift_embargo("key")
    in_force = ledger.embargo("key")
    assert in_force
    assert in_force.until == clock.at + timedelta(hours=24)


def test_calls_are_spaced_to_one_a_second_and_ten_a_minute(ledger: RequestLedger, clock: MovableClock) -> None:
    slots = []
    for _ in range(25):
        clock.at = max(clock.at, ledger.reserve_call("key"))  # as a caller does, who sleeps until then
        slots.append(clock.at)
    assert min(later - earlier for earlier, later in pairwise(slots)) >= SPACING
    assert min(later - earlier for earlier, later in zip(slots, slots[10:], strict=False)) >= TEN_REQUESTS
    assert ledger.reserve_call("another token") == clock.at


def test_a_clock_that_was_years_ahead_holds_nobody_back_once_it_is_put_right(
    ledger: RequestLedger, clock: MovableClock
) -> None:
    right = clock.at
    clock.at += timedelta(days=4000)
    ledger.reserve_call("key")
    clock.at = right
    assert ledger.reserve_call("key") == right


def _reserve(path: Path) -> list[datetime]:
    return [RequestLedger(path).reserve_call("key") for _ in range(5)]


def test_processes_that_call_at_once_share_the_limits(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        slots = sorted(slot for one in pool.map(_reserve, [tmp_path / "state.sqlite"] * 4) for slot in one)
    assert len(slots) == 20
    assert min(later - earlier for earlier, later in pairwise(slots)) >= SPACING
    assert min(later - earlier for earlier, later in zip(slots, slots[10:], strict=False)) >= TEN_REQUESTS


def test_a_token_has_a_key_that_does_not_give_it_away() -> None:
    assert token_key("123456789012345678901234") != token_key("123456789012345678901235")
    assert token_key("123456789012345678901234") == token_key("123456789012345678901234")
    assert "1234567890" not in token_key("123456789012345678901234")


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 7, 2), date(2026, 7, 1)), (date(2025, 7, 1), date(2026, 7, 1))]
)
def test_a_window_that_ibkr_would_refuse_cannot_be_made(first: date, last: date) -> None:
    with pytest.raises(WealthError, match="at most 365 days"):
        Window(first, last)


#: What was written under a clock that was ahead, by how much, and whether anything is still in force a day later.
AHEAD = {
    "a week": timedelta(days=7),
    "years": timedelta(days=3000),
    "a day and a minute": timedelta(hours=24, minutes=1),
}


@pytest.mark.parametrize("ahead", AHEAD.values(), ids=AHEAD)
def test_an_embargo_of_a_clock_that_was_ahead_ends_within_a_day(
    ahead: timedelta, ledger: RequestLedger, clock: MovableClock
) -> None:
    clock.at += ahead
    ledger.set_embargo("key", "household", 1025, [timedelta(hours=24)])
    clock.at -= ahead
    found = ledger.embargo("key")
    assert found is not None
    assert found.until == clock.at + timedelta(hours=24)
    clock.at += timedelta(hours=12)
    again = ledger.embargo("key")
    assert again is not None
    assert again.until == found.until, "it does not move on with each look"
    clock.at += timedelta(hours=12, seconds=1)
    assert ledger.embargo("key") is None


def test_an_embargo_of_a_clock_that_is_right_is_kept_to_the_second(ledger: RequestLedger, clock: MovableClock) -> None:
    until = ledger.set_embargo("key", "household", 1025, [timedelta(hours=24)]).until
    found = ledger.embargo("key")
    assert found is not None
    assert found.until == until


def test_a_request_of_a_clock_that_was_ahead_is_not_taken_for_one_of_that_time(
    ledger: RequestLedger, clock: MovableClock
) -> None:
    """Else it would be polled for ever, and a statement that was only late would count as never made."""
    now = clock.at
    clock.at += timedelta(days=60)
    ledger.finished(ledger.start("household", "42", WINDOW), "unavailable", "not available")
    ledger.referenced(ledger.start("other", "42", WINDOW), "4711")
    clock.at = now
    late = ledger.latest("household", WINDOW)
    assert late is not None
    assert not never_made(late)
    assert ledger.pending("other", WINDOW)
    clock.at = now + timedelta(days=1, minutes=1)
    assert ledger.pending("other", WINDOW) is None
    assert ledger.count_on("household", WINDOW.last, date(2026, 9, 1)) == 0


def test_a_clock_that_lost_its_battery_caps_nothing(ledger: RequestLedger, clock: MovableClock) -> None:
    until = ledger.set_embargo("key", "household", 1025, [timedelta(hours=24)]).until
    now, clock.at = clock.at, datetime(1970, 1, 1, tzinfo=UTC)
    assert ledger.embargo("key")
    clock.at = now
    found = ledger.embargo("key")
    assert found is not None
    assert found.until == until
