"""Renders the `FlexQueryResponse` of a query for a window, piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wealth_pipeline.sandbox import activity, sections
from wealth_pipeline.sandbox.days import ONE_DAY, weekdays
from wealth_pipeline.sandbox.household import Household
from wealth_pipeline.sandbox.markup import attributes, day_text, time_text
from wealth_pipeline.sandbox.records import Account, AccountDay

GUIDE = "guide"
"""Four sections; one FlexStatement per account for the whole window: positions and cash at its end only."""
FULL = "full"
"""Every section, broken out by day: one FlexStatement per account and weekday."""

NOT_READY = "<Message>Realized P/L is not ready and has been disabled for this statement.</Message>\n"
"""IBKR writes 0 into all profits and losses of such a statement."""
_PROFITS = re.compile(r'\b(fifoPnlUnrealized|fifoPnlRealized|unrealizedCapitalGainsPnl|unrealizedlFxPnl)="[^"]+"')


@dataclass(frozen=True)
class Statement:
    """A statement that can be rendered, again and again to the same bytes.

    Args:
        household: whose figures.
        query: `GUIDE` or `FULL`.
        first: first day of the window; a day before the household's first day is moved to it.
        last: last day of the window, included.
        period: IBKR's name of the query's period; empty when the request named the dates.
        generated: New York time.
        unready: the day from which on profit and loss are not ready; None: all are.

    Raises:
        ValueError: the window holds no weekday on or after the household's first day.

    """

    household: Household
    query: str
    first: date
    last: date
    period: str
    generated: datetime
    unready: date | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", max(self.first, self.household.first_day))
        if not list(weekdays(self.first, self.last)):
            raise ValueError(f"no statement from {self.first} to {self.last}")

    def render(self) -> Iterator[bytes]:
        """The XML in UTF-8, a FlexStatement at a time; without a declaration, as IBKR sends it."""
        accounts = self.household.accounts
        days = list(weekdays(self.first, self.last))
        windows = [(day, day) for day in days] if self.query == FULL else [(self.first, self.last)]
        yield (
            f'<FlexQueryResponse queryName="sandbox-{self.query}" type="AF">\n{NOT_READY if self.unready else ""}'
            f'<FlexStatements count="{len(accounts) * len(windows)}">\n'
        ).encode()
        for account in accounts:
            for first, last in windows:
                yield self._flex_statement(account, first, last).encode()
        yield b"</FlexStatements>\n</FlexQueryResponse>\n"

    def _flex_statement(self, account: Account, first: date, last: date) -> str:
        household = self.household
        days = household.days(account.account_id, first, last)
        before = household.day_before(account.account_id, days[0].day)
        body = [
            sections.account_information(days[-1], household.first_day),
            sections.equity_summary(before, days),
            sections.cash_report(days, first, last),
            sections.open_positions(household.market, days[-1], with_lots=self.query == FULL),
        ]
        if self.query == FULL:
            body[1:1] = [sections.change_in_nav(days)]
            body += self._activity(account, days)
        opening = attributes(
            accountId=account.account_id,
            fromDate=day_text(first),
            toDate=day_text(last),
            period=self.period,
            whenGenerated=time_text(self.generated),
        )
        text = "".join(body)
        if self.unready and last >= self.unready:
            text = _PROFITS.sub(r'\1="0"', text)
        return f"<FlexStatement{opening}>\n{text}</FlexStatement>\n"

    def _activity(self, account: Account, days: list[AccountDay]) -> list[str]:
        first, last = days[0].day, days[-1].day
        # IBKR: rates exist from Sunday to Friday, so that Monday's statement carries Sunday's as well.
        if first.weekday() == 0 and first > self.household.first_day:
            first -= ONE_DAY
        dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [
            activity.trades(days),
            activity.cash_transactions(days),
            activity.transfers(days),
            activity.interest_accruals(days),
            activity.open_dividend_accruals(days[-1]),
            activity.change_in_dividend_accruals(days),
            activity.securities_info(days),
            sections.conversion_rates(self.household.market, account.base, dates),
        ]
