"""The ledger that the gateway shows of an account: what it has in each currency, and in base.

Figures are rounded to single precision, as IBKR's are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from wealth_pipeline.sandbox.gateway.gateway_portfolio import single
from wealth_pipeline.sandbox.household.accruals import accrued_coupon
from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.records import ZERO, AccountDay, Amounts, Position

#: The column that has the value of the positions of an asset category; bonds have one per issuer.
_COLUMNS = {
    "STK": "stockmarketvalue",
    "OPT": "stockoptionmarketvalue",
    "BILL": "tbillsmarketvalue",
    "FUND": "funds",
    "CRYPTO": "cryptocurrencyvalue",
    "FUT": "futuremarketvalue",
}
#: The columns of an entry that have figures, all of them zero.
_NO_FIGURES = dict.fromkeys(
    (
        "cashbalance",
        "settledcash",
        "interest",
        "dividends",
        "unrealizedpnl",
        "netliquidationvalue",
        *_COLUMNS.values(),
        "corporatebondsmarketvalue",
        "tbondsmarketvalue",
    ),
    ZERO,
)
#: Columns that a real entry has and that are zero here.
_WITHOUT_MEANING = (
    "warrantsmarketvalue",
    "moneyfunds",
    "realizedpnl",
    "issueroptionsmarketvalue",
    "futuresonlypnl",
    "futureoptionmarketvalue",
    "cashbalancefxsegment",
    "commoditymarketvalue",
)


def ledger(day: AccountDay, held: Sequence[Position], *, now: datetime, base_total: bool) -> dict[str, Any]:
    """An entry per currency that is used, and with `base_total` one called BASE.

    Args:
        day: the account's books.
        held: its positions.
        now: the time of the entries.
        base_total: whether there is a BASE entry.

    """
    figures = {currency: _figures(day, currency, held) for currency in day.rates}
    account_id = day.account.account_id
    shown = {
        currency: _entry(amounts, currency, rate=day.rates[currency], account_id=account_id, now=now)
        for currency, amounts in figures.items()
        if any(amounts.values()) or currency == day.account.base
    }
    if base_total:
        total = {
            name: sum((amounts[name] * day.rates[currency] for currency, amounts in figures.items()), ZERO)
            for name in _NO_FIGURES
        }
        shown["BASE"] = _entry(total, "BASE", rate=Decimal(1), account_id=account_id, now=now)
    return shown


def _figures(day: AccountDay, currency: str, held: Sequence[Position]) -> dict[str, Decimal]:
    """What an account has in one currency, exact."""
    line = day.cash[currency]
    figures = _NO_FIGURES | {"cashbalance": line.end, "settledcash": line.settled}
    if currency in day.interest:  # Yen bear no interest.
        figures["interest"] = day.interest[currency].end
    figures["dividends"] = sum((d.net for d in day.dividends if d.instrument.currency == currency), ZERO)
    value = figures["cashbalance"] + figures["dividends"]
    for position in held:
        instrument = position.instrument
        if instrument.currency != currency:
            continue
        if instrument.coupon is not None:
            figures["interest"] += accrued_coupon(instrument, position.quantity, day.day)
        column = _column(instrument)
        if column:
            figures[column] += position.nav_value
        figures["unrealizedpnl"] += position.unrealized
        value += position.nav_value
    figures["netliquidationvalue"] = value + figures["interest"]
    return figures


def _column(instrument: Instrument) -> str | None:
    if instrument.asset_category == "BOND":
        return "corporatebondsmarketvalue" if instrument.sub_category == "Corp" else "tbondsmarketvalue"
    return _COLUMNS.get(instrument.asset_category)


def _entry(amounts: Amounts, currency: str, *, rate: Decimal, account_id: str, now: datetime) -> dict[str, Any]:
    return {
        **dict.fromkeys(_WITHOUT_MEANING, 0.0),
        **{name: single(amount) for name, amount in amounts.items()},
        "exchangerate": 1 if rate == 1 else single(rate),
        "sessionid": 1,
        "currency": currency,
        "acctcode": account_id,
        "key": "LedgerList",
        "timestamp": int(now.timestamp()),
        "severity": 0,
        "secondkey": currency,
    }
