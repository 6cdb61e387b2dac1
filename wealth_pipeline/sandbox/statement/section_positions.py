"""The section OpenPositions: the positions at the close of a day, and their lots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.market import Market
from wealth_pipeline.sandbox.household.records import ZERO, AccountDay, Lot, Position
from wealth_pipeline.sandbox.statement.markup import (
    BOOKKEEPING,
    attributes,
    container,
    day_text,
    element,
    number,
    time_text,
)
from wealth_pipeline.sandbox.statement.subjects import account_attributes, security_attributes

_ONE = Decimal(1)
_NINE_PLACES = Decimal("0.000000001")
#: A lot held longer is a long-term one.
SHORT_TERM = timedelta(days=365)
_BOOKKEEPING = attributes(accruedInt="", **BOOKKEEPING)


def open_positions(market: Market, day: AccountDay, with_lots: bool) -> str:
    """OpenPositions at the close of a day: SUMMARY rows, each followed by its LOT rows if asked for."""
    class_totals: dict[str, Decimal] = defaultdict(Decimal)
    for position in day.positions:
        class_totals[position.instrument.asset_category] += _size(day, position)
    rows = []
    for position in day.positions:
        class_total = class_totals[position.instrument.asset_category]
        share = _size(day, position) * 100 / class_total if class_total else ZERO
        costs = [lot_cost(market, day, position, lot) for lot in position.lots]
        rows.append(_position_row(day, position, share, _sum(position, costs)))
        if with_lots:
            rows.extend(_lot_row(day, position, lot, cost) for lot, cost in zip(position.lots, costs, strict=True))
    return container("OpenPositions", rows)


def _size(day: AccountDay, position: Position) -> Decimal:
    return abs(position.value) * day.rates[position.instrument.currency]


@dataclass(frozen=True, slots=True)
class _InBase:
    """What a position or lot is worth in base, what it cost at the rate of the day it was opened, and its gain then."""

    value: Decimal
    cost: Decimal
    gain: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """What a position or lot cost and what it gained, in its own currency; in base as well if the account states it."""

    money: Decimal
    result: Decimal
    in_base: _InBase | None = None

    def attributes(self) -> dict[str, str]:
        """The attributes that state it."""
        if self.in_base is None:
            return {"costBasisMoney": number(self.money), "fifoPnlUnrealized": number(self.result)}
        value, cost, gain = self.in_base.value, self.in_base.cost, self.in_base.gain
        return {
            "costBasisMoney": number(cost),
            "fifoPnlUnrealized": number(value - cost),
            "positionValueInBase": number(value),
            "unrealizedCapitalGainsPnl": number(gain),
            "unrealizedlFxPnl": number(value - cost - gain),
        }

    def price(self, instrument: Instrument, quantity: Decimal) -> str:
        """The cost per unit."""
        cost = self.in_base.cost if self.in_base else self.money
        return number((cost / instrument.value(quantity, _ONE)).quantize(_NINE_PLACES, ROUND_HALF_EVEN))


def lot_cost(market: Market, day: AccountDay, position: Position, lot: Lot) -> Cost:
    """What a lot cost and gained by the close of a day."""
    instrument = position.instrument
    value = instrument.value(lot.quantity, position.price)
    result = value - lot.cost
    if not day.account.cost_in_base:
        return Cost(lot.cost, result)
    rate = day.rates[instrument.currency]
    # What settles every day has no cost in base: a future's and a CFD's result is converted as it stands.
    settles = instrument.asset_category in ("FUT", "CFD")
    opened = rate if settles else market.rate(instrument.currency, day.account.base, lot.opened.date())
    return Cost(lot.cost, result, _InBase(value * rate, lot.cost * opened, result * opened))


def _sum(position: Position, lots: Sequence[Cost]) -> Cost:
    """The cost of a position, from those of its lots."""
    in_base = [lot.in_base for lot in lots if lot.in_base]
    if not in_base:
        return Cost(position.cost, position.unrealized)
    total = _InBase(
        sum((lot.value for lot in in_base), ZERO),
        sum((lot.cost for lot in in_base), ZERO),
        sum((lot.gain for lot in in_base), ZERO),
    )
    return Cost(position.cost, position.unrealized, total)


def _position_row(day: AccountDay, position: Position, share: Decimal, cost: Cost) -> str:
    price = cost.price(position.instrument, position.quantity)
    return _open_position(
        day,
        position,
        position=number(position.quantity),
        markPrice=number(position.price),
        positionValue=number(position.value),
        openPrice=price,
        costBasisPrice=price,
        # IBKR: a share of the asset class, not of the account.
        percentOfNAV=f"{share:.2f}",
        **cost.attributes(),
        side="Long" if position.quantity > 0 else "Short",
        levelOfDetail="SUMMARY",
        openDateTime="",
        holdingPeriodDateTime="",
        vestingDate="",
        code="",
        originatingOrderID="",
        originatingTransactionID="",
    )


def _lot_row(day: AccountDay, position: Position, lot: Lot, cost: Cost) -> str:
    opened = time_text(lot.opened)
    return _open_position(
        day,
        position,
        position=number(lot.quantity),
        markPrice=number(position.price),
        positionValue=number(position.instrument.value(lot.quantity, position.price)),
        openPrice=number(lot.price),
        costBasisPrice=cost.price(position.instrument, lot.quantity),
        percentOfNAV="",
        **cost.attributes(),
        side="Long" if lot.quantity > 0 else "Short",
        levelOfDetail="LOT",
        openDateTime=opened,
        holdingPeriodDateTime=opened,
        vestingDate="",
        code="LT" if day.day - lot.opened.date() > SHORT_TERM else "ST",
        originatingOrderID=str(lot.order_id or ""),
        originatingTransactionID=str(lot.transaction_id),
    )


def _open_position(day: AccountDay, position: Position, /, **values: str) -> str:
    instrument = position.instrument
    return element(
        "OpenPosition",
        account_attributes(day.account, position.model),
        attributes(currency=instrument.currency, fxRateToBase=number(day.rates[instrument.currency])),
        security_attributes(instrument),
        attributes(reportDate=day_text(day.day), **values),
        _BOOKKEEPING,
    )
