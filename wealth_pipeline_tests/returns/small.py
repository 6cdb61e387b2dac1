"""Small statements, figure by figure, for what no books hold: and what the pipeline makes of their days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import duckdb

from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.flexml import Row, Value

#: Weekdays without a holiday, from a Monday on.
DAYS = [date(2026, 3, 2) + timedelta(days=7 * (number // 5) + number % 5) for number in range(20)]
#: The flows that a Change in NAV states, and the components that a Cash Report does.
_FLOWS = ("depositsWithdrawals", "internalCashTransfers", "assetTransfers", "debitCardActivity", "billPay")
_CASH = (
    "deposits", "withdrawals", "depositWithdrawals", "accountTransfers", "internalTransfers", "debitCardActivity",
    "billPay", "commissions", "dividends", "otherFees",
)  # fmt: skip
_ids = count(1)


def change(
    account: str, start: Value, end: Value, first: int, last: int | None = None, **parts: Value
) -> dict[str, Value]:
    """ChangeInNAV of the days from `first` to `last`, by their numbers: what no part explains is `mtm`."""
    last = first if last is None else last
    explained = sum(Decimal(str(part)) for name, part in parts.items() if name not in ("twr", "endingValue"))
    return {
        "accountId": account, "fromDate": DAYS[first], "toDate": DAYS[last], "startingValue": start,
        "mtm": Decimal(str(end)) - Decimal(str(start)) - explained, **dict.fromkeys(_FLOWS, "0"), "endingValue": end,
        **parts,
    }  # fmt: skip


def cash_report(account: str, start: Value, end: Value, first: int, last: int, **parts: Value) -> list[Row]:
    """CashReport of a period, in base currency. parts: None for what is not ticked."""
    row: dict[str, Value] = {
        "accountId": account, "fromDate": DAYS[first], "toDate": DAYS[last], "currency": "BASE_SUMMARY",
        "levelOfDetail": "BaseCurrency", "startingCash": start, "endingCash": end, "endingSettledCash": end,
        **dict.fromkeys(_CASH, "0"), **parts,
    }  # fmt: skip
    return [row, row | {"currency": "USD", "levelOfDetail": "Currency"}]


def paid(account: str, number: int, amount: Value, kind: str = "Deposits/Withdrawals", **other: Value) -> Row:
    """A cash transaction in the base currency."""
    return {
        "accountId": account, "transactionID": f"1{next(_ids)}", "levelOfDetail": "DETAIL", "type": kind,
        "currency": "USD", "amount": amount, "fxRateToBase": "1", "reportDate": DAYS[number], "dateTime": DAYS[number],
        "settleDate": DAYS[number], "description": kind, **other,
    }  # fmt: skip


def moved(account: str, number: int, **other: Value) -> Row:
    """A transfer from another broker of ten shares, or what is said otherwise."""
    return {
        "accountId": account, "transactionID": f"7{next(_ids)}", "type": "ACATS", "direction": "IN",
        "assetCategory": "STK", "symbol": "ACME", "conid": "1", "currency": "USD", "fxRateToBase": "1",
        "reportDate": DAYS[number], "date": DAYS[number], "account": "", "quantity": "10", **other,
    }  # fmt: skip


def statement(
    account: str, navs: Mapping[int, Value], generated: date | None = None, first: int | None = None, **sections: Any
) -> str:
    """A FlexStatement from the day after the first NAV to the last. navs: by the numbers of their days."""
    begins, ends = min(navs) + 1 if first is None else first, max(navs)
    made: dict[str, Row | Sequence[Row]] = {
        "AccountInformation": {"accountId": account, "currency": "USD", "dateOpened": date(2020, 1, 1)},
        "EquitySummaryInBase": [
            flexml.nav(DAYS[number], total, accountId=account) for number, total in navs.items()
        ],
        **sections,
    }  # fmt: skip
    made_on = generated or DAYS[ends] + timedelta(days=1)
    return flexml.flex(account, DAYS[ends], first=DAYS[begins], generated=f"{made_on:%Y%m%d};060000", **made)


def by_day(
    account: str, navs: Sequence[Value], parts: Mapping[int, Mapping[str, Any]], generated: date | None = None
) -> list[str]:
    """A statement for each day after the first. parts: of its Change in NAV, by the day's number."""
    return [
        statement(
            account,
            {number - 1: navs[number - 1], number: navs[number]},
            generated,
            ChangeInNAV=change(account, navs[number - 1], navs[number], number, **parts.get(number, {})),
        )
        for number in range(1, len(navs))
    ]


def days(con: duckdb.DuckDBPyConnection, account: str, columns: str = "status, return_percent") -> dict[int, Any]:
    """The account's days after the first, by their numbers."""
    rows = con.execute(f"SELECT report_date, {columns} FROM returns_daily WHERE account_id = ?", [account]).fetchall()
    return {DAYS.index(day): row for day, *row in rows if day != DAYS[0]}


def reason(con: duckdb.DuckDBPyConnection, account: str, number: int) -> str:
    """Why a day has no return of ours."""
    return str(days(con, account, "reason")[number][0])
