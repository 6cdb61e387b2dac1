"""The section CashReport: cash per currency, each in its own, and in base under BASE_SUMMARY."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from wealth_pipeline.sandbox.household.currencies import CURRENCIES
from wealth_pipeline.sandbox.household.records import BASE_SUMMARY, ZERO, AccountDay, Amounts, CashLine
from wealth_pipeline.sandbox.statement.columns import CASH_FLOWS, WITH_SEGMENTS, WITH_TO_DATE
from wealth_pipeline.sandbox.statement.markup import Days, attributes, container, day_text, element, number
from wealth_pipeline.sandbox.statement.subjects import account_attributes


def _names() -> Iterator[str]:
    segments = ("", "Sec", "Com", "Paxos")
    yield from (f"startingCash{segment}" for segment in segments)
    for name in CASH_FLOWS:
        yield name
        if name in WITH_SEGMENTS:
            yield from (f"{name}Sec", f"{name}Com")
        if name in WITH_TO_DATE:
            yield from (f"{name}MTD", f"{name}YTD", f"{name}Paxos")
    yield from (f"{name}{segment}" for name in ("endingCash", "endingSettledCash") for segment in segments)
    yield from ("slbStartingCashCollateral", "slbNetSecuritiesLentActivity", "slbEndingCashCollateral")
    yield from ("slbNetCash", "slbNetSettledCash", "avgCreditBalance", "avgDebitBalance")


#: The figures of a row of the cash report, all of them zero: most are on most days.
_NO_FIGURES = dict.fromkeys(_names(), "0")


def cash_report(days: Days, first: date, last: date) -> str:
    """CashReport over the window: BASE_SUMMARY in base, then a row per currency that was used, in that currency."""
    rows = []
    for currency in (BASE_SUMMARY, *CURRENCIES):
        flows: dict[str, Decimal] = defaultdict(Decimal)
        for day in days:
            for name, amount in day.cash[currency].flows.items():
                flows[name] += amount
        start, line = days[0].cash[currency].start, days[-1].cash[currency]
        if currency == BASE_SUMMARY or start or line.end or any(flows.values()):
            figures = _figures(start, flows, line)
            rows.append(_row(days[-1], currency, first=first, last=last, figures=figures))
    return container("CashReport", rows)


def _row(end_day: AccountDay, currency: str, *, first: date, last: date, figures: dict[str, str]) -> str:
    return element(
        "CashReportCurrency",
        account_attributes(end_day.account),
        attributes(
            currency=currency,
            levelOfDetail="BaseCurrency" if currency == BASE_SUMMARY else "Currency",
            fromDate=day_text(first),
            toDate=day_text(last),
            **figures,
        ),
    )


def _figures(start: Decimal, flows: Amounts, line: CashLine) -> dict[str, str]:
    figures = dict(_NO_FIGURES)
    figures["startingCash"] = figures["startingCashSec"] = number(start)
    for name, amount in _with_net_deposits(flows):
        figures[name] = number(amount)
        if name in WITH_SEGMENTS:
            figures[f"{name}Sec"] = figures[name]
    for suffix, amounts in (("MTD", line.month_to_date), ("YTD", line.year_to_date)):
        for name, amount in _with_net_deposits(amounts):
            if name in WITH_TO_DATE:
                figures[f"{name}{suffix}"] = number(amount)
    figures["endingCash"] = figures["endingCashSec"] = figures["slbNetCash"] = number(line.end)
    settled = number(line.settled)
    figures["endingSettledCash"] = figures["endingSettledCashSec"] = figures["slbNetSettledCash"] = settled
    return figures


def _with_net_deposits(flows: Amounts) -> Iterator[tuple[str, Decimal]]:
    """The flows, and deposits less withdrawals, which are stated once more as a sum."""
    yield from flows.items()
    yield "depositWithdrawals", flows.get("deposits", ZERO) + flows.get("withdrawals", ZERO)
