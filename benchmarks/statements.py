"""Statements of any size: the sandbox's rows, attribute by attribute, with figures that add up, written fast.

Every FlexStatement is an account's day with all sections: two NAV rows, cash in two currencies, each position as a
SUMMARY and a LOT row, conversion rates. A position is worth quantity x price to the cent, the NAV is their sum and the
cash, so that every proof is evaluated and passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import count, islice
from pathlib import Path

from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.statement.statement import FULL, Statement

FIRST_DAY = date(2016, 1, 4)
#: IBKR's longest broken-out statement that a user asks for at once: a quarter.
LONGEST = 65
POSITIONS = 100
_CASH_CENTS = 1_000_000_00


def weekdays(first: date = FIRST_DAY) -> Iterator[date]:
    """Mondays to Fridays from `first` on, without end."""
    return (day for day in (first + timedelta(days=n) for n in count()) if day.weekday() < 5)


def statement(accounts: int, days: Sequence[date], positions: int = POSITIONS) -> Iterator[bytes]:
    """The file, a FlexStatement at a time, broken out by day."""
    yield (
        f'<FlexQueryResponse queryName="benchmark" type="AF">\n<FlexStatements count="{accounts * len(days)}">\n'
    ).encode()
    generated = days[-1] + timedelta(days=1)
    for number in range(accounts):
        for day in days:
            yield _flex_statement(f"U{2_000_001 + number}", day, generated, positions).encode()
    yield b"</FlexStatements>\n</FlexQueryResponse>\n"


def write(path: Path, megabytes: int) -> Path:
    """A file of about so many megabytes: as many accounts as it takes, of at most a quarter each."""
    one = len(_flex_statement("U2000001", FIRST_DAY, FIRST_DAY, POSITIONS))
    wanted = max(1, round(megabytes * 1_000_000 / one))
    accounts = -(-wanted // LONGEST)
    with path.open("wb") as file:
        file.writelines(statement(accounts, list(islice(weekdays(), -(-wanted // accounts)))))
    return path


def _flex_statement(account: str, day: date, generated: date, positions: int) -> str:
    before = day - timedelta(days=3 if day.weekday() == 0 else 1)
    values = [_value(number, day) for number in range(positions)]
    stock, stock_before = sum(values), sum(_value(number, before) for number in range(positions))
    total, total_before = stock + _CASH_CENTS, stock_before + _CASH_CENTS
    today, cash = f"{day:%Y%m%d}", _money(_CASH_CENTS)
    nav_row, cash_row = _slots("EquitySummaryByReportDateInBase"), _slots("CashReportCurrency")
    summary, lot = _slots("OpenPosition", "SUMMARY"), _slots("OpenPosition", "LOT")
    rows = []
    for number, value in enumerate(values):
        told = {
            "accountId": account, "reportDate": today, "symbol": f"SYM{number}", "description": f"COMPANY {number} INC",
            "conid": 100_000 + number, "position": _quantity(number), "markPrice": _money(value // _quantity(number)),
            "positionValue": _money(value), "costBasisMoney": _money(value - 4_321), "fifoPnlUnrealized": "43.21",
        }  # fmt: skip
        rows += [summary(told), lot(told)]
    return "".join(
        [
            f'<FlexStatement accountId="{account}" fromDate="{today}" toDate="{today}" period=""'
            f' whenGenerated="{generated:%Y%m%d};060000">\n',
            _slots("AccountInformation")({"accountId": account}),
            _slots("ChangeInNAV")(
                {
                    "accountId": account, "fromDate": today, "toDate": today, "startingValue": _money(total_before),
                    "mtm": _money(total - total_before), "endingValue": _money(total),
                }
            ),
            "<EquitySummaryInBase>\n",
            *(
                nav_row(
                    {
                        "accountId": account, "reportDate": f"{on:%Y%m%d}", "stock": _money(held), "cash": cash,
                        "total": _money(held + _CASH_CENTS),
                    }
                )
                for on, held in ((before, stock_before), (day, stock))
            ),
            "</EquitySummaryInBase>\n<CashReport>\n",
            *(
                cash_row(
                    {
                        "accountId": account, "currency": currency, "levelOfDetail": level, "fromDate": today,
                        "toDate": today, "startingCash": cash, "endingCash": cash, "endingSettledCash": cash,
                    }
                )
                for currency, level in (("BASE_SUMMARY", "BaseCurrency"), ("USD", "Currency"))
            ),
            "</CashReport>\n<OpenPositions>\n",
            *rows,
            "</OpenPositions>\n<OpenDividendAccruals />\n<ConversionRates>\n",
            *(_slots("ConversionRate")({"reportDate": today, "fromCurrency": c}) for c in ("EUR", "GBP", "CHF", "JPY")),
            "</ConversionRates>\n</FlexStatement>\n",
        ]
    )  # fmt: skip


def _quantity(number: int) -> int:
    return 10 + 7 * number


def _value(number: int, day: date) -> int:
    """A position's value in cents: its price moves every day."""
    return _quantity(number) * (1_000 + 37 * number + (day.toordinal() * (number + 11)) % 997)


def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


#: Amounts of a day on which nothing happened; rows with these attributes have every other amount at zero.
_STATED = {
    "AccountInformation": ("accountId",),
    "ChangeInNAV": ("accountId", "fromDate", "toDate", "startingValue", "mtm", "endingValue"),
    "EquitySummaryByReportDateInBase": ("accountId", "reportDate", "cash", "stock", "total"),
    "CashReportCurrency": (
        "accountId", "currency", "levelOfDetail", "fromDate", "toDate", "startingCash", "endingCash",
        "endingSettledCash",
    ),
    "OpenPosition": (
        "accountId", "reportDate", "symbol", "description", "conid", "position", "markPrice", "positionValue",
        "costBasisMoney", "fifoPnlUnrealized",
    ),
    "ConversionRate": ("reportDate", "fromCurrency"),
}  # fmt: skip


@cache
def _slots(element: str, level: str = "") -> Callable[[dict[str, object]], str]:
    """The sandbox's row of that element with the given attributes to be filled in, as a function."""
    row = next(
        row
        for row in re.findall(rf"<{element} [^>]*>\n", _sample())
        if f'levelOfDetail="{level}"' in row or (not level and 'currency="EUR"' not in row)
    )
    zeroed = element in ("ChangeInNAV", "EquitySummaryByReportDateInBase", "CashReportCurrency")
    if zeroed:
        row = re.sub(r'"-?\d+(\.\d+)?"', '"0"', row)
    for name in _STATED[element]:
        row = re.sub(rf' {name}="[^"]*"', f' {name}="%({name})s"', row)
    return lambda values: row % values


@cache
def _sample() -> str:
    """A day of the sandbox's account in dollars."""
    day = date(2025, 3, 11)
    return b"".join(Statement(Household(), FULL, day, day, "", datetime(2025, 3, 12, 6)).render()).decode()  # noqa: DTZ001
