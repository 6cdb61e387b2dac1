"""Renders the `FlexQueryResponse` of a query for a window, piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from wealth_pipeline.sandbox.household.days import ONE_DAY, weekdays
from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.household.records import Account, AccountDay
from wealth_pipeline.sandbox.statement.markup import attributes, day_text, time_text
from wealth_pipeline.sandbox.statement.section_account import account_information
from wealth_pipeline.sandbox.statement.section_accruals import (
    change_in_dividend_accruals,
    interest_accruals,
    open_dividend_accruals,
)
from wealth_pipeline.sandbox.statement.section_bookings import cash_transactions, transfers
from wealth_pipeline.sandbox.statement.section_cash import cash_report
from wealth_pipeline.sandbox.statement.section_nav import change_in_nav, equity_summary
from wealth_pipeline.sandbox.statement.section_performance import fifo_performance_summary
from wealth_pipeline.sandbox.statement.section_positions import open_positions
from wealth_pipeline.sandbox.statement.section_rates import conversion_rates
from wealth_pipeline.sandbox.statement.section_securities import securities_info
from wealth_pipeline.sandbox.statement.section_trades import trades

#: Four sections; one FlexStatement per account for the whole window: positions and cash at its end only.
GUIDE = "guide"
#: Every section, broken out by day: one FlexStatement per account and weekday.
FULL = "full"

#: IBKR writes 0 into all profits and losses of such a statement.
NOT_READY = "<Message>Realized P/L is not ready and has been disabled for this statement.</Message>\n"
_PROFITS = re.compile(
    r"\b(fifoPnlUnrealized|fifoPnlRealized|unrealizedCapitalGainsPnl|unrealizedlFxPnl"
    r'|(?:un)?realized(?:ST|LT)?(?:Profit|Loss)|total(?:Realized|Unrealized|Fifo)Pnl)="[^"]+"'
)


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
        unready: the day from which on profit and loss are not ready; None if they all are.

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
        shown = [(account, *window) for account in accounts for window in windows if self._days(account, *window)]
        yield (
            f'<FlexQueryResponse queryName="sandbox-{self.query}" type="AF">\n{NOT_READY if self.unready else ""}'
            f'<FlexStatements count="{len(shown)}">\n'
        ).encode()
        for account, first, last in shown:
            yield self._flex_statement(account, first, last).encode()
        yield b"</FlexStatements>\n</FlexQueryResponse>\n"

    def _days(self, account: Account, first: date, last: date) -> list[AccountDay]:
        return self.household.days_shown(account.account_id, first, last, self.generated.date())

    def _flex_statement(self, account: Account, first: date, last: date) -> str:
        opening = attributes(
            accountId=account.account_id,
            fromDate=day_text(first),
            toDate=day_text(last),
            period=self.period,
            whenGenerated=time_text(self.generated),
        )
        if self.query == FULL:
            text = _every_section(self.household, account, first)
        else:
            text = "".join(_guide_sections(self.household, self._days(account, first, last), first, last))
        if self.unready and last >= self.unready:
            text = _PROFITS.sub(r'\1="0"', text)
        return f"<FlexStatement{opening}>\n{text}</FlexStatement>\n"


def _guide_sections(household: Household, days: list[AccountDay], first: date, last: date) -> tuple[str, ...]:
    account = days[-1].account
    return (
        _account_information(household, account, last),
        equity_summary(household.day_before(account.account_id, days[0].day), days),
        cash_report(days, first, last),
        open_positions(household.market, days[-1], with_lots=False),
    )


# The same few days are asked for again and again, by one test after the other and after each failed download.
@lru_cache(maxsize=64)
def _every_section(household: Household, account: Account, day: date) -> str:
    """The sections of a FlexStatement of one day."""
    days = household.days(account.account_id, day, day)
    return "".join(
        (
            _account_information(household, account, day),
            change_in_nav(days, household.scenario),
            equity_summary(household.day_before(account.account_id, day), days),
            cash_report(days, day, day),
            fifo_performance_summary(household.market, days),
            open_positions(household.market, days[0], with_lots=True),
            trades(days),
            cash_transactions(days),
            transfers(days),
            interest_accruals(days),
            open_dividend_accruals(days[0]),
            change_in_dividend_accruals(days),
            securities_info(days),
            conversion_rates(household.market, account.base, _dates_of_rates(household, day)),
        )
    )


def _account_information(household: Household, account: Account, day: date) -> str:
    closed = household.closed(account.account_id)
    return account_information(
        account, household.opened(account.account_id), closed if closed and closed <= day else None
    )


def _dates_of_rates(household: Household, day: date) -> list[date]:
    # IBKR: rates exist from Sunday to Friday, so that Monday's statement carries Sunday's as well.
    return [day - ONE_DAY, day] if day.weekday() == 0 and day > household.first_day else [day]
