"""Random statements, always the same: several accounts, overlapping windows, both shapes of query, restatements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from wealth_pipeline_tests.flexml import Row, cash, file, flex, lot, nav, position, rate

ACCOUNTS = {"U1": "USD", "U2": "EUR", "U3": "USD"}
_BEGIN = date(2025, 1, 6)
_BASES = {"USD": "EUR", "EUR": "USD"}


def weekdays(count: int) -> list[date]:
    """The first weekdays of the history."""
    days = (_BEGIN + timedelta(days=number) for number in range(count * 7 // 5 + 2))
    return [day for day in days if day.isoweekday() < 6][:count]


def statements(count: int, seed: int = 1) -> list[bytes]:
    """So many different statements, each a whole file."""
    draw = Random(seed)
    days = weekdays(max(10, count // 6))
    return [_statement(draw, days, number) for number in range(count)]


def generated_at(data: bytes) -> datetime:
    """When a statement says that it was generated, UTC (New York is on winter time in all of them)."""
    text = data.split(b'whenGenerated="')[1][:15].decode()
    return datetime.strptime(text, "%Y%m%d;%H%M%S") + timedelta(hours=5)  # noqa: DTZ007 - New York, then UTC


def _statement(draw: Random, days: Sequence[date], number: int) -> bytes:
    last = draw.randrange(len(days))
    window = days[max(0, last - draw.randrange(6)) : last + 1]
    # Few moments, so that statements tie in their time; all in winter, whatever the days.
    moment = datetime(2025, 1, 1, 6) + timedelta(days=(last + draw.choice((1, 1, 2, 9))) % 60)  # noqa: DTZ001
    generated = f"{moment:%Y%m%d;%H%M%S}"
    by_day = draw.random() < 0.7
    accounts = draw.sample(sorted(ACCOUNTS), draw.choice((1, 2, 3)))
    ticked = {name for name in _SECTIONS if draw.random() < 0.6}
    parts = []
    for account in accounts:
        for first, to in [(day, day) for day in window] if by_day else [(window[0], window[-1])]:
            inside = [day for day in window if first <= day <= to]
            before = first - timedelta(days=3 if first.isoweekday() == 1 else 1)
            rows = [_nav(draw, account, day, ticked) for day in (before, *inside)]
            sections: dict[str, Any] = {"EquitySummaryInBase": rows}
            for name, make in _SECTIONS.items():
                if name in ticked:
                    sections |= make(draw, account, first, to, number)
            parts.append(flex(account, to, first=first, generated=generated, **sections))
    return file(*parts, root=f'queryName="q{number}" type="AF"')


def _amount(draw: Random, *about: object) -> str:
    """A figure that belongs to what it is about; now and then another one, as if it had been restated."""
    figure = Random("|".join(map(str, about))).randrange(1, 10**6)
    return f"{figure + draw.choice((0, 0, 0, 0, 7))}.{figure % 997:03}"


def _nav(draw: Random, account: str, day: date, ticked: set[str]) -> Row:
    row = {**nav(day, _amount(draw, account, day)), "accountId": account, "currency": ACCOUNTS[account]}
    return {**row, "crypto": "0"} if "crypto" in ticked else row


def _crypto(*_: object) -> dict[str, Any]:
    return {}  # a field of the NAV rows


def _account(draw: Random, account: str, *_: object) -> dict[str, Any]:
    currency = ACCOUNTS[account] if draw.random() < 0.9 else _BASES[ACCOUNTS[account]]
    told = {"accountId": account, "currency": currency, "acctAlias": draw.choice(("a", "b", None))}
    return {"AccountInformation": told}


def _positions(draw: Random, account: str, first: date, to: date, number: int) -> dict[str, Any]:
    if draw.random() < 0.1:
        return {"OpenPositions": []}
    rows = []
    for conid in draw.sample(("1", "2", "3"), draw.choice((1, 2, 3))):
        of: dict[str, Any] = {
            "accountId": account, "conid": conid, "symbol": f"S{conid}", "reportDate": to,
            "currency": "EUR" if conid == "2" else "USD", "fxRateToBase": None if draw.random() < 0.5 else "1.1",
            "position": _amount(draw, account, to, conid), "costBasisMoney": None if draw.random() < 0.3 else "40",
        }  # fmt: skip
        rows.append(position(**of))
        if number % 3 == 0:
            rows += [lot(**of), lot(**of)]
    return {"OpenPositions": rows}


def _cash(draw: Random, account: str, first: date, to: date, number: int) -> dict[str, Any]:
    rows = [
        {**cash(currency, _amount(draw, account, to, currency), dividends="1.5"), "accountId": account}
        for currency in ("BASE_SUMMARY", "EUR", "USD")
    ]
    return {"CashReport": rows}


def _rates(draw: Random, account: str, first: date, to: date, number: int) -> dict[str, Any]:
    other = _BASES[ACCOUNTS[account]]
    rows = [rate(other, f"1.{draw.choice((1, 2))}", day, ACCOUNTS[account]) for day in {first, to}]
    return {"ConversionRates": [*rows, rate("BGN", "-1", to, ACCOUNTS[account])]}


def _change(draw: Random, account: str, first: date, to: date, number: int) -> dict[str, Any]:
    told = {"startingValue": "1", "mtm": _amount(draw, account, first, to), "endingValue": "2"}
    return {"ChangeInNAV": {"accountId": account, **told}}


def _dividends(draw: Random, account: str, first: date, to: date, number: int) -> dict[str, Any]:
    if draw.random() < 0.2:
        return {"OpenDividendAccruals": []}
    row = {"accountId": account, "symbol": "S1", "conid": "1", "currency": "EUR", "netAmount": _amount(draw, to)}
    return {"OpenDividendAccruals": [row]}


def _payments(draw: Random, account: str, first: date, to: date, number: int) -> dict[str, Any]:
    row = {
        "accountId": account, "type": "Dividends", "currency": "EUR", "amount": _amount(draw, account, to, "paid"),
        "dateTime": f"{to:%Y%m%d};202000", "conid": "1",
    }  # fmt: skip
    named = {**row, "transactionID": f"{account}{to:%j}", "description": draw.choice(("paid", "Paid"))}
    return {"CashTransactions": [row, row, named]}


_SECTIONS: dict[str, Callable[[Random, str, date, date, int], dict[str, Any]]] = {
    "crypto": _crypto,
    "AccountInformation": _account,
    "OpenPositions": _positions,
    "CashReport": _cash,
    "ConversionRates": _rates,
    "ChangeInNAV": _change,
    "OpenDividendAccruals": _dividends,
    "CashTransactions": _payments,
}
