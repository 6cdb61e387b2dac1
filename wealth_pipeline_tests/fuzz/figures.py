"""Known figures: what some accounts' statements state, and what the published tables must give back.

A household is one account's figures over a few days. Every one has a base currency of its own, so that no
conversion rate of another can stand in for one that its statement lacks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import count
from typing import Any

from wealth_pipeline.tables.figures import BY_NAME, TABLES

Value = str | Decimal | date | datetime | None
Row = dict[str, Value]
#: The rows that a table must have, by column.
Expected = dict[str, list[dict[str, Any]]]

NAV = "EquitySummaryInBase"
_NAV_PARTS = (
    "cash slbCashCollateral stock ipoSubscription slbDirectSecuritiesBorrowed slbDirectSecuritiesLent options bonds "
    "commodities notes funds dividendAccruals interestAccruals softDollars forexCfdUnrealizedPl cfdUnrealizedPl "
    "physDel crypto liteSurchargeAccruals cgtWithholdingAccruals"
).split()
_NAV_OTHERS = ("brokerCashComponent", "bondInterestAccrualsComponent", "incentiveCouponAccruals", "moonRocks")
_FLOWS = "deposits withdrawals dividends withholdingTax otherFees netTradesSales newKindOfFlow".split()
_CHANGES = "startingValue mtm dividends otherFees newKindOfChange twr endingValue".split()
#: What a position of each class adds to the NAV.
_CLASSES = {
    "STK": "value", "OPT": "value", "FOP": "value", "IOPT": "value", "WAR": "value", "FSFOP": "value",
    "FSOPT": "value", "BOND": "value", "BILL": "value", "FUND": "value", "CMDTY": "value", "CRYPTO": "value",
    "CFD": "unrealized", "FXCFD": "unrealized", "FUT": "nothing", "BRANDNEW": None,
}  # fmt: skip
_SYMBOLS = (
    "ACME", "ASML  260130P00930000", "T 2 1/2 05/15/46", "EUR.USD", "A&B <C>", 'THE "BEST"', "L'ÉTÉ", "日本", " X ",
    "line\nbreak", "-", "N/A",
)  # fmt: skip
_PAYMENTS = ("Dividends", "Deposits/Withdrawals", "Deposits & Withdrawals", "871(m) Withholding")
_CURRENCIES = ("EUR", "GBP", "CNH", "RUS", "JPY")
#: Attributes that a query need not tick, by element.
OPTIONAL: dict[str, tuple[str, ...]] = {
    "EquitySummaryByReportDateInBase": ("accountId", "currency", "total"),
    "OpenPosition": (
        "accountId", "levelOfDetail", "fxRateToBase", "positionValue", "costBasisMoney", "costBasisPrice", "markPrice",
        "multiplier", "reportDate", "model", "conid", "subCategory", "isin", "fifoPnlUnrealized", "side",
    ),
    "CashReportCurrency": ("accountId", "fromDate", "toDate", "levelOfDetail", "endingSettledCash"),
    "ChangeInNAV": ("accountId", "fromDate", "toDate"),
    "CashTransaction": ("accountId", "levelOfDetail", "fxRateToBase", "transactionID", "dateTime", "conid"),
    "Trade": ("accountId", "levelOfDetail", "fxRateToBase", "transactionID", "dateTime", "taxes", "notes"),
    "Transfer": ("accountId", "fxRateToBase", "transactionID", "positionAmountInBase", "date"),
    "OpenDividendAccrual": ("accountId", "fxRateToBase", "payDate", "code"),
    "InterestAccrualsCurrency": ("accountId", "fromDate", "toDate", "fxTranslation"),
    "FIFOPerformanceSummaryUnderlying": ("accountId", "isin", "realizedLTLoss", "totalUnrealizedPnl"),
    "SecurityInfo": ("figi", "cusip", "maturity", "subCategory"),
    "AccountInformation": ("accountId", "acctAlias", "currency", "dateOpened"),
}  # fmt: skip
ELEMENTS = {
    "AccountInformation": "AccountInformation",
    "ChangeInNAV": "ChangeInNAV",
    NAV: "EquitySummaryByReportDateInBase",
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
_numbers = count(1)
#: In UTC, as the tables have it.
_YEAR, _YEAR_AFTER = datetime.fromisoformat("2025-01-01T00:00"), datetime.fromisoformat("2026-02-01T12:00")


@dataclass(frozen=True)
class Choice:
    """What a query ticks: the sections that are absent or empty, the attributes left out, the levels and periods."""

    absent: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    omitted: frozenset[tuple[str, str]] = frozenset()
    levels: str = "both"
    days: int = 1
    by_day: bool = False
    rows: int = 1


@dataclass
class Part:
    """One FlexStatement: its period, when it was generated (UTC), and its sections' rows by attribute."""

    first: date
    last: date
    generated: datetime
    sections: dict[str, list[Row]] = field(default_factory=dict)
    #: IBKR says that its profits and losses are not ready, and writes 0 into all of them.
    unready: bool = False


@dataclass
class Household:
    """One account: its FlexStatements in the order of their days."""

    account: str
    base: str
    parts: list[Part] = field(repr=False)
    contracts: set[str] = field(default_factory=set, repr=False)

    def expected(self) -> Expected:
        """The rows of each table that follow from the figures, without looking at any form."""
        return dict(_expected(self))


def household(seed: int, choice: Choice) -> Household:
    """Figures of what the query ticks. Every call makes another account, and other figures."""
    number = next(_numbers)
    return _Maker(random.Random(f"{seed} {number}"), choice, number).household()


def _make_unready(part: Part) -> None:
    part.unready = True
    for section, rows in part.sections.items():
        profits = [c.attribute for t in TABLES for c in t.read if c.profit and t.element == ELEMENTS[section]]
        for row in rows:
            row |= {name: Decimal(0) for name in profits if name and row.get(name) is not None}
            # The market result is another one, and filled.
            row |= {"mtm": Decimal(1)} if row.get("mtm") == 0 else {}


class _Maker:
    """Draws one household's figures."""

    def __init__(self, rng: random.Random, choice: Choice, number: int) -> None:
        self.rng = rng
        self.choice = choice
        self.number = number
        self.account = rng.choice(("U{}", "DU{}", "U{}F", "Savings & more {}", "U***{}")).format(number)
        self.base = "".join(chr(65 + number // 26**place % 26) for place in range(4)) + "Q"
        self.ids = count(1)
        self.last_id: str | None = None
        self.costs = rng.choice(("position", "base", None))

    def household(self) -> Household:
        day = date(2025, 1, 1) + timedelta(days=self.rng.randrange(330))
        days: list[date] = []
        while len(days) <= self.choice.days:
            if day.weekday() < 5:
                days.append(day)
            day += timedelta(days=1)
        navs = {day: self.nav(day) for day in days}
        periods = [(d, d) for d in days[1:]] if self.choice.by_day else [(days[1], days[-1])]
        generated = _YEAR_AFTER + timedelta(minutes=self.rng.randrange(300_000))
        told = Household(self.account, self.base, [])
        for first, last in periods:
            generated += timedelta(seconds=1)
            part = Part(first, last, generated)
            inside = [d for d in days if first <= d <= last]
            shown = [days[days.index(first) - 1], *inside]
            sections = {
                "AccountInformation": [self.information()],
                "ChangeInNAV": [self.changes(first, last)],
                NAV: [dict(navs[d]) for d in shown],
                "CashReport": self.cash(first, last),
                "OpenPositions": self.positions(last),
                "ConversionRates": self.rates(inside),
                "CashTransactions": [self.transaction(last) for _ in range(self.choice.rows)],
                "Trades": [self.trade(last) for _ in range(self.choice.rows)],
                "Transfers": [self.transfer(last) for _ in range(self.choice.rows)],
                "OpenDividendAccruals": [self.dividend() for _ in range(self.choice.rows)],
                "InterestAccruals": [self.interest(first, last, c) for c in ("BASE_SUMMARY", self.base, "EUR")],
                "FIFOPerformanceSummaryInBase": [self.performance() for _ in range(self.choice.rows)],
                "SecuritiesInfo": [self.security() for _ in range(self.choice.rows)],
            }
            for section, rows in sections.items():
                if section in self.choice.absent:
                    continue
                kept = (
                    []
                    if section in self.choice.empty and section not in ("AccountInformation", "ChangeInNAV")
                    else rows
                )
                part.sections[section] = [self.ticked(ELEMENTS[section], row) for row in kept]
            if self.rng.randrange(6) == 0:
                _make_unready(part)
            told.parts.append(part)
        told.contracts = {str(r["conid"]) for p in told.parts for r in p.sections.get("SecuritiesInfo", [])}
        return told

    def ticked(self, element: str, row: Row) -> Row:
        return {name: value for name, value in row.items() if (element, name) not in self.choice.omitted}

    # Values.

    def amount(self, digits: int = 7) -> Decimal:
        kind = self.rng.randrange(12)
        if kind == 0:
            return Decimal(0)
        if kind == 1:
            return Decimal(self.rng.randrange(-9999, 9999)).scaleb(-12)  # a residual of IBKR's floats
        places = self.rng.choice((0, 2, 4, 9, 12))
        return Decimal(self.rng.randrange(-(10 ** (digits + places)), 10 ** (digits + places))).scaleb(-places)

    def maybe(self, value: Value) -> Value:
        return None if self.rng.randrange(5) == 0 else value

    def rate(self) -> Decimal:
        return Decimal(self.rng.randrange(1, 10**7)).scaleb(-self.rng.choice((4, 5, 6, 10)))

    def currency(self) -> str:
        return self.rng.choice((self.base, *_CURRENCIES))

    def id(self) -> str:
        return f"{self.number}{next(self.ids):05d}"

    def transaction_id(self) -> str:
        """Now and then the one of the row before: a cancellation keeps it, and some exports mask it."""
        if self.rng.randrange(6) or self.last_id is None:
            self.last_id = self.id()
        return self.last_id

    def moment(self) -> datetime:
        seconds = self.rng.randrange(10 * 3600, 24 * 3600)
        return _YEAR + timedelta(days=self.rng.randrange(365), seconds=seconds)

    # Rows.

    def information(self) -> Row:
        return {
            "accountId": self.account, "acctAlias": f"alias {self.number}", "currency": self.base,
            "accountType": "Individual", "customerType": "Joint", "dateOpened": date(2020, 1, 2 + self.number % 20),
            "dateClosed": None,
        }  # fmt: skip

    def nav(self, day: date) -> Row:
        parts = self.rng.sample(_NAV_PARTS, self.rng.randrange(len(_NAV_PARTS)))
        row: Row = {"accountId": self.account, "currency": self.base, "reportDate": day, "total": Decimal(0)}
        for part in parts:
            row[part] = self.maybe(self.amount())
        row["total"] = sum((v for v in row.values() if isinstance(v, Decimal)), Decimal(0))
        for other in _NAV_OTHERS:
            if self.rng.randrange(4) == 0:
                row[other] = self.amount()
        return row

    def changes(self, first: date, last: date) -> Row:
        row: Row = {"accountId": self.account, "fromDate": first, "toDate": last}
        return row | {name: self.maybe(self.amount()) for name in _CHANGES}

    def cash(self, first: date, last: date) -> list[Row]:
        currencies = ["BASE_SUMMARY", self.base, *self.rng.sample(_CURRENCIES, self.rng.randrange(4))]
        rows: list[Row] = []
        for currency in currencies:
            level = "BaseCurrency" if currency == "BASE_SUMMARY" else "Currency"
            amounts = {name: self.amount() for name in ("startingCash", "endingCash", "endingSettledCash")}
            flows = {name: self.maybe(self.amount()) for name in _FLOWS if self.rng.randrange(2)}
            rows.append({"accountId": self.account, "currency": currency, "levelOfDetail": level,
                         "fromDate": first, "toDate": last, **amounts, **flows})  # fmt: skip
        return rows

    def positions(self, day: date) -> list[Row]:
        rows = []
        for _ in range(self.choice.rows):
            rows += self.position(day)
        return rows

    def position(self, day: date) -> list[Row]:
        asset_class = self.rng.choice(tuple(_CLASSES))
        short = self.rng.randrange(3) == 0
        number = self.id()
        shared: Row = {
            "accountId": self.account, "model": self.rng.choice((None, "Independent", "Growth")), "reportDate": day,
            "conid": number, "securityID": f"S{number}", "symbol": f"{self.rng.choice(_SYMBOLS)}",
            "description": "A thing", "isin": self.maybe("US0000000001"), "assetCategory": asset_class,
            "subCategory": self.rng.choice((None, "ETF", "COMMON")), "side": "Short" if short else "Long",
            "currency": self.currency(), "multiplier": Decimal(self.rng.choice(("1", "100", "0.5"))),
            "markPrice": self.maybe(abs(self.amount(3))), "fxRateToBase": self.rate(),
            "strike": self.maybe(Decimal("930")), "expiry": self.maybe(day), "putCall": self.maybe("P"),
        }  # fmt: skip
        if shared["currency"] == self.base:
            shared["fxRateToBase"] = Decimal(1)
        lots = []
        for _ in range(self.rng.randrange(1, 4)):
            quantity = abs(self.amount(4)) + Decimal("0.000000000001")
            stated: Row = {
                "levelOfDetail": "LOT", "position": -quantity if short else quantity,
                "positionValue": self.amount(), "costBasisMoney": self.amount(),
                "costBasisPrice": self.amount(3).quantize(Decimal("0.01")), "fifoPnlUnrealized": self.amount(),
                "openDateTime": self.moment(), "holdingPeriodDateTime": self.maybe(self.moment()),
                "code": self.rng.choice(("ST", "LT")), "originatingOrderID": self.maybe("77"),
            }  # fmt: skip
            lots.append(shared | stated | self.result(stated, _number(shared["fxRateToBase"])))
        summed = ("position", "positionValue", "costBasisMoney", "fifoPnlUnrealized")
        summary = lots[0] | {name: sum((_number(lot[name]) for lot in lots), Decimal(0)) for name in summed}
        summary |= {"levelOfDetail": "SUMMARY", "openDateTime": None, "holdingPeriodDateTime": None, "code": None,
                    "originatingOrderID": None}  # fmt: skip
        levels = {"both": [summary, *lots], "summary": [summary], "lots": lots}
        return levels[self.choice.levels]

    def result(self, stated: Row, rate: Decimal) -> Row:
        """The unrealised result in the form of the account's costs; in some accounts it follows none."""
        value = {"position": stated["positionValue"], "base": _times(_number(stated["positionValue"]), rate)}
        form = self.rng.choice((self.costs, self.costs, None)) if self.costs else None
        return {"fifoPnlUnrealized": _number(value[form]) - _number(stated["costBasisMoney"])} if form else {}

    def rates(self, days: list[date]) -> list[Row]:
        return [
            {"reportDate": day, "fromCurrency": currency, "toCurrency": self.base, "rate": self.rate()}
            for day in days
            for currency in self.rng.sample(_CURRENCIES, self.rng.randrange(1, 6))
        ]

    def transaction(self, day: date) -> Row:
        return {
            "transactionID": self.transaction_id(), "accountId": self.account, "levelOfDetail": "DETAIL",
            "type": self.rng.choice(_PAYMENTS),
            "currency": self.currency(), "amount": self.amount(), "fxRateToBase": self.maybe(self.rate()),
            "reportDate": day, "dateTime": self.maybe(self.moment()), "settleDate": self.maybe(day),
            "conid": self.maybe("5"), "symbol": self.maybe(self.rng.choice(_SYMBOLS)), "description": "A payment",
        }  # fmt: skip

    def trade(self, day: date) -> Row:
        return {
            "transactionID": self.transaction_id(), "accountId": self.account, "tradeID": self.id(),
            "levelOfDetail": "EXECUTION",
            "transactionType": "ExchTrade", "reportDate": day, "tradeDate": day, "dateTime": self.moment(),
            "settleDateTarget": self.maybe(day), "symbol": self.rng.choice(_SYMBOLS), "currency": self.currency(),
            "fxRateToBase": self.maybe(self.rate()), "assetCategory": self.rng.choice(tuple(_CLASSES)),
            "buySell": self.rng.choice(("BUY", "SELL", "BUY (Ca.)")), "quantity": self.amount(5),
            "openCloseIndicator": self.rng.choice(("O", "C", "C;O", "-", None)), "tradePrice": self.amount(4),
            "proceeds": self.amount(), "ibCommission": self.maybe(self.amount(2)), "taxes": self.maybe(self.amount(2)),
            "netCash": self.amount(), "notes": self.rng.choice((None, "IA;P", "Ep")),
        }  # fmt: skip

    def transfer(self, day: date) -> Row:
        return {
            "transactionID": self.transaction_id(), "accountId": self.account,
            "type": self.rng.choice(("ACATS", "INTERNAL", "OTC")), "direction": self.rng.choice(("IN", "OUT")),
            "reportDate": day, "date": day, "symbol": "ACME", "currency": self.currency(),
            "fxRateToBase": self.maybe(self.rate()), "quantity": self.amount(4), "positionAmount": self.amount(),
            "positionAmountInBase": self.amount(), "cashTransfer": self.maybe(self.amount()),
        }  # fmt: skip

    def dividend(self) -> Row:
        return {
            "accountId": self.account, "conid": self.id(), "symbol": "ACME", "currency": self.currency(),
            "fxRateToBase": self.rate(), "exDate": date(2025, 1, 6), "payDate": self.maybe(date(2025, 2, 6)),
            "quantity": self.amount(4), "grossRate": self.amount(2), "grossAmount": self.amount(),
            "tax": self.amount(2),
            "fee": self.maybe(self.amount(2)), "netAmount": self.amount(), "code": self.maybe("Po"),
        }  # fmt: skip

    def interest(self, first: date, last: date, currency: str) -> Row:
        return {
            "accountId": self.account, "fromDate": first, "toDate": last, "currency": currency,
            "startingAccrualBalance": self.amount(), "interestAccrued": self.amount(), "accrualReversal": self.amount(),
            "fxTranslation": self.maybe(self.amount()), "endingAccrualBalance": self.amount(),
        }  # fmt: skip

    def performance(self) -> Row:
        return {
            "accountId": self.account, "conid": self.id(), "symbol": "ACME", "isin": self.maybe("US0000000001"),
            "assetCategory": "STK", "realizedSTProfit": self.amount(), "realizedSTLoss": self.amount(),
            "realizedLTProfit": self.amount(), "realizedLTLoss": self.amount(), "totalRealizedPnl": self.amount(),
            "totalUnrealizedPnl": self.amount(),
        }  # fmt: skip

    def security(self) -> Row:
        return {
            "conid": self.id(), "symbol": self.rng.choice(_SYMBOLS), "description": "A thing", "assetCategory": "STK",
            "subCategory": "ETF", "isin": "US0000000001", "cusip": self.maybe("000000000"), "figi": self.maybe("BBG"),
            "currency": self.currency(), "multiplier": Decimal(1), "maturity": self.maybe(date(2046, 5, 15)),
        }  # fmt: skip


# What the tables must give back.

_PLAIN = {
    "cash_transactions": "CashTransactions", "trades": "Trades", "transfers": "Transfers",
    "dividend_accruals": "OpenDividendAccruals", "interest_accruals": "InterestAccruals",
    "fifo_performance": "FIFOPerformanceSummaryInBase",
    "securities": "SecuritiesInfo", "fx_rates": "ConversionRates",
}  # fmt: skip
_MELTED = {"nav_components": NAV, "nav_changes": "ChangeInNAV", "cash_flows": "CashReport"}


def _expected(told: Household) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    parts = told.parts
    base = _base(told)
    yield "accounts", [_account(told, base)]
    navs = {row["reportDate"]: _columns("nav", row, p, told) for p in parts for row in p.sections.get(NAV, [])}
    yield "nav", list(navs.values())
    for table, section in _MELTED.items():
        rows = {}
        for part in parts:
            for row in part.sections.get(section, []):
                key = _columns(table, row, part, told)
                for name, value in row.items():
                    if isinstance(value, Decimal):
                        melted = key | {"component": name, "amount": value}
                        rows[tuple(melted[c] for c in BY_NAME[table].key)] = melted
        yield table, list(rows.values())
    for table, section in _PLAIN.items():
        yield table, [_columns(table, row, part, told) for part in parts for row in part.sections.get(section, [])]
    rates = {
        (r["fromCurrency"], r["reportDate"]): r["rate"] for p in parts for r in p.sections.get("ConversionRates", [])
    }
    for table, wanted in (("cash_totals", True), ("cash_balances", False)):
        rows_of = []
        for part in parts:
            for row in part.sections.get("CashReport", []):
                if (row["currency"] == "BASE_SUMMARY") is wanted:
                    columns = _columns(table, row, part, told)
                    if not wanted:
                        rate = _rate(str(row["currency"]), part.last, base, rates)
                        columns |= {"fx_rate_to_base": rate, "ending_cash_base": _times(columns["ending_cash"], rate)}
                    rows_of.append(columns)
        yield table, rows_of
    positions, lots = [], []
    for part in parts:
        held = part.sections.get("OpenPositions", [])
        for row in held:
            if row.get("openDateTime"):
                lots.append(_holding("position_lots", row, part, told, base, rates))
        whole = [row for row in held if not row.get("openDateTime")] or _summed(held)
        positions += _with_costs([_holding("positions", row, part, told, base, rates) for row in whole])
    yield "positions", positions
    yield "position_lots", lots


def _columns(table: str, row: Mapping[str, Value], part: Part, told: Household) -> dict[str, Any]:
    defaults: dict[str, Value] = {"accountId": told.account, "fromDate": part.first, "toDate": part.last}
    if BY_NAME[table].element in ("OpenPosition", "OpenDividendAccrual"):
        defaults["reportDate"] = part.last
    found = {}
    for column in BY_NAME[table].read:
        value = row.get(column.attribute or "")
        found[column.name] = value if value is not None else defaults.get(column.attribute or "")
        if part.unready and column.profit:
            found[column.name] = None
    return found


def _account(told: Household, base: str | None) -> dict[str, Any]:
    stated: dict[str, Any] = {}
    for part in told.parts:
        for row in part.sections.get("AccountInformation", []):
            stated |= {k: v for k, v in row.items() if v is not None}
    days = [d for p in told.parts for row in p.sections.get(NAV, []) if isinstance(d := row["reportDate"], date)]
    return {
        "account_id": told.account, "alias": stated.get("acctAlias"), "base_currency": base,
        "account_type": stated.get("accountType"), "date_opened": stated.get("dateOpened"), "date_closed": None,
        "first_date": min(days, default=None), "last_date": max(days, default=None),
    }  # fmt: skip


def _base(told: Household) -> str | None:
    """Every section that states a base currency states this one: it is known if any does."""
    sections = {"AccountInformation": "currency", NAV: "currency", "ConversionRates": "toCurrency"}
    stated = any(
        row.get(name) for p in told.parts for section, name in sections.items() for row in p.sections.get(section, [])
    )
    return told.base if stated else None


def _rate(currency: str, day: date, base: str | None, rates: Mapping[tuple[Value, Value], Value]) -> Decimal | None:
    if base is None:
        return None
    if currency == base:
        return Decimal(1)
    for back in range(6):
        found = rates.get((currency, day - timedelta(days=back)))
        if found is not None:
            return _number(found)
    return None


def _holding(
    table: str, row: Row, part: Part, told: Household, base: str | None, rates: Mapping[tuple[Value, Value], Value]
) -> dict[str, Any]:
    columns = _columns(table, row, part, told)
    stated = columns["fx_rate_to_base"]
    rate = stated if stated is not None else _rate(columns["currency"], columns["report_date"], base, rates)
    columns |= {"fx_rate_to_base": rate, "fx_rate_derived": stated is None and rate is not None}
    priced = columns["cost_basis"] is None and columns["cost_basis_price"] is not None
    if priced:
        units = Decimal("0.01") if columns["asset_class"] in ("BOND", "BILL") else columns["multiplier"] or Decimal(1)
        columns["cost_basis"] = _times(_times(columns["cost_basis_price"], columns["quantity"]), units)
    columns["cost_basis_derived"] = priced
    if table == "positions":
        counts = _CLASSES[columns["asset_class"]]
        value = _times(columns["position_value"], rate)
        columns["position_value_base"] = value
        # A CFD's result waits for `_with_costs`.
        columns["nav_value_base"] = {"value": value, "nothing": Decimal(0)}.get(counts or "")
    return columns


#: Classes whose cost need not follow the rule of the others.
_OWN_RULE = ("BOND", "BILL", "CFD", "FXCFD", "FUT")
_TERMS = ("position_value", "stated_value_base", "cost_basis", "cost_basis_price", "unrealized_pnl", "fx_rate_to_base")


def _with_costs(positions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The positions of one account and day, with what their cost is in: IBKR does not say, the figures do."""
    halves = {
        name: max((_half(p[name], 5 if "rate" in name else 2) for p in positions
                   if not (name == "cost_basis" and p["cost_basis_derived"])), key=lambda half: -half,
                  default=Decimal(0))
        for name in _TERMS
    }  # fmt: skip
    fits = [(p["asset_class"] in _OWN_RULE, *_fits(p, halves)) for p in positions]
    form = None
    for classes in ((False,), (False, True)):
        position = sum(mine and not base for own, mine, base in fits if own in classes)
        in_base = sum(base and not mine for own, mine, base in fits if own in classes)
        if position + in_base:
            form = None if position == in_base else "position" if position > in_base else "base"
            break
    for p in positions:
        rate = p["fx_rate_to_base"]
        factor = Decimal(1) if form == "base" else rate if form == "position" or rate == 1 else None
        p["cost_currency"] = form
        p["cost_basis_base"] = _times(p["cost_basis"], factor)
        p["unrealized_pnl_base"] = _times(p["unrealized_pnl"], factor)
        if _CLASSES[p["asset_class"]] == "unrealized":
            p["nav_value_base"] = p["unrealized_pnl_base"]
    return positions


def _half(figure: Decimal | None, least: int) -> Decimal:
    """Half a unit of a figure's last decimal."""
    places = 0 if figure is None else -int(figure.normalize().as_tuple().exponent)
    return Decimal("0.5").scaleb(-max(places, least))


def _fits(p: dict[str, Any], halves: dict[str, Decimal]) -> tuple[bool, bool]:
    """Whether value less cost is the result in the position's currency, and in base; no where that is not known."""
    value, rate, cost, result = (p[n] for n in ("position_value", "fx_rate_to_base", "cost_basis", "unrealized_pnl"))
    if rate is None or value is None or cost is None or result is None:
        return False, False
    with localcontext(prec=60):
        units = abs(cost / p["cost_basis_price"]) if p["cost_basis_derived"] and p["cost_basis_price"] else Decimal(0)
        both = halves["unrealized_pnl"] + (
            halves["cost_basis_price"] * units if p["cost_basis_derived"] else halves["cost_basis"]
        )
        of_rate = Decimal(0) if rate == 1 else halves["fx_rate_to_base"] * abs(value)
        mine = abs(value - cost - result) <= both + halves["position_value"]
        base = abs(_times(value, rate) - cost - result) <= both + halves["position_value"] * rate + of_rate
    return mine, base


def _summed(lots: list[Row]) -> list[Row]:
    """The positions that lots alone make."""
    groups: dict[Value, list[Row]] = {}
    for lot in lots:
        groups.setdefault(lot["securityID"], []).append(lot)
    made = []
    for group in groups.values():
        row = dict(group[0])
        for name in ("position", "positionValue", "costBasisMoney", "fifoPnlUnrealized"):
            if name in row:
                row[name] = sum((_number(lot[name]) for lot in group), Decimal(0))
        if len({lot.get("costBasisPrice") for lot in group}) > 1:
            row["costBasisPrice"] = None
        made.append(row)
    return made


def _number(value: Value) -> Decimal:
    assert isinstance(value, Decimal)
    return value


def _times(amount: Decimal | None, rate: Decimal | None) -> Decimal | None:
    if amount is None or rate is None:
        return None
    with localcontext(prec=60):
        return (amount * rate).quantize(Decimal("1e-12"), ROUND_HALF_UP)
