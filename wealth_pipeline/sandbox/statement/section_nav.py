"""The sections EquitySummaryInBase and ChangeInNAV: NAV and what changed it, in the account's base currency."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from wealth_pipeline.sandbox.household.records import ZERO, AccountDay
from wealth_pipeline.sandbox.household.scenario import DEFAULT, Scenario
from wealth_pipeline.sandbox.statement.columns import CHANGE_PARTS, NAV_COLUMNS, NAV_COLUMNS_WITHOUT_MEANING
from wealth_pipeline.sandbox.statement.markup import Days, attributes, container, day_text, element, number
from wealth_pipeline.sandbox.statement.subjects import account_attributes
from wealth_pipeline.sandbox.statement.twr import stated_twr

_NOTHING = (ZERO, ZERO)

#: The figures of a NAV row, all of them zero: most always are.
_NO_FIGURES = {
    name + suffix: "0"
    for name in (
        *NAV_COLUMNS,
        "total",
        "brokerCashComponent",
        "brokerInterestAccrualsComponent",
        "bondInterestAccrualsComponent",
        *NAV_COLUMNS_WITHOUT_MEANING,
    )
    for suffix in ("", "Long", "Short")
}


def equity_summary(before: AccountDay | None, days: Days) -> str:
    """EquitySummaryInBase: a row for each weekday and, before them, one for the weekday before the window."""
    return container("EquitySummaryInBase", [_nav_row(day) for day in ([before] if before else []) + list(days)])


def _nav_row(day: AccountDay) -> str:
    figures = dict(_NO_FIGURES)
    for name, (long, short) in (day.nav | _sums_and_components(day)).items():
        figures[name] = number(long + short)
        figures[f"{name}Long"] = number(long)
        figures[f"{name}Short"] = number(short)
    return element(
        "EquitySummaryByReportDateInBase",
        account_attributes(day.account),
        attributes(currency=day.account.base, reportDate=day_text(day.day), **figures),
    )


def _sums_and_components(day: AccountDay) -> dict[str, tuple[Decimal, Decimal]]:
    """The total, and the parts of some columns once more, each with its long and its short part."""
    interest_long, interest_short = day.nav.get("interestAccruals", _NOTHING)
    return {
        "total": (
            sum((long for long, _ in day.nav.values()), ZERO),
            sum((short for _, short in day.nav.values()), ZERO),
        ),
        "brokerCashComponent": day.nav.get("cash", _NOTHING),
        "brokerInterestAccrualsComponent": (interest_long - day.bond_accruals, interest_short),
        "bondInterestAccrualsComponent": (day.bond_accruals, ZERO),
    }


def change_in_nav(days: Days, scenario: Scenario = DEFAULT) -> str:
    """ChangeInNAV of the window: `mtm` carries the result, `twr` is in percent."""
    account = days[-1].account
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for day in days:
        for part, amount in day.change.items():
            totals[part] += amount
    return element(
        "ChangeInNAV",
        account_attributes(account),
        attributes(
            currency=account.base,
            fromDate=day_text(days[0].day),
            toDate=day_text(days[-1].day),
            startingValue=number(days[0].starting_value),
            **{part: number(totals[part]) for part in CHANGE_PARTS},
            endingValue=number(days[-1].total),
            twr=stated_twr(days, scenario),
        ),
    )
