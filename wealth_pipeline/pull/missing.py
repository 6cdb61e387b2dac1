"""What is missing: the days to be asked for, those that a run left open, and those of each account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wealth_pipeline.calendar import is_session, last_weekdays, new_york_day
from wealth_pipeline.flex.ledger import FlexRequest
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.results import Unfilled
from wealth_pipeline.pull.ask import never_made
from wealth_pipeline.settings import Settings

#: Of so many of the newest days a session without a NAV row may only be late, and is asked for again.
YOUNG = 3

Range = tuple[date, date]


@dataclass(frozen=True)
class AccountDays:
    """What an account lacks. ended: its last day, None while it goes on. has_nav: whether a statement brought a NAV."""

    account_id: str
    ended: date | None
    has_nav: bool
    missing: list[date]


def missing_days(published: Published, connection: str, days: Sequence[date]) -> list[date]:
    """The days to ask for: those that neither the published tables nor an answer of IBKR's account for.

    A holiday has no NAV row; a session without one is asked for again while it is young.
    """
    return _open_days(published, connection, days, days[-YOUNG:])


def lacking_days(published: Published, connection: str, days: Sequence[date], asked: FlexRequest) -> list[date]:
    """The days of a run whose NAV should be there and is not, after the statement that answered `asked` was loaded.

    A day that the statement covers without a NAV row is fine on an exchange holiday and before an account began; so
    are all days for which IBKR never made a statement.
    """
    return [] if never_made(asked) else _open_days(published, connection, days, days)


def absent_days(published: Published, connection: str, days: Sequence[date], *, only_connection: bool) -> list[date]:
    """The days that nobody asked for and of which an account's NAV is not there, however the others' came.

    That no account had begun on a day, only an answer of IBKR's can say.
    """
    open_days = _open_days(published, connection, days, days) if published.expected_accounts(connection) else []
    accounts = published.accounts_of(connection, only_connection)
    known = {day for account, day in published.rows("known_days", first=days[0], last=days[-1]) if account in accounts}
    return sorted({*open_days, *(day for day in days if day not in known)})


def _open_days(
    published: Published, connection: str, days: Sequence[date], must_have_rows: Sequence[date]
) -> list[date]:
    """The days without a NAV or an answer, and those sessions of `must_have_rows` that were answered without a NAV."""
    accounts = published.expected_accounts(connection)
    rowless = published.without_row(accounts, must_have_rows) if accounts else []
    return sorted({*published.missing(accounts, days), *(day for day in rowless if is_session(day))})


def account_days(published: Published, days: Sequence[date]) -> Iterator[AccountDays]:
    """Each account with those of `days` that it lacks: without a NAV, and without a statement that says so."""
    ended = published.ended_accounts()
    for account, first in published.first_days().items():
        goes_on = account not in ended and first is not None
        yield AccountDays(
            account_id=account,
            ended=ended.get(account),
            has_nav=first is not None,
            missing=published.missing({account: first}, days) if goes_on else [],
        )


def unfilled_days(
    published: Published, connection: str, *, only_connection: bool, overlap_days: int, now: datetime
) -> list[Unfilled]:
    """The days whose profit and loss were not ready at IBKR, while the overlap reaches back to them.

    Not those of a statement of today: IBKR makes about one statement per query and day, and fills them overnight.
    """
    accounts = published.accounts_of(connection, only_connection)
    (newest,) = last_weekdays(1, now)
    return [
        one
        for one in (published.unfilled(accounts) if accounts else [])
        if one.report_date >= newest - timedelta(days=overlap_days) and new_york_day(one.generated) < new_york_day(now)
    ]


def windows_to_ask(published: Published, connection: str, settings: Settings, now: datetime) -> list[Range]:
    """The ranges of days that the schedule has to ask for: all that is missing as one, then days that must end one.

    Profit and loss that were not ready are asked for again; the overlap of the days that are asked for anyway brings
    what is broken out by day.
    """
    days = [day for day in last_weekdays(settings.catch_up_days, now) if day >= settings.history_start]
    missing = missing_days(published, connection, days)
    unfilled = unfilled_days(
        published, connection, only_connection=settings.only_connection, overlap_days=settings.overlap_days, now=now
    )
    covered = missing[0] - timedelta(days=settings.overlap_days) if missing else date.max
    again = [one.report_date for one in unfilled if not one.alone and one.report_date < covered]
    missing = sorted({*missing, *again})
    alone = sorted({one.report_date for one in unfilled if one.alone} - set(missing[-1:]))
    return ([(missing[0], missing[-1])] if missing else []) + [(day, day) for day in alone]
