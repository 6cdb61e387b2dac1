"""The section Trades."""

from __future__ import annotations

from decimal import Decimal

from wealth_pipeline.sandbox.household.records import ZERO, AccountDay, Trade
from wealth_pipeline.sandbox.statement.columns import TRADE_COLUMNS
from wealth_pipeline.sandbox.statement.markup import (
    BOOKKEEPING,
    Days,
    attributes,
    container,
    day_text,
    element,
    number,
    time_text,
)
from wealth_pipeline.sandbox.statement.subjects import account_attributes, pair_attributes, security_attributes


def trades(days: Days) -> str:
    """Trades: `Trade` rows, beside them the same trades as Order, SymbolSummary and AssetSummary rows."""
    rows = []
    for day in days:
        by_class: dict[str, list[Trade]] = {}
        for trade in day.trades:
            by_class.setdefault(trade.instrument.asset_category if trade.instrument else "CASH", []).append(trade)
        for category, of_class in by_class.items():
            rows.append(_asset_summary(day, category, of_class))
            by_symbol: dict[str, list[Trade]] = {}
            for trade in of_class:
                by_symbol.setdefault(trade.symbol, []).append(trade)
            for of_symbol in by_symbol.values():
                rows.append(_symbol_summary(day, of_symbol))
                for trade in of_symbol:
                    rows += [_order(day, trade), _execution(day, trade)]
    return container("Trades", rows)


def _symbol_summary(day: AccountDay, trades: list[Trade]) -> str:
    """The sum of a symbol's trades."""
    return _row("SymbolSummary", day, trades[0], _sums(trades) | {"levelOfDetail": "SYMBOL_SUMMARY"})


def _order(day: AccountDay, trade: Trade) -> str:
    """The order that led to a trade."""
    return _row("Order", day, trade, _sums([trade]) | _of_order(day, trade) | {"levelOfDetail": "ORDER"})


def _execution(day: AccountDay, trade: Trade) -> str:
    """The trade itself."""
    values = _sums([trade]) | _of_order(day, trade) | _of_execution(trade) | {"levelOfDetail": "EXECUTION"}
    return _row("Trade", day, trade, values, rate=number(day.rates[trade.currency]))


def _row(tag: str, day: AccountDay, trade: Trade, values: dict[str, str], *, rate: str = "") -> str:
    return element(
        tag,
        account_attributes(day.account, trade.model),
        attributes(currency=trade.currency, fxRateToBase=rate),
        security_attributes(trade.instrument) if trade.instrument else pair_attributes(trade.symbol),
        attributes(**TRADE_COLUMNS | values),
        attributes(**BOOKKEEPING),
    )


def _sums(trades: list[Trade]) -> dict[str, str]:
    """What can be added up; price, currency of the commission and side are those of the first trade."""
    first = trades[0]
    proceeds = sum((trade.proceeds for trade in trades), ZERO)
    commission = sum((trade.commission for trade in trades), ZERO)
    return {
        "quantity": number(sum((trade.quantity for trade in trades), ZERO)),
        "tradePrice": number(first.price),
        "tradeMoney": number(-proceeds),
        "proceeds": number(proceeds),
        "ibCommission": number(commission),
        "ibCommissionCurrency": first.commission_currency,
        "netCash": number(proceeds + commission) if first.instrument else "0",
        "cost": number(sum((trade.cost for trade in trades), ZERO)),
        "fifoPnlRealized": number(sum((trade.realized for trade in trades), ZERO)),
        "mtmPnl": number(sum((_mark_to_market(trade) for trade in trades), ZERO)),
        "buySell": "BUY" if first.quantity > 0 else "SELL",
    }


def _of_order(day: AccountDay, trade: Trade) -> dict[str, str]:
    """What an order and its execution have, and a sum has not."""
    return {
        "reportDate": day_text(day.day),
        "tradeDate": day_text(day.day),
        "settleDateTarget": day_text(trade.settles),
        "openCloseIndicator": "" if trade.instrument is None else "O" if trade.opens else "C",
        "ibOrderID": str(trade.order_id),
        "orderTime": time_text(trade.when),
        "orderType": "LMT",
        "isAPIOrder": "N",
    }


def _of_execution(trade: Trade) -> dict[str, str]:
    """What only an execution has."""
    return {
        "tradeID": str(trade.trade_id),
        "dateTime": time_text(trade.when),
        "transactionType": trade.transaction_type,
        "exchange": trade.instrument.listing_exchange if trade.instrument else "IDEALFX",
        "closePrice": number(trade.close_price),
        "notes": trade.notes,
        "origTradePrice": "0",
        "origOrderID": "0",
        "origTransactionID": "0",
        "transactionID": str(trade.transaction_id),
        "ibExecID": f"0000e0d5.{trade.trade_id:08x}.01.01" if trade.transaction_type == "ExchTrade" else "",
        "exchOrderId": "N/A",
    }


def _asset_summary(day: AccountDay, category: str, of_class: list[Trade]) -> str:
    return element(
        "AssetSummary",
        account_attributes(day.account),
        attributes(
            currency="",
            fxRateToBase="",
            assetCategory=category,
            subCategory="",
            symbol="",
            description="",
            conid="",
            reportDate="",
            dateTime="",
            tradeDate="",
            quantity=number(sum((trade.quantity for trade in of_class), ZERO)),
            tradePrice="",
            tradeMoney="",
            proceeds=number(sum((trade.proceeds for trade in of_class), ZERO)),
            taxes="0",
            ibCommission=number(sum((trade.commission for trade in of_class), ZERO)),
            ibCommissionCurrency="",
            netCash="",
            buySell="",
            transactionID="",
            tradeID="",
            levelOfDetail="ASSET_SUMMARY",
            orderType="",
            accruedInt="",
        ),
    )


def _mark_to_market(trade: Trade) -> Decimal:
    """What the trade itself gained by the close, in its currency."""
    if trade.instrument is None:
        return ZERO
    return trade.proceeds + trade.instrument.value(trade.quantity, trade.close_price)
