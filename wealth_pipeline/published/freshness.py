"""Whether the figures are up to date: each account's newest report date against the sessions that should be there.

The figures say it, not the time at which something ran: loading an old file makes nothing fresh. The check
`up_to_date`, `wealth status`, the doctor and the start of the UI all say what stands here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from wealth_pipeline.calendar import due_session, is_session, weekdays_between
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import FLEX_URL, Settings
from wealth_pipeline.text import inline

#: Up to so many sessions behind, IBKR or a night may just have been late; beyond, something keeps the days from coming.
MOST_LATE = 3
#: How many accounts are named; of the rest, their number.
_NAMED = 5


@dataclass(frozen=True)
class Behind:
    """An account whose newest NAV is of `last`, so many `sessions` before the one that should be there."""

    account_id: str
    last: date
    sessions: int


@dataclass(frozen=True)
class Freshness:
    """The newest session that should be there, None where there is no NAV at all, and the accounts that lack it."""

    due: date | None
    behind: tuple[Behind, ...]

    @property
    def fine(self) -> bool:
        """Whether every account that counts has that session."""
        return self.due is not None and not self.behind

    @property
    def stale(self) -> bool:
        """Whether an account is so far behind that lateness is no reason."""
        return any(one.sessions > MOST_LATE for one in self.behind)

    @property
    def sentence(self) -> str:
        """How the figures stand; where they are not up to date, which accounts are of which day."""
        if self.due is None:
            return "No account has a NAV yet."
        if not self.behind:
            return "The data are up to date."
        named = [
            f"{inline(one.account_id)} is of {one.last}, {one.sessions} session{'s' * (one.sessions > 1)} behind"
            for one in self.behind[:_NAMED]
        ]
        more = [f"{len(self.behind) - _NAMED} more accounts are behind"] * (len(self.behind) > _NAMED)
        return f"Not up to date, {self.due} should be there: the newest NAV of {'; of '.join([*named, *more])}."


def freshness(
    published: Published, settings: Settings, now: datetime, accounts: Collection[str] | None = None
) -> Freshness:
    """How up to date these accounts are, None: all. now: aware. Raises as `Published` does.

    IBKR reports a session the morning after, so that one should be there once the last of that morning's looks has
    passed. Exchange holidays are no sessions: it is fine to have one, and fine to lack it. The sandbox's figures grow
    only while somebody pulls, so they are measured at its last pull.
    """
    of = None if accounts is None else list(accounts)
    with published:
        pulled = published.value("last_pull") if _of_the_sandbox(settings) else None
        at = min(now, pulled.replace(tzinfo=UTC)) if pulled else now
        due = due_session(at, settings.schedule_times)
        found = published.rows("counting", accounts=of, day=due)
    behind = [Behind(account, last, _sessions(last, due)) for account, last, counts in found if counts and last < due]
    return Freshness(due if found else None, tuple(sorted(behind, key=lambda one: one.last)))


def _of_the_sandbox(settings: Settings) -> bool:
    """Whether the figures are the sandbox's: it is what is asked, or nothing is and the demo's data are looked at."""
    return settings.flex_url != FLEX_URL or (not settings.connections and settings.data_dir.name == "sandbox")


def _sessions(last: date, due: date) -> int:
    """How many sessions come after `last`, up to `due`."""
    return sum(is_session(day) for day in weekdays_between(last + timedelta(days=1), due))
