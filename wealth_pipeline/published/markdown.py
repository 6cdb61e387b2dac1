"""Figures for people: with their currency, as small tables, and as a line; in Markdown that the Dagster UI shows.

Tried in the browser: Dagster renders GitHub's tables and images at a `data:` address, but no HTML, and shows a text in
place only below 1,000 characters; a longer one is behind a link. Hence the terse tables and the small chart.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from wealth_pipeline.text import grouped, markdown, money, percent

if TYPE_CHECKING:
    from wealth_pipeline.published.income import IncomeDay, IncomeMonth, IncomeToCome
    from wealth_pipeline.published.results import Holding, NavDay, ProofSummary, ReturnDay, ReturnPeriod

#: The status of a return in words; its reason follows, where there is one.
_STATUS = {"shown": "shown", "ibkr": "IBKR's own", "withheld": "withheld", "none": "none", "partial": "partial"}

_INCOME = ("gross", "tax", "net")
#: How many payments to come are shown one by one: more would not fit in place.
_SHOWN_COMING = 12


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> str:
    """A table in Markdown; the columns in `right` are aligned to the right, with amount and currency in one line."""
    lines = [columns, ["--:" if name in right else "---" for name in columns]]
    for row in rows:
        cells = [markdown(cell) for cell in row]
        lines.append(
            [c.replace(" ", "\N{NO-BREAK SPACE}") if n in right else c for n, c in zip(columns, cells, strict=True)]
        )
    return "\n".join(f"|{'|'.join(line)}|" for line in lines)


def line(values: Sequence[Decimal], alt: str) -> str:
    """The values as a line between their lowest and their highest, as an image in Markdown."""
    low, high = min(values), max(values)
    height = [99 - int((value - low) * 99 / (high - low)) if high > low else 50 for value in values]
    points = " ".join(f"{x},{y}" for x, y in enumerate(height))
    # The colour shows on Dagster's light and dark background.
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="380" height="80" viewBox="0 -2 {len(values) - 1} 103"'
        f' preserveAspectRatio="none"><polyline points="{points}" fill="none" stroke="#6a5df0" stroke-width="2"'
        ' vector-effect="non-scaling-stroke"/></svg>'
    )
    return f"![{markdown(alt)}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def nav_table(days: Iterable[NavDay]) -> str:
    """The NAV of several accounts, with the day's change and the state of the proof; of an older day, with that."""
    found = list(days)
    newest = max((d.report_date for d in found), default=None)
    rows = [
        (
            d.account_id if d.report_date == newest else f"{d.account_id} on {d.report_date}",
            money(d.total, d.currency),
            money(d.day_change, d.currency, sign=True),
            proof(d),
        )
        for d in found
    ]
    return table(("account", "NAV", "day's change", "proof"), rows, right=("NAV", "day's change"))


def proof(day: NavDay) -> str:
    """The state of a day's proof in words, with the proofs that failed or could not be evaluated."""
    checks = f" ({', '.join(day.unproved_by)})" if day.unproved_by else ""
    return f"{day.proof.replace('_', ' ')}{checks}"


def nav_chart(day: NavDay) -> str:
    """The NAV of an account as a line up to this day, with its range in words."""
    low, high = (markdown(money(value, day.currency)) for value in (min(day.recent), max(day.recent)))
    return f"{line(day.recent, 'NAV')}\n\n{day.recent_from} to {day.report_date}\n\nlow {low}, high {high}"


def returns_table(days: Iterable[ReturnDay]) -> str:
    """The day's return of several accounts, or of the household; where it is not our own, the reason."""
    rows = [
        (
            _scope(day.scope),
            _return(day.return_percent, day.status),
            money(day.gain, day.currency, sign=True) if day.gain is not None else "",
            _status(day.status, day.reason),
        )
        for day in days
    ]
    return table(("account", "day's return", "gain", "status"), rows, right=("day's return", "gain"))


def periods_table(periods: Iterable[ReturnPeriod]) -> str:
    """What accounts or the household earned over several periods; of one that ends on an older day, with that."""
    found = list(periods)
    newest = max((p.to_date for p in found), default=None)
    rows = [
        (
            _scope(p.scope) if p.to_date == newest else f"{p.scope} up to {p.to_date}",
            p.period.replace("_", " "),
            _return(p.twr_percent, p.status),
            money(p.gain, p.currency, sign=True) if p.gain is not None else "",
            _status(p.status, p.reason),
        )
        for p in found
    ]
    return table(("account", "period", "return", "gain", "status"), rows, right=("return", "gain"))


def _scope(scope: str) -> str:
    return "all accounts" if scope == "household" else scope


def _return(value: float | None, status: str) -> str:
    return status if value is None else percent(value)


def _status(status: str, reason: str | None) -> str:
    """The status with its reason, which may say it itself."""
    said = _STATUS[status]
    if not reason:
        return said
    return reason if reason.startswith(said) else f"{said}: {reason}"


def income_table(days: Iterable[IncomeDay]) -> str:
    """What was booked on a day as income of several accounts."""
    rows = [
        (d.account_id, *(_known(value, d.currency) if d.bookings else "" for value in (d.gross, d.tax, d.net)))
        for d in days
    ]
    return table(("account", *_INCOME), rows, right=_INCOME)


def months_table(months: Iterable[IncomeMonth]) -> str:
    """What was paid in each month; a payment without a rate is in no sum, and counted."""
    rows = [
        (
            f"{m.month:%Y-%m}",
            *(_known(value, m.currency) for value in (m.gross, m.tax, m.net)),
            f"{m.unrated} without a rate" if m.unrated else "",
        )
        for m in months
    ]
    counted = any(row[-1] for row in rows)
    columns = ("month", *_INCOME, *(["not in it"] if counted else []))
    return table(columns, rows if counted else [row[:-1] for row in rows], right=_INCOME)


def coming_table(coming: Iterable[IncomeToCome]) -> str:
    """What is declared and expected of one account, the first payments one by one and then the sums in base."""
    found = list(coming)
    rows = [
        (str(c.pay_date or "not stated"), c.symbol, c.state, _known(c.net, c.currency)) for c in found[:_SHOWN_COMING]
    ]
    for state in dict.fromkeys(c.state for c in found):
        of = [c for c in found if c.state == state]
        nets = [c.net_base for c in of]
        total = None if None in nets else sum(filter(None, nets), Decimal(0))
        rows.append(
            (
                "in all",
                f"{len(of)} payments" if len(of) > 1 else of[0].symbol,
                state,
                _known(total, of[0].base_currency),
            )
        )
    return table(("pay date", "security", "state", "net"), rows, right=("net",))


def _known(value: Decimal | None, currency: str) -> str:
    return "not known" if value is None else money(value, currency)


def holdings_table(holdings: Iterable[Holding]) -> str:
    """Positions with what each adds to the NAV."""
    rows = [
        (
            h.symbol,
            grouped(h.quantity),
            money(h.value, h.currency),
            money(h.nav_value, h.base_currency),
            f"{h.percent:.1f} %" if h.percent is not None else "unknown",
        )
        for h in holdings
    ]
    columns = ("holding", "quantity", "value", "in the NAV", "of the NAV")
    return table(columns, rows, right=columns[1:])


def proof_summary(summary: ProofSummary) -> str:
    """How a proof stands, in a sentence of Markdown."""
    if not summary.passed and not summary.failed:
        reason = markdown(summary.reasons[0]) if summary.reasons else "there are no statements"
        return f"Not evaluable: {reason}."
    days = summary.passed + summary.failed + summary.not_evaluable
    parts = [f"passed on {summary.passed:,} of {days:,} account days"]
    parts += [f"failed on {summary.failed:,}"] if summary.failed else []
    parts += [f"not evaluable on {summary.not_evaluable:,}"] if summary.not_evaluable else []
    return f"{'; '.join(parts).capitalize()}."
