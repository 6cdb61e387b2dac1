"""A year of nights in an hour: `make year`.

Every tick of the schedule is evaluated as the daemon evaluates it, every run it asks for goes through Dagster against
the sandbox over real HTTP; only the clock is simulated, for the sandbox, the request ledger and the client alike. The
year has weekends, holidays, both clock changes, forty nights with a fault each, a week switched off, restated days,
late statements, a lockout, and a token that expires and is renewed by a person. It prints its log, and asserts at the
end what is promised of it.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._utils.schedules import schedule_execution_time_iterator

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.defs import resources
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.runs import instance as dagster_instance
from wealth_pipeline.defs.schedules import RANGE_END, RANGE_START
from wealth_pipeline.defs.sensors.alert import failure_of
from wealth_pipeline.flex import calls
from wealth_pipeline.flex.ledger import RequestLedger
from wealth_pipeline.published.reading import reading
from wealth_pipeline.sandbox.flex.faults import GET, SEND
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline_tests.clocks import MovableClock

NEW_YORK = ZoneInfo("America/New_York")
#: What passes by itself, at either call.
_AT_EITHER_CALL = (
    "1001 1004 1005 1006 1007 1008 1009 1018 1019 1021 http-500 http-503 html reset hang version-2".split()
)
PASSING = [
    *((name, call) for name in _AT_EITHER_CALL for call in (SEND, GET)),
    *((name, SEND) for name in ("1003", "1020", "1099", "http-404")),
    *((name, GET) for name in ("1017", "truncated", "reset-body", "drip")),
]
#: A statement that is not made until long after the deadline: the next tick goes on polling the same reference.
POLLS_BEYOND_THE_DEADLINE = 60


def new_york(day: date, hour: int, minute: int = 0) -> datetime:
    """A time of day in New York."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK)


@dataclass
class Plan:
    """What happens in which nights; a night is named by the day of its morning in New York.

    first, last: the mornings with which it begins and ends. faults: suffered by the first request of that morning.
    late: until when the newest day is not there. restated: from that morning on, a late fee is in an account's books
    on an earlier day. lockouts: mornings on which IBKR locks the token. expiries: mornings from which the token is
    refused, until a person renews it that evening. off: from when to when the machine is switched off.
    """

    first: date
    last: date
    faults: dict[date, tuple[str, str]] = field(default_factory=dict)
    late: dict[date, datetime] = field(default_factory=dict)
    restated: dict[date, tuple[str, date]] = field(default_factory=dict)
    lockouts: set[date] = field(default_factory=set)
    expiries: set[date] = field(default_factory=set)
    off: list[tuple[datetime, datetime]] = field(default_factory=list)


def whole_year() -> Plan:
    """March 2025 to March 2026, forty faults spread over it."""
    plan = Plan(
        first=date(2025, 3, 4),
        last=date(2026, 3, 7),
        late={
            date(2025, 5, 14): new_york(date(2025, 5, 14), 8),
            date(2025, 8, 20): new_york(date(2025, 8, 20), 11),
            date(2025, 10, 22): new_york(date(2025, 10, 22), 16),
        },
        restated={
            date(2025, 6, 11): ("U1000001", date(2025, 6, 6)),
            date(2025, 12, 3): ("U1000002", date(2025, 11, 28)),
        },
        lockouts={date(2025, 9, 17)},
        expiries={date(2025, 11, 19)},
        off=[(new_york(date(2025, 7, 5), 13), new_york(date(2025, 7, 14), 8, 30))],
    )
    special = {*plan.late, *plan.restated, *plan.lockouts, *plan.expiries}
    mornings = [
        day
        for day in weekdays_between(plan.first, plan.last)
        if day.isoweekday() != 1  # no tick on Mondays
        and not any(abs((day - other).days) < 3 for other in special)
        and not any(off.date() <= day <= on.date() for off, on in plan.off)
    ]
    plan.faults = {mornings[round(n * (len(mornings) - 1) / (len(PASSING) - 1))]: f for n, f in enumerate(PASSING)}
    return plan


class Clock(MovableClock):
    """The simulated present (UTC)."""

    def advance_to(self, moment: datetime) -> None:
        self.at = max(self.at, moment.astimezone(UTC))


class Simulation:
    """The machine of a user, its daemon's work done by hand, and IBKR."""

    def __init__(self, plan: Plan, data_dir: Path, tell: bool = True) -> None:
        self.plan = plan
        self.folder = DataFolder(data_dir)
        self.clock = Clock(new_york(plan.first, 0).astimezone(UTC))
        self.box = Sandbox(now=self.clock.now, clock=self.clock.seconds)
        self.box.service.faults.drip_seconds = 0.001
        self.counts: Counter[str] = Counter()
        self.human_actions: list[str] = []
        self.excused: Counter[str] = Counter()  # answers that were scripted
        self._expired_on: date | None = None
        self._tell = tell

    @property
    def first_report(self) -> date:
        """The first day that is asked for: the weekday before the first morning."""
        return weekdays_between(self.plan.first - timedelta(days=4), self.plan.first - timedelta(days=1))[-1]

    def run(self) -> None:
        """Live through the whole plan."""
        with self._machine() as instance:
            self._settings = Settings.load()
            self._defs = definitions(self._settings)
            self._repository = self._defs.get_repository_def()
            self._job = self._defs.resolve_job_def("daily_statement")
            self._schedule = self._defs.resolve_schedule_def("after_market_close")
            missed: list[datetime] = []
            for tick in self._ticks():
                off = next((on for off, on in self.plan.off if off <= tick < on), None)
                if off:
                    missed.append(tick)
                    continue
                if missed:
                    back = next(on for off, on in self.plan.off if off <= missed[-1] < on)
                    self._say(back, f"switched on again; {len(missed)} ticks were missed")
                    self._fire(instance, missed[-5:], back)  # as many as Dagster makes up for
                    missed = []
                self._fire(instance, [tick], tick)

    @contextmanager
    def _machine(self) -> Iterator[dg.DagsterInstance]:
        environment = {
            "WEALTH_DATA_DIR": str(self.folder.root),
            "WEALTH_HISTORY_START": self.first_report.isoformat(),
            "WEALTH_REPORTING_CURRENCY": "USD",
            "IBKR_FLEX_QUERY_ID": self.box.query_id,
            "IBKR_FLEX_TOKEN": self.box.token,
        }
        self.folder.root.mkdir(parents=True, exist_ok=True)
        before = Path.cwd()
        with ExitStack() as stack:
            stack.enter_context(self.box)
            stack.enter_context(patch.dict(os.environ, environment | {"IBKR_FLEX_URL": self.box.flex_url}))
            os.chdir(self.folder.root)  # where no .env is
            stack.callback(os.chdir, before)
            ledger = partial(RequestLedger, clock=self.clock)
            stack.enter_context(patch.object(resources, "RequestLedger", ledger))
            # A reply that never comes is waited for in real time.
            stack.enter_context(patch.object(calls, "TIMEOUTS", (10.0, 10.0)))
            yield stack.enter_context(dagster_instance(self.folder))

    def _ticks(self) -> Iterator[datetime]:
        begin, end = new_york(self.plan.first, 0), new_york(self.plan.last, 23)
        cron, zone = self._schedule.cron_schedule, self._schedule.execution_timezone
        for tick in schedule_execution_time_iterator(begin.timestamp(), cron, zone):
            if tick > end:
                return
            yield tick

    def _fire(self, instance: dg.DagsterInstance, ticks: list[datetime], at: datetime) -> None:
        """Evaluate ticks that are due at once, then execute what they asked for, as the daemon does."""
        self._renew_in_the_evening(at)
        self.clock.advance_to(at)
        self._happen(ticks[-1])
        asked: list[dict[str, str]] = []
        queued: dg.DagsterRun | None = None
        for tick in ticks:
            context = dg.build_schedule_context(
                instance=instance,
                scheduled_execution_time=tick,
                repository_def=self._repository,
                resources={"wealth": resources.WealthData(data_dir=str(self.folder.root))},
            )
            data = self._schedule.evaluate_tick(context)
            for request in data.run_requests or []:
                asked.append(dict(request.tags))
                if len(ticks) > 1:  # the others see it under way
                    queued = instance.create_run_for_job(self._job, status=dg.DagsterRunStatus.STARTING)
            if data.skip_message:
                self.counts["ticks skipped"] += 1
                if "Nothing is missing" not in data.skip_message:
                    self._say(tick, f"skipped: {data.skip_message}")
        if queued:
            instance.delete_run(queued.run_id)
        for tags in asked:
            self._execute(instance, tags, ticks[-1])
        self.clock.tick = timedelta(0)

    def _execute(self, instance: dg.DagsterInstance, tags: dict[str, str], tick: datetime) -> None:
        result = self._job.execute_in_process(
            instance=instance,
            tags=tags,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
        days = f"{tags[RANGE_START]} to {tags[RANGE_END]}"
        if result.success:
            self.counts["runs that succeeded"] += 1
            self._say(tick, f"loaded {days}")
        else:
            self.counts["runs that failed"] += 1
            self._say(tick, f"failed {days}: {failure_of(instance, result.run_id)}")

    def _happen(self, tick: datetime) -> None:
        """What the plan says of this morning; its first tick is hit."""
        morning, faults = tick.date(), self.box.service.faults
        if fault := self.plan.faults.pop(morning, None):
            name, call = fault
            count = POLLS_BEYOND_THE_DEADLINE if fault == ("1019", GET) else 1
            faults.script(name, count, call)
            self.excused[name] += count
            self.counts["nights with a fault"] += 1
            if name == "drip":
                self.clock.tick = timedelta(seconds=1)
            self._say(tick, f"(IBKR is about to answer {call} with: {name})")
        if until := self.plan.late.pop(morning, None):
            faults.late_until = until
            self._say(tick, f"(the newest day will not be there before {until:%H:%M})")
        if restated := self.plan.restated.pop(morning, None):
            faults.restate(*restated, known_from=self.clock.at)
            self._say(tick, f"(IBKR has booked a fee on {restated[1]} in {restated[0]})")
        if morning in self.plan.lockouts:
            self.plan.lockouts.discard(morning)
            faults.script("lockout")
            self.excused["1025"] += 1
            self._say(tick, "(IBKR is about to lock the token)")
        if morning in self.plan.expiries:
            self.plan.expiries.discard(morning)
            self.box.service.expire_token()
            self._expired_on = morning
            self._say(tick, "(the token has expired)")

    def _renew_in_the_evening(self, now: datetime) -> None:
        if self._expired_on and now.date() > self._expired_on:
            self._expired_on = None
            os.environ["IBKR_FLEX_TOKEN"] = self.box.service.renew_token()
            self.human_actions.append("renewed the token")
            self._say(now, "a person has renewed the token in the evening")

    def _say(self, at: datetime, what: str) -> None:
        if self._tell:
            sys.stdout.write(f"{at:%a %Y-%m-%d %H:%M %Z}  {what}\n")
            sys.stdout.flush()

    # What is promised

    def broken_promises(self) -> Iterator[str]:
        """A sentence for each promise that was not kept."""
        last = weekdays_between(self.plan.last - timedelta(days=4), self.plan.last - timedelta(days=1))[-1]
        wanted = weekdays_between(self.first_report, last)
        with reading(self.folder.published) as con:
            loaded = {(a, d): t for a, d, t in con.execute("SELECT account_id, report_date, total FROM nav").fetchall()}
            failed = con.execute("SELECT count(*) FROM reconciliation WHERE status = 'failed'").fetchone()
            restated = {d for (d,) in con.execute("SELECT DISTINCT report_date FROM restatements").fetchall()}
        household = self.box.service.household
        stated = {
            (account.account_id, day.day): day.total
            for account in household.accounts
            for day in household.days(account.account_id, wanted[0], wanted[-1])
            if day.day in set(wanted)
        }
        wrong = sorted(str(key) for key, total in stated.items() if loaded.get(key) != total)
        if len(stated) != len(wanted) * len(household.accounts) or wrong:
            yield f"not every weekday has its NAV, to the last digit: {wrong[:5]}"
        if failed != (0,):
            yield f"{failed} proofs failed"
        fees = {fee.day for fee in self.box.service.faults.fees_known_at(self.clock.at)}
        if not fees <= restated:
            yield f"restated days that nobody noticed: {fees - restated}"
        with dagster_instance(self.folder) as instance:
            green = instance.get_materialized_partitions(dg.AssetKey("nav_history"))
        if grey := [str(day) for day in wanted if day.isoformat() not in green]:
            yield f"days that are not green in Dagster: {grey[:5]}"
        yield from self._impatience()
        if len(self.human_actions) > 1:
            yield f"a person had to act more than once: {self.human_actions}"

    def _impatience(self) -> Iterator[str]:
        asked = RequestLedger(self.folder.state, self.clock).all()
        a_day = Counter(r.requested_at.astimezone(NEW_YORK).date() for r in asked)
        self.counts["most requests on a day"] = max(a_day.values())
        if max(a_day.values()) > 3:
            yield f"more than three requests on a day: {a_day.most_common(3)}"
        for whole in (r for r in asked if r.outcome == "received" and r.finished_at):
            day = whole.finished_at.astimezone(NEW_YORK).date() if whole.finished_at else None
            if [r for r in asked if r.id > whole.id and r.window == whole.window
                and r.requested_at.astimezone(NEW_YORK).date() == day]:  # fmt: skip
                yield f"asked again for {whole.window} on the day on which it had come whole"
        times = [request.clock for request in self.box.service.requests]
        self.counts["requests to IBKR, polls included"] = len(times)
        if min((b - a for a, b in pairwise(times)), default=60) < 1:
            yield "two requests within a second"
        if min((b - a for a, b in zip(times, times[10:], strict=False)), default=60) < 60:
            yield "more than ten requests within a minute"
        refused = Counter(request.answer for request in self.box.service.requests)
        for code in ("1018", "1025"):
            if refused[code] > self.excused[code]:
                yield f"{refused[code]} answers {code}, of which {self.excused[code]} were scripted"


def main() -> int:
    """Live through the year; the exit status says whether every promise was kept."""
    logging.disable(logging.CRITICAL)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    with tempfile.TemporaryDirectory(prefix="wealth-year-") as folder:
        simulation = Simulation(whole_year(), Path(folder) / "data")
        simulation.run()
        broken = list(simulation.broken_promises())
    for what, count in simulation.counts.items():
        sys.stdout.write(f"{what}: {count}\n")
    sys.stdout.write(f"what a person did: {', '.join(simulation.human_actions)}\n")
    sys.stdout.writelines(f"BROKEN: {promise}\n" for promise in broken)
    sys.stdout.write("FAILED\n" if broken else "Every weekday is there, and every promise was kept.\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
