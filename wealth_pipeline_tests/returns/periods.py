"""The right answers of periods, from the answers of days: to date, years back, calendar years, months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from wealth_pipeline_tests.returns import formulas
from wealth_pipeline_tests.returns.oracle import Answer


@dataclass(frozen=True, kw_only=True)
class PeriodAnswer:
    """The right figures of a period; ratios as fractions of 1, None where a day inside is withheld.

    payments: what XIRR is made of, signed from the owner's side. xirr: only from 365 days on.
    """

    name: str
    from_date: date
    to_date: date
    status: Literal["shown", "partial", "withheld"]
    twr: Fraction | None
    gain: Fraction | None
    net_flows: Fraction | None
    modified_dietz: Fraction | None
    payments: tuple[tuple[date, Fraction], ...]
    xirr: float | None
    max_drawdown: Fraction | None
    volatility: float | None
    best: Fraction | None
    worst: Fraction | None
    withheld: tuple[date, ...]

    @property
    def days(self) -> int:
        """How many days it covers."""
        return (self.to_date - self.from_date).days


def first_day(name: str, last: date) -> date | None:
    """The first day of a period that ends with the newest NAV; None since the start."""
    firsts = {
        "1D": last,
        "WTD": last - timedelta(days=last.weekday()),
        "MTD": last.replace(day=1),
        "QTD": date(last.year, (last.month - 1) // 3 * 3 + 1, 1),
        "YTD": date(last.year, 1, 1),
        **{f"{years}Y": _years_ago(last, years) + timedelta(days=1) for years in (1, 3, 5)},
        "since_start": None,
    }
    return firsts[name]


def _years_ago(day: date, years: int) -> date:
    """The same date some years ago; of a leap day the day before, where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


NAMES = ("1D", "WTD", "MTD", "QTD", "YTD", "1Y", "3Y", "5Y", "since_start")


def periods(answers: Sequence[Answer]) -> dict[str, PeriodAnswer]:
    """All periods of an account or the household; none where the newest day ends a segment or stands alone."""
    if len(answers) < 2 or answers[-1].status == "none":
        return {}
    return {name: _period(name, first_day(name, answers[-1].day), answers) for name in NAMES}


def calendar(answers: Sequence[Answer]) -> dict[str, PeriodAnswer]:
    """Each year (as 2026) and each month (as 2026-03), which end with their last NAV; none as in `periods`."""
    found = {}
    for name in sorted({str(answer.day)[:length] for answer in answers for length in (4, 7)}):
        known = [answer for answer in answers if str(answer.day)[: len(name)] <= name]
        if len(known) > 1 and known[-1].status != "none":
            found[name] = _period(name, date.fromisoformat(f"{name}-01-01"[:10]), known)
    return found


def _period(name: str, first: date | None, answers: Sequence[Answer]) -> PeriodAnswer:
    """The base is the last row before the period, or the first row, or the last one without a return."""
    known = [n for n, answer in enumerate(answers) if first is not None and answer.day < first]
    base = known[-1] if known else 0
    ended = max((n for n, answer in enumerate(answers) if answer.status == "none"), default=0)
    partial = ended > base or (not known and name != "since_start")
    return figures(name, answers[max(base, ended) :], partial)


def figures(name: str, answers: Sequence[Answer], partial: bool) -> PeriodAnswer:
    """The figures of a period: the first answer is its base, the others are its days."""
    base, inside = answers[0], answers[1:]
    withheld = tuple(answer.day for answer in inside if answer.status == "withheld")
    factors = [answer.factor for answer in inside if answer.factor is not None]
    first, last = base.day, inside[-1].day
    flows = [(answer.day, answer.net_flow) for answer in inside if answer.net_flow]
    payments = ((first, -base.end), *((day, -flow) for day, flow in flows), (last, inside[-1].end))
    known = not withheld
    return PeriodAnswer(
        name=name,
        from_date=first,
        to_date=last,
        status="withheld" if withheld else "partial" if partial else "shown",
        twr=formulas.chained(factors) if known else None,
        gain=sum((answer.gain for answer in inside), Fraction(0)) if known else None,
        net_flows=sum((flow for _, flow in flows), Fraction(0)) if known else None,
        modified_dietz=formulas.modified_dietz(base.end, inside[-1].end, first, last, flows) if known else None,
        payments=payments,
        xirr=formulas.xirr(payments) if known and (last - first).days >= 365 else None,
        max_drawdown=formulas.max_drawdown(factors) if known else None,
        volatility=formulas.volatility(factors) if known else None,
        best=max(factors, default=Fraction(1)) - 1 if known else None,
        worst=min(factors, default=Fraction(1)) - 1 if known else None,
        withheld=withheld,
    )
