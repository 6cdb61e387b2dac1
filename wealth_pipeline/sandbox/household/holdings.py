"""What one account holds: the lots of its positions, closed first in, first out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.market import Market
from wealth_pipeline.sandbox.household.records import ZERO, Lot, Position

_FOUR_PLACES = Decimal("0.0001")

#: A position is held per instrument and model.
Key = tuple[Instrument, str]


@dataclass(frozen=True, slots=True)
class _Held:
    """The lots of a position, and their sums: on most days nothing is traded, and they need not be added up again."""

    lots: tuple[Lot, ...]
    quantity: Decimal
    cost: Decimal


class Holdings:
    """The positions of one account, in the order in which they were opened."""

    def __init__(self) -> None:
        self._held: dict[Key, _Held] = {}

    def lots(self, instrument: Instrument, model: str = "") -> tuple[Lot, ...]:
        """The lots of a position, oldest first; none if it is not held."""
        held = self._held.get((instrument, model))
        return held.lots if held else ()

    def quantities(self) -> Iterator[tuple[Instrument, Decimal]]:
        """Each position's instrument and quantity."""
        for (instrument, _), held in self._held.items():
            yield instrument, held.quantity

    def add(self, instrument: Instrument, model: str, lot: Lot) -> None:
        """Open a position, or enlarge it by a lot."""
        self._keep(instrument, model, (*self.lots(instrument, model), lot))

    def take(self, instrument: Instrument, model: str, quantity: Decimal) -> tuple[Lot, ...]:
        """Take a quantity (signed like the position) off the oldest lots; returns what leaves."""
        rest, taken = _take_lots(self.lots(instrument, model), quantity)
        self._keep(instrument, model, rest)
        return taken

    def positions(self, market: Market, day: date) -> tuple[Position, ...]:
        """The positions, valued at the day's close."""
        return tuple(
            _position(instrument, model, held, market.price(instrument, day))
            for (instrument, model), held in self._held.items()
        )

    def _keep(self, instrument: Instrument, model: str, lots: tuple[Lot, ...]) -> None:
        if lots:
            quantity = sum((lot.quantity for lot in lots), ZERO)
            self._held[instrument, model] = _Held(lots, quantity, sum((lot.cost for lot in lots), ZERO))
        else:
            del self._held[instrument, model]


def _take_lots(held: tuple[Lot, ...], quantity: Decimal) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """The lots that stay when so much is taken off the oldest, and those that leave."""
    lots, taken = list(held), list[Lot]()
    while quantity:
        lot = lots.pop(0)
        if abs(lot.quantity) <= abs(quantity):
            taken.append(lot)
            quantity -= lot.quantity
            continue
        # The share of a cost may have no end of decimals; what leaves is rounded, what stays is the rest.
        share = (lot.cost * quantity / lot.quantity).quantize(_FOUR_PLACES, ROUND_HALF_EVEN)
        taken.append(replace(lot, quantity=quantity, cost=share))
        lots.insert(0, replace(lot, quantity=lot.quantity - quantity, cost=lot.cost - share))
        quantity = ZERO
    return tuple(lots), tuple(taken)


def _position(instrument: Instrument, model: str, held: _Held, price: Decimal) -> Position:
    value = instrument.value(held.quantity, price)
    nav_value = value
    if instrument.asset_category == "FUT":
        nav_value = ZERO
    elif instrument.asset_category == "CFD":
        nav_value = value - held.cost
    return Position(
        instrument=instrument,
        model=model,
        lots=held.lots,
        quantity=held.quantity,
        price=price,
        value=value,
        cost=held.cost,
        nav_value=nav_value,
    )
