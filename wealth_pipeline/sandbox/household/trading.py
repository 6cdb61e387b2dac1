"""What a trade does to an account: to its lots, to its cash, and to the day's list of trades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from wealth_pipeline.sandbox.household.accruals import accrued_coupon
from wealth_pipeline.sandbox.household.days import add_weekdays
from wealth_pipeline.sandbox.household.holdings import Holdings
from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.journal import Journal
from wealth_pipeline.sandbox.household.records import ZERO, Lot, Trade

_FOUR_PLACES = Decimal("0.0001")
_FLAT_COMMISSION = {
    "BOND": Decimal(-10),
    "BILL": Decimal(-5),
    "FUND": Decimal("-4.95"),
    "CRYPTO": Decimal("-1.75"),
    "CFD": Decimal(-1),
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """A trade in a security, executed as a whole at one price.

    Attributes:
        quantity: bought or, if negative, sold.
        close: the closing price of the day.
        expires: whether the contract ends worthless or is repaid: no exchange, no commission, settled at once.

    """

    instrument: Instrument
    model: str
    quantity: Decimal
    price: Decimal
    close: Decimal
    expires: bool

    @property
    def proceeds(self) -> Decimal:
        """What the trade brings or, if negative, costs, without commission."""
        return -self.instrument.value(self.quantity, self.price)

    @property
    def commission(self) -> Decimal:
        """Negative, in the instrument's currency, with at most four decimals."""
        size, category = abs(self.quantity), self.instrument.asset_category
        if self.expires:
            return ZERO
        if category == "STK":
            if self.instrument.currency == "JPY":
                return Decimal(-80)
            return -max(Decimal(1), (size * Decimal("0.0035")).quantize(_FOUR_PLACES, ROUND_HALF_EVEN))
        if category in ("OPT", "FUT"):
            return -size * Decimal("0.8518")
        return _FLAT_COMMISSION[category]


def price_near(close: Decimal, instrument: Instrument, quantity: Decimal) -> Decimal:
    """A price near the close, in the account's favour: stocks trade three ticks off it, everything else at it."""
    off = 3 if instrument.asset_category == "STK" else 0
    return close - off * instrument.tick if quantity > 0 else close + off * instrument.tick


@dataclass(frozen=True)
class _Fill:
    """What a trade did to the lots: whether it opened one, at which cost, or which it closed, with which result."""

    opens: bool
    cost: Decimal
    realized: Decimal
    closes: tuple[Lot, ...] = ()


def trade_security(order: Order, holdings: Holdings, journal: Journal) -> None:
    """Execute an order; lots are closed first in, first out.

    A trade either opens or closes: it never turns a position from long to short.
    """
    order_id, transaction_id = journal.number(), journal.number()
    lot = Lot(
        quantity=order.quantity,
        cost=_cost(order),
        price=order.price,
        opened=journal.clock(9, 35),
        order_id=order_id,
        transaction_id=transaction_id,
    )
    fill = _fill(order, lot, holdings)
    settles = add_weekdays(journal.day, 0 if order.expires else 1)
    _pay(order, settles, journal)
    journal.trades.append(_execution(order, lot, fill, settles=settles, trade_id=journal.number()))
    if order.instrument.coupon is not None:
        _pay_accrued_coupon(order, journal)


def exchange_currencies(
    bought: str, sold: str, quantity: Decimal, *, price: Decimal, base: str, journal: Journal
) -> None:
    """Buy so many units of a currency for another one, at a price in the currency sold; the commission is in base."""
    paid = -quantity * price
    commission = Decimal(-2) if base == "USD" else Decimal("-1.85")
    settles = add_weekdays(journal.day, 2)
    for currency, amount in ((bought, quantity), (sold, paid)):
        journal.flow(currency, "netTradesSales" if amount > 0 else "netTradesPurchases", amount)
        journal.fx_legs[currency] += amount
        journal.unsettled.append((settles, currency, amount))
    journal.flow(base, "commissions", commission)
    journal.fx_commissions[base] += commission
    journal.trades.append(
        Trade(
            instrument=None,
            symbol=f"{bought}.{sold}",
            model="",
            currency=sold,
            quantity=quantity,
            price=price,
            proceeds=paid,
            commission=commission,
            commission_currency=base,
            cost=ZERO,
            realized=ZERO,
            close_price=ZERO,
            opens=False,
            transaction_type="ExchTrade",
            notes="",
            when=journal.clock(11, 5),
            settles=settles,
            order_id=journal.number(),
            trade_id=journal.number(),
            transaction_id=journal.number(),
        )
    )


def _cost(order: Order) -> Decimal:
    # A CFD's result alone is in the NAV, and its commission is in cash already.
    commission = ZERO if order.instrument.asset_category == "CFD" else order.commission
    return -(order.proceeds + commission)


def _fill(order: Order, lot: Lot, holdings: Holdings) -> _Fill:
    """Add the lot to the position, or close older ones with it."""
    held = holdings.lots(order.instrument, order.model)
    if not held or (held[0].quantity > 0) == (lot.quantity > 0):
        holdings.add(order.instrument, order.model, lot)
        return _Fill(opens=True, cost=lot.cost, realized=ZERO)
    closes = holdings.take(order.instrument, order.model, -lot.quantity)
    closed_cost = sum((closed.cost for closed in closes), ZERO)
    return _Fill(opens=False, cost=-closed_cost, realized=-lot.cost - closed_cost, closes=closes)


def _pay(order: Order, settles: date, journal: Journal) -> None:
    """Put the proceeds and the commission into cash: a future's result settles at night, a CFD has none."""
    currency, proceeds = order.instrument.currency, order.proceeds
    if order.instrument.asset_category == "FUT":
        journal.future_proceeds[currency] += proceeds
    elif order.instrument.asset_category != "CFD":
        journal.flow(currency, "netTradesSales" if proceeds > 0 else "netTradesPurchases", proceeds)
        journal.security_proceeds[currency] += proceeds
        journal.unsettled.append((settles, currency, proceeds + order.commission))
    if order.commission:
        journal.flow(currency, "commissions", order.commission)


def _execution(order: Order, lot: Lot, fill: _Fill, *, settles: date, trade_id: int) -> Trade:
    return Trade(
        instrument=order.instrument,
        symbol=order.instrument.symbol,
        model=order.model,
        currency=order.instrument.currency,
        quantity=order.quantity,
        price=order.price,
        proceeds=order.proceeds,
        commission=order.commission,
        commission_currency=order.instrument.currency,
        cost=fill.cost,
        realized=fill.realized,
        close_price=order.close,
        opens=fill.opens,
        closes=fill.closes,
        transaction_type="BookTrade" if order.expires else "ExchTrade",
        notes="Ep" if order.expires and order.instrument.asset_category == "OPT" else "",
        when=lot.opened,
        settles=settles,
        order_id=lot.order_id,
        trade_id=trade_id,
        transaction_id=lot.transaction_id,
    )


def _pay_accrued_coupon(order: Order, journal: Journal) -> None:
    """Whoever buys a bond pays the seller the interest since the last coupon."""
    accrued = accrued_coupon(order.instrument, order.quantity, journal.day)
    journal.book(
        "Bond Interest Paid" if order.quantity > 0 else "Bond Interest Received",
        order.instrument.currency,
        -accrued,
        description=f"PURCHASE ACCRUED INT {order.instrument.symbol}",
        instrument=order.instrument,
    )
