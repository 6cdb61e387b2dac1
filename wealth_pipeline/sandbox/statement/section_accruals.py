"""The sections of what is owed and not paid yet: dividends, and broker interest (bonds are not in it)."""

from __future__ import annotations

from wealth_pipeline.sandbox.household.currencies import CURRENCIES
from wealth_pipeline.sandbox.household.records import BASE_SUMMARY, ZERO, AccountDay, DividendAccrual
from wealth_pipeline.sandbox.statement.markup import (
    BOOKKEEPING,
    Days,
    attributes,
    container,
    day_text,
    element,
    number,
)
from wealth_pipeline.sandbox.statement.subjects import (
    account_attributes,
    old_security_attributes,
    security_attributes,
)


def open_dividend_accruals(day: AccountDay) -> str:
    """OpenDividendAccruals: dividends whose ex-date has come and that are not paid yet."""
    return container(
        "OpenDividendAccruals",
        [
            element(
                "OpenDividendAccrual",
                _subject(day, accrual, old_security_attributes(accrual.instrument)),
                _amounts(accrual),
            )
            for accrual in day.dividends
        ],
    )


def change_in_dividend_accruals(days: Days) -> str:
    """ChangeInDividendAccruals: postings (Po), and reversals (Re) with opposite signs."""
    return container(
        "ChangeInDividendAccruals",
        [
            element(
                "ChangeInDividendAccrual",
                _subject(day, change.accrual, security_attributes(change.accrual.instrument)),
                attributes(reportDate=day_text(day.day), date=day_text(day.day), levelOfDetail="DETAIL"),
                _amounts(change.accrual, sign=1 if change.code == "Po" else -1, code=change.code),
            )
            for day in days
            for change in day.dividend_changes
        ],
    )


def _subject(day: AccountDay, accrual: DividendAccrual, security: str) -> str:
    currency = accrual.instrument.currency
    rate = attributes(currency=currency, fxRateToBase=number(day.rates[currency]))
    return f"{account_attributes(day.account)}{rate}{security}"


def _amounts(accrual: DividendAccrual, *, sign: int = 1, code: str = "") -> str:
    return attributes(
        exDate=day_text(accrual.ex_date),
        payDate=day_text(accrual.pay_date),
        quantity=number(accrual.quantity),
        tax=number(sign * accrual.tax),
        fee="0",
        grossRate=number(accrual.rate),
        grossAmount=number(sign * accrual.gross),
        netAmount=number(sign * accrual.net),
        code=code,
        fromAcct="",
        toAcct="",
        **BOOKKEEPING,
    )


def interest_accruals(days: Days) -> str:
    """InterestAccruals: broker interest accrued, per currency and as BASE_SUMMARY in base (bonds are not in it)."""
    rows = []
    for currency in (BASE_SUMMARY, *CURRENCIES):
        lines = [day.interest[currency] for day in days if currency in day.interest]
        if not any(line.start or line.end or line.accrued or line.reversal for line in lines):
            continue
        rows.append(
            element(
                "InterestAccrualsCurrency",
                account_attributes(days[-1].account),
                attributes(
                    currency=currency,
                    fromDate=day_text(days[0].day),
                    toDate=day_text(days[-1].day),
                    startingAccrualBalance=number(lines[0].start),
                    interestAccrued=number(sum((line.accrued for line in lines), ZERO)),
                    accrualReversal=number(sum((line.reversal for line in lines), ZERO)),
                    fxTranslation=number(sum((line.translation for line in lines), ZERO)),
                    endingAccrualBalance=number(lines[-1].end),
                ),
            )
        )
    return container("InterestAccruals", rows)
