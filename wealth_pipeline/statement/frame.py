"""What frames a statement's rows: which account, which days, generated when; and which days a row can report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from wealth_pipeline.calendar import new_york_day
from wealth_pipeline.errors import WealthError
from wealth_pipeline.statement import values
from wealth_pipeline.text import inline

#: IBKR did not report before; a date before it is damage. A lot may be older: its dates are descriptions.
EARLIEST = date(1990, 1, 1)
#: How far ahead of ours the clock may be by which IBKR generated a statement, or a trade was done.
CLOCKS = timedelta(days=1)

AGAIN = "Download the statement again."
NOTHING = "Nothing of this file was loaded."


class StatementError(WealthError):
    """The file is not a statement that can be loaded exactly; nothing of it was loaded."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The attributes that frame a FlexStatement. when_generated: UTC. last_day: the last that a row can report."""

    account_id: str
    from_date: date
    to_date: date
    when_generated: datetime
    last_day: date


@dataclass(frozen=True)
class Statement:
    """One FlexStatement of the file: an account, its period (report dates, inclusive), and what it holds.

    ordinal: its place in the file, from 1. when_generated: UTC. sections: the names of its direct children.
    """

    ordinal: int
    account_id: str
    from_date: date
    to_date: date
    when_generated: datetime
    sections: tuple[str, ...]


_PARSERS: dict[str, Callable[[str, str | None], Any]] = {
    "accountId": lambda text, _: values.account(text),
    "fromDate": values.parse_day,
    "toDate": values.parse_day,
    "whenGenerated": values.parse_moment,
}


def read_frame(attributes: dict[str, str], which: str, date_format: str | None, now: datetime | None) -> Frame:
    """The attributes that frame a FlexStatement, read; raises StatementError where one is not as it can be.

    which: the FlexStatement, in messages. now: by which time it must have been generated; None: it is not asked.
    """
    read: dict[str, Any] = {}
    for attribute, parse in _PARSERS.items():
        text = attributes.get(attribute, "")
        try:
            read[attribute] = parse(text, date_format) if text else None
        except ValueError as error:
            raise StatementError(f"{which}: {attribute}='{inline(text[:40])}' {error}", NOTHING) from None
        if not read[attribute]:
            raise StatementError(f"{which} has no {attribute}", AGAIN)
    if read["fromDate"] > read["toDate"]:
        raise StatementError(f"{which} ends before it begins", AGAIN)
    generated = new_york_day(read["whenGenerated"])
    if now and read["whenGenerated"] > now + CLOCKS:
        raise StatementError(
            f"{which}: whenGenerated={generated} is in the future",
            "Look at this machine's clock, or download the statement again; nothing of this file was loaded.",
        )
    for attribute in ("fromDate", "toDate"):
        if why := impossible(read[attribute], generated):
            raise StatementError(f"{which}: {attribute}={read[attribute]} {why}", NOTHING)
    if generated < EARLIEST:
        raise StatementError(f"{which}: whenGenerated={generated} is before {EARLIEST.year}", NOTHING)
    return Frame(
        account_id=read["accountId"],
        from_date=read["fromDate"],
        to_date=read["toDate"],
        when_generated=read["whenGenerated"],
        last_day=generated,
    )


def reported_day(text: str, statement: Statement, date_format: str | None) -> date | None:
    """The day that an attribute states; None where it states none, or none that a row of the statement can report."""
    generated = new_york_day(statement.when_generated)
    try:
        day = values.parse_day(text, date_format, generated.year + 1)
    except ValueError:
        return None
    return None if day is None or impossible(day, generated) else day


def impossible(day: date, generated: date) -> str | None:
    """Why a reported day cannot be; None if it can."""
    if day < EARLIEST:
        return f"is before {EARLIEST.year}"
    return f"is after the statement was generated ({generated})" if day > generated else None
