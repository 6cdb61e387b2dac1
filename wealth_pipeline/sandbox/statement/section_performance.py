"""The section FIFOPerformanceSummaryInBase: what each security's lots gained, realised and not."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal

from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.market import Market
from wealth_pipeline.sandbox.household.records import ZERO, AccountDay, Trade
from wealth_pipeline.sandbox.statement.markup import BOOKKEEPING, Days, attributes, container, day_text, element, number
from wealth_pipeline.sandbox.statement.section_positions import SHORT_TERM, lot_cost
from wealth_pipeline.sandbox.statement.subjects import account_attributes, security_attributes

_NINE_PLACES = Decimal("0.000000001")
_SIDES = tuple(
    f"{kind}{term}{side}" for kind in ("realized", "unrealized") for term in ("ST", "LT") for side in ("Profit", "Loss")
)

#: What a security gained, by the name of the attribute.
Gains = dict[str, Decimal]


def fifo_performance_summary(market: Market, days: Days) -> str:
    """FIFOPerformanceSummaryInBase: a row a security that is held at the end or was sold, and one for all of them."""
    gains: dict[Instrument, Gains] = defaultdict(lambda: dict.fromkeys(_SIDES, ZERO))
    for day in days:
        for trade in day.trades:
            _add_realized(gains, market, day, trade)
    _add_unrealized(gains, market, days[-1])
    rows = [_row(days[-1], security_attributes(instrument), made) for instrument, made in gains.items()]
    if rows:
        every = {name: sum((made[name] for made in gains.values()), ZERO) for name in _SIDES}
        rows.append(_row(days[-1], security_attributes(None, "Total (All Assets)"), every))
    return container("FIFOPerformanceSummaryInBase", rows)


def _add_realized(gains: dict[Instrument, Gains], market: Market, day: AccountDay, trade: Trade) -> None:
    """What came in counts at the day's rate, what each lot had cost at that of the day on which it was opened."""
    if trade.instrument is None or not trade.closes:
        return
    rate = day.rates[trade.currency]
    # What settles every day has no cost in base: a future's and a CFD's result is converted as it stands.
    settles = trade.instrument.asset_category in ("FUT", "CFD")
    brought = trade.realized + sum((lot.cost for lot in trade.closes), ZERO)
    for lot in trade.closes:
        opened = rate if settles else market.rate(trade.currency, day.account.base, lot.opened.date())
        gain = brought * lot.quantity / -trade.quantity * rate - lot.cost * opened
        _add(gains[trade.instrument], "realized", gain, long=day.day - lot.opened.date() > SHORT_TERM)


def _add_unrealized(gains: dict[Instrument, Gains], market: Market, day: AccountDay) -> None:
    for position in day.positions:
        for lot in position.lots:
            cost = lot_cost(market, day, position, lot)
            gain = cost.result * day.rates[position.instrument.currency]
            if cost.in_base:
                gain = cost.in_base.value - cost.in_base.cost
            _add(gains[position.instrument], "unrealized", gain, long=day.day - lot.opened.date() > SHORT_TERM)


def _add(gains: Gains, kind: str, gain: Decimal, *, long: bool) -> None:
    rounded = gain.quantize(_NINE_PLACES, ROUND_HALF_EVEN)
    gains[f"{kind}{'LT' if long else 'ST'}{'Profit' if rounded > 0 else 'Loss'}"] += rounded


def _row(day: AccountDay, security: str, gains: Gains) -> str:
    realized, unrealized = (
        sum((gain for name, gain in gains.items() if name.startswith(kind)), ZERO)
        for kind in ("realized", "unrealized")
    )
    sums = {
        "totalRealizedPnl": realized,
        "unrealizedProfit": gains["unrealizedSTProfit"] + gains["unrealizedLTProfit"],
        "unrealizedLoss": gains["unrealizedSTLoss"] + gains["unrealizedLTLoss"],
        "totalUnrealizedPnl": unrealized,
        "totalFifoPnl": realized + unrealized,
        "transferredPnl": ZERO,
        "costAdj": ZERO,
    }
    return element(
        "FIFOPerformanceSummaryUnderlying",
        account_attributes(day.account),
        security,
        attributes(reportDate=day_text(day.day), code=""),
        attributes(**{name: number(amount) for name, amount in (gains | sums).items()}),
        attributes(**BOOKKEEPING),
    )
