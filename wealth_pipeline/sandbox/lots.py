"""Lots of a position: what opening costs, what leaves when some are closed, what is left."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from wealth_pipeline.sandbox.instruments import Instrument
from wealth_pipeline.sandbox.records import ZERO, Lot, Position

_FOUR_PLACES = Decimal("0.0001")
_FLAT_COMMISSION = {
    "BOND": Decimal(-10),
    "BILL": Decimal(-5),
    "FUND": Decimal("-4.95"),
    "CRYPTO": Decimal("-1.75"),
    "CFD": Decimal(-1),
}


def commission_for(instrument: Instrument, quantity: Decimal) -> Decimal:
    """The commission on a trade, negative, in the instrument's currency, with at most four decimals."""
    size = abs(quantity)
    if instrument.asset_category == "STK":
        if instrument.currency == "JPY":
            return Decimal(-80)
        return -max(Decimal(1), (size * Decimal("0.0035")).quantize(_FOUR_PLACES, ROUND_HALF_EVEN))
    if instrument.asset_category in ("OPT", "FUT"):
        return -size * Decimal("0.8518")
    return _FLAT_COMMISSION[instrument.asset_category]


def take_lots(held: tuple[Lot, ...], quantity: Decimal) -> tuple[tuple[Lot, ...], Decimal]:
    """Take a quantity (signed like the position) off the oldest lots.

    Returns:
        the lots that stay, and the cost that leaves.

    """
    lots = list(held)
    cost = ZERO
    while quantity:
        lot = lots.pop(0)
        if abs(lot.quantity) <= abs(quantity):
            cost += lot.cost
            quantity -= lot.quantity
            continue
        # The share of a cost may have no end of decimals; what leaves is rounded, what stays is the rest.
        share = (lot.cost * quantity / lot.quantity).quantize(_FOUR_PLACES, ROUND_HALF_EVEN)
        cost += share
        stays = Lot(lot.quantity - quantity, lot.cost - share, lot.price, lot.opened, lot.order_id, lot.transaction_id)
        lots.insert(0, stays)
        quantity = ZERO
    return tuple(lots), cost


def position_at(price: Decimal, instrument: Instrument, model: str, lots: tuple[Lot, ...]) -> Position:
    """The position that these lots make, valued at a price."""
    quantity = sum((lot.quantity for lot in lots), ZERO)
    cost = sum((lot.cost for lot in lots), ZERO)
    value = instrument.value(quantity, price)
    nav_value = value
    if instrument.asset_category == "FUT":
        nav_value = ZERO
    elif instrument.asset_category == "CFD":
        nav_value = value - cost
    return Position(instrument, model, lots, quantity, price, value, cost, nav_value)
