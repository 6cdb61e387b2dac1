"""What is looked at after each load besides the proofs, each declared once: Dagster's asset checks. None blocks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from wealth_pipeline.calendar import Clock, is_session
from wealth_pipeline.connections import Connection
from wealth_pipeline.published.freshness import freshness
from wealth_pipeline.published.published import Published
from wealth_pipeline.published.reading import sql
from wealth_pipeline.settings import Settings
from wealth_pipeline.tables.figures import TABLES

#: The check that grows old by itself, without any load.
UP_TO_DATE = "up_to_date"

Rows = list[dict[str, Any]]
Severity = Literal["WARN", "ERROR"]


@dataclass(frozen=True)
class Subject:
    """What a check looks at: the accounts of a connection, in the published database.

    only_connection: whether there is no other, so that accounts which were only imported count as its own.
    """

    connection: Connection
    settings: Settings
    published: Published
    only_connection: bool
    clock: Clock

    @cached_property
    def accounts(self) -> list[str]:
        """The connection's accounts."""
        return list(self.published.accounts_of(self.connection.name, self.only_connection))


@dataclass(frozen=True)
class Found:
    """What a check found to be wrong, and what it mentions for information, by title; the newest first.

    severity: how bad it is this time, None: as declared. says: a sentence of Markdown about it.
    """

    wrong: Rows
    mentioned: Mapping[str, Rows] = field(default_factory=dict)
    severity: Severity | None = None
    says: str | None = None


@dataclass(frozen=True)
class Check:
    """Something that is looked at after each load.

    asset: the table it speaks of. severity: how bad a finding is. says: what holds if it passes. find: what looks.
    """

    name: str
    asset: str
    severity: Severity
    says: str
    find: Callable[[Subject], Found]


def answered_by(question: str, **parameters: Callable[[Subject], Any]) -> Callable[[Subject], Found]:
    """What finds the rows that answer a question of published/sql about the accounts; they are what is wrong.

    parameters: those of the question besides the accounts. Raises FileNotFoundError if there is no such question: a
    check that asks nothing would pass.
    """
    sql(question)

    def find(subject: Subject) -> Found:
        values = {name: value(subject) for name, value in parameters.items()}
        return Found(subject.published.records(question, accounts=subject.accounts, **values))

    return find


def _duplicate_keys(subject: Subject) -> Found:
    return Found(subject.published.duplicate_keys({table.name: table.key for table in TABLES if table.key}))


def _gaps(subject: Subject) -> Found:
    rowless = subject.published.records("rowless_weekdays", accounts=subject.accounts)
    sessions = [day for day in rowless if is_session(day["report_date"])]
    return Found(sessions, {"exchange holidays": [day for day in rowless if not is_session(day["report_date"])]})


def _unfilled(subject: Subject) -> Found:
    days = subject.published.unfilled(subject.accounts)
    return Found([{"account": day.account_id, "not ready": day.report_date} for day in days])


def _unknown(subject: Subject) -> Found:
    unknown, noted = (
        subject.published.records(question, accounts=subject.accounts) for question in ("unknown_names", "also_noted")
    )
    return Found(unknown, {"also noted": noted})


def _token(subject: Subject) -> Found:
    warning = subject.connection.token_warning(subject.clock.today())
    return Found([{"warning": warning}] if warning else [])


def _behind(subject: Subject) -> Found:
    now = subject.clock.now()
    found = freshness(subject.published, subject.settings, now, subject.accounts)
    rows = [
        {"account": one.account_id, "newest NAV": one.last, "sessions behind": one.sessions} for one in found.behind
    ]
    return Found(
        rows if found.due else [{"account": "none has a NAV yet"}],
        severity="ERROR" if found.stale else None,
        says=f"{found.due} should be there." if rows else None,
    )


#: What is looked at besides the proofs.
CHECKS = (
    Check(
        name="no_duplicate_keys",
        asset="nav",
        severity="ERROR",
        says="No table has two rows for one key.",
        find=_duplicate_keys,
    ),
    Check(
        name="no_gaps",
        asset="nav",
        severity="ERROR",
        says="Every session between an account's first and newest day has a NAV.",
        find=_gaps,
    ),
    Check(
        name="usual_change",
        asset="nav",
        severity="WARN",
        says="No day's NAV jumped without a deposit, withdrawal or transfer.",
        find=answered_by("large_changes", share=lambda subject: subject.settings.day_change_share),
    ),
    Check(
        name="nothing_restated",
        asset="nav",
        severity="WARN",
        says="The newest statement changed no figure of an earlier day.",
        find=answered_by("restated"),
    ),
    Check(
        name="profit_and_loss_ready",
        asset="positions",
        severity="WARN",
        says="IBKR has filled the profit and loss of every day.",
        find=_unfilled,
    ),
    Check(
        name="nothing_unknown",
        asset="flex_statement",
        severity="WARN",
        says="No statement has an attribute, section or value that this software does not know.",
        find=_unknown,
    ),
    Check(
        name="nothing_set_aside",
        asset="flex_statement",
        severity="WARN",
        says="No row had to be set aside that the newest statement of its day still shows.",
        find=answered_by("set_aside"),
    ),
    Check(
        name="token_lasts",
        asset="flex_report_request",
        severity="WARN",
        says="The token, if you stated when it was made, lives for 30 days more.",
        find=_token,
    ),
    Check(
        name=UP_TO_DATE,
        asset="nav_history",
        severity="WARN",
        says="Every account that counts has the newest session whose last look (WEALTH_SCHEDULE) has passed: a warning"
        " where one is behind, an error from four sessions on. Looked at every hour, too, and when the UI starts.",
        find=_behind,
    ),
)
