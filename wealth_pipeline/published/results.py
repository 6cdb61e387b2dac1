"""What the published database answers, where it is more than a table. The fields are the columns of a question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from wealth_pipeline.warehouse.version import Origin


@dataclass(frozen=True)
class NavDay:
    """A row of nav_history: the NAV of an account at the close of a report date, in its base currency.

    unproved_by: the proofs that failed, or if none failed those whose lack leaves the NAV unproved. recent: the totals
    of the days up to this one, as many as a chart shows; recent_from: the first of these days.
    """

    account_id: str
    report_date: date
    currency: str
    total: Decimal | None
    day_change: Decimal | None
    proof: str
    unproved_by: list[str]
    statement_sha256: str
    recent: list[Decimal]
    recent_from: date


@dataclass(frozen=True)
class ReturnDay:
    """The return of a day. scope: an account, or `household`.

    currency: of the gain. level: the index, 100 on the last day without a return. status: shown (our own figure), ibkr
    (IBKR's), withheld, none; reason: why it is not shown.
    """

    scope: str
    report_date: date
    currency: str
    return_percent: float | None
    level: float
    gain: Decimal | None
    status: str
    reason: str | None


@dataclass(frozen=True)
class ReturnPeriod:
    """What an account or the household earned over a period that ends on `to_date`.

    status: shown, partial (it begins later or ends before its name says), withheld; reason: why it is not shown.
    """

    scope: str
    period: str
    to_date: date
    twr_percent: float | None
    gain: Decimal | None
    status: str
    reason: str | None
    currency: str


@dataclass(frozen=True)
class Holding:
    """A position among the largest of an account on a day.

    value: in `currency`, notional for futures and CFDs. nav_value: what it adds to the NAV, in `base_currency`.
    percent: that, of the NAV; None where either is unknown.
    """

    account_id: str
    report_date: date
    symbol: str
    quantity: Decimal
    value: Decimal | None
    currency: str
    nav_value: Decimal | None
    base_currency: str
    percent: float | None


@dataclass(frozen=True)
class Unfilled:
    """A day whose profit and loss IBKR has not filled. generated: when it last said so (UTC, without zone).

    alone: that statement covers more days, so that only another one that ends on this day shows its positions.
    """

    account_id: str
    report_date: date
    generated: datetime
    alone: bool


@dataclass(frozen=True)
class ProofSummary:
    """How one proof stands over all days of some accounts: counts, why some could not be evaluated, what failed.

    accounts: the same counts by account, with its newest day and how the proof came out on it.
    """

    passed: int
    failed: int
    not_evaluable: int
    reasons: tuple[str, ...]
    failures: tuple[dict[str, Any], ...]
    accounts: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Drift:
    """The last live NAV of a New York day, and the statement's NAV of that day. drift: official less live."""

    account_id: str
    report_date: date
    captured_at: datetime
    base_currency: str | None
    live: Decimal
    official: Decimal
    drift: Decimal


@dataclass(frozen=True)
class Overview:
    """What wealth.duckdb is and holds. origin: its tables and rules, and which program wrote them.

    days: rows of nav_history; oldest, newest: the first and the last of them. generated: when IBKR generated the newest
    statement (UTC).
    """

    origin: Origin
    days: int
    oldest: date | None
    newest: date | None
    generated: datetime | None
