"""Builds Flex statements in XML from Python values, attribute by attribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from xml.sax.saxutils import quoteattr

Value = str | int | Decimal | date | None
Row = Mapping[str, Value]

#: The row element of each container; the others are single elements with attributes of their own.
ROWS = {
    "EquitySummaryInBase": "EquitySummaryByReportDateInBase",
    "CashReport": "CashReportCurrency",
    "OpenPositions": "OpenPosition",
    "ConversionRates": "ConversionRate",
    "CashTransactions": "CashTransaction",
    "Trades": "Trade",
    "Transfers": "Transfer",
    "OpenDividendAccruals": "OpenDividendAccrual",
    "InterestAccruals": "InterestAccrualsCurrency",
    "FIFOPerformanceSummaryInBase": "FIFOPerformanceSummaryUnderlying",
    "SecuritiesInfo": "SecurityInfo",
}

#: When statements are generated, if not later.
GENERATED = date(2025, 4, 1)
FRIDAY = date(2025, 3, 7)
MONDAY = date(2025, 3, 10)
TUESDAY = date(2025, 3, 11)


def text(value: Value) -> str:
    """A value as IBKR writes it."""
    if isinstance(value, date):
        return f"{value:%Y%m%d}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def element(tag: str, attributes: Row) -> str:
    """An element without children; an attribute whose value is None is left out."""
    told = (f" {name}={quoteattr(text(value))}" for name, value in attributes.items() if value is not None)
    return f"<{tag}{''.join(told)}/>"


def flex(
    account: str = "U1",
    day: date = MONDAY,
    *,
    first: date | None = None,
    generated: str | None = None,
    **sections: Row | Sequence[Row] | str,
) -> str:
    """One FlexStatement: containers take a list of rows, single elements a mapping, anything takes raw XML.

    generated: by default at 06:00 on the day after its own, or on 1 April 2025 if that is later.
    """
    generated = generated or f"{max(day + timedelta(days=1), GENERATED):%Y%m%d};060000"
    body = []
    for name, rows in sections.items():
        if isinstance(rows, str):
            body.append(rows)
        elif isinstance(rows, Mapping):
            body.append(element(name, rows))
        else:
            body.append(f"<{name}>{''.join(element(ROWS.get(name, 'Row'), row) for row in rows)}</{name}>")
    opening = element(
        "FlexStatement",
        {"accountId": account, "fromDate": first or day, "toDate": day, "period": "", "whenGenerated": generated},
    )
    return f"{opening[:-2]}>{''.join(body)}</FlexStatement>"


def file(*statements: str, root: str = 'queryName="q" type="AF"') -> bytes:
    """The whole file."""
    inside = f'<FlexStatements count="{len(statements)}">{"".join(statements)}</FlexStatements>'
    return f"<FlexQueryResponse {root}>{inside}</FlexQueryResponse>".encode()


def nav(day: date = MONDAY, total: Value = "100", **parts: Value) -> dict[str, Value]:
    """A NAV row that is all cash unless told otherwise."""
    return {"accountId": "U1", "currency": "USD", "reportDate": day, "cash": total, "total": total, **parts}


def position(**other: Value) -> dict[str, Value]:
    """A position of ten shares worth 50 in all, in the base currency."""
    return {
        "accountId": "U1", "currency": "USD", "fxRateToBase": "1", "assetCategory": "STK", "symbol": "ACME",
        "conid": "1", "reportDate": MONDAY, "position": "10", "multiplier": "1", "markPrice": "5",
        "positionValue": "50", "costBasisPrice": "4", "costBasisMoney": "40", "fifoPnlUnrealized": "10",
        "levelOfDetail": "SUMMARY", "openDateTime": "", **other,
    }  # fmt: skip


def lot(**other: Value) -> dict[str, Value]:
    """The same as one lot."""
    return position(**{"levelOfDetail": "LOT", "openDateTime": "20250102;093000", **other})


def cash(currency: str = "BASE_SUMMARY", ending: Value = "100", **other: Value) -> dict[str, Value]:
    """A cash row without flows."""
    level = "BaseCurrency" if currency == "BASE_SUMMARY" else "Currency"
    return {
        "accountId": "U1", "currency": currency, "levelOfDetail": level, "startingCash": ending,
        "endingCash": ending, "endingSettledCash": ending, **other,
    }  # fmt: skip


def rate(from_currency: str, value: Value, day: date = MONDAY, to_currency: str = "USD") -> dict[str, Value]:
    """A conversion rate."""
    return {"reportDate": day, "fromCurrency": from_currency, "toCurrency": to_currency, "rate": value}
