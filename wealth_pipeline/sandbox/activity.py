"""The sections of a FlexStatement that show what happened: trades, bookings, transfers, accruals.

Each function takes the weekdays of one account in a window, oldest first, and gives the section's text. Amounts are in
the row's currency; money that comes in is positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from wealth_pipeline.sandbox.currencies import CURRENCIES
from wealth_pipeline.sandbox.instruments import Instrument
from wealth_pipeline.sandbox.markup import (
    BOOKKEEPING,
    SUMMARY_ACCOUNT,
    account_attributes,
    attributes,
    container,
    day_text,
    element,
    number,
    old_security_attributes,
    security_attributes,
    time_text,
)
from wealth_pipeline.sandbox.records import BASE_SUMMARY, ZERO, AccountDay, DividendAccrual, Trade

Days = Sequence[AccountDay]


def cash_transactions(days: Days) -> str:
    """CashTransactions: DETAIL rows, then each once more as a SUMMARY row that names no account and no id."""
    rows = []
    for detail in (True, False):
        for day in days:
            for booking in day.cash_transactions:
                rows.append(
                    element(
                        "CashTransaction",
                        account_attributes(day.account) if detail else SUMMARY_ACCOUNT,
                        attributes(currency=booking.currency, fxRateToBase=number(day.rates[booking.currency])),
                        security_attributes(booking.instrument, booking.description),
                        attributes(
                            dateTime=time_text(booking.when),
                            settleDate=day_text(booking.settles),
                            availableForTradingDate="",
                            amount=number(booking.amount),
                            type=booking.type.replace("&", "&amp;"),
                            tradeID="",
                            code="",
                            transactionID=str(booking.transaction_id) if detail else "",
                            reportDate=day_text(day.day),
                            exDate="",
                            clientReference="",
                            actionID="",
                            levelOfDetail="DETAIL" if detail else "SUMMARY",
                        ),
                        attributes(**BOOKKEEPING),
                    )
                )
    return container("CashTransactions", rows)


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
                rows.append(_trade_row("SymbolSummary", day, of_symbol))
                for trade in of_symbol:
                    rows += [_trade_row("Order", day, [trade]), _trade_row("Trade", day, [trade])]
    return container("Trades", rows)


_LEVEL = {"Trade": "EXECUTION", "Order": "ORDER", "SymbolSummary": "SYMBOL_SUMMARY"}


def _trade_row(tag: str, day: AccountDay, of_symbol: list[Trade]) -> str:
    """An execution, its order, or the sum of a symbol's trades (whose dates are "MULTI")."""
    first = of_symbol[0]
    instrument = first.instrument
    execution, summary = tag == "Trade", tag == "SymbolSummary"

    def single(value: str) -> str:
        return value if execution else ""

    def date_or_multi(value: str) -> str:
        return "MULTI" if summary else value

    quantity = sum((trade.quantity for trade in of_symbol), ZERO)
    proceeds = sum((trade.proceeds for trade in of_symbol), ZERO)
    commission = sum((trade.commission for trade in of_symbol), ZERO)
    marked = sum((_mark_to_market(trade) for trade in of_symbol), ZERO)
    buys = first.quantity > 0
    position = "" if instrument is None or summary else "O" if first.opens else "C"
    return element(
        tag,
        account_attributes(day.account, first.model),
        attributes(currency=first.currency, fxRateToBase=number(day.rates[first.currency]) if execution else ""),
        security_attributes(instrument, None, "" if instrument else first.symbol),
        attributes(
            tradeID=single(str(first.trade_id)),
            relatedTradeID="",
            reportDate=date_or_multi(day_text(day.day)),
            dateTime=single(time_text(first.when)),
            tradeDate=date_or_multi(day_text(day.day)),
            settleDateTarget=date_or_multi(day_text(first.settles)),
            transactionType=single(first.transaction_type),
            exchange=single(instrument.listing_exchange if instrument else "IDEALFX"),
            quantity=number(quantity),
            tradePrice=number(first.price),
            tradeMoney=number(-proceeds),
            proceeds=number(proceeds),
            taxes="0",
            ibCommission=number(commission),
            ibCommissionCurrency=first.commission_currency,
            netCash=number(proceeds + commission) if instrument else "0",
            closePrice=single(number(first.close_price)),
            openCloseIndicator=position,
            notes=single(first.notes),
            cost=number(sum((trade.cost for trade in of_symbol), ZERO)),
            fifoPnlRealized=number(sum((trade.realized for trade in of_symbol), ZERO)),
            mtmPnl=number(marked),
            origTradePrice=single("0"),
            origTradeDate="",
            origTradeID="",
            origOrderID=single("0"),
            origTransactionID=single("0"),
            clearingFirmID="",
            buySell="BUY" if buys else "SELL",
            ibOrderID="" if summary else str(first.order_id),
            transactionID=single(str(first.transaction_id)),
            ibExecID=single(f"0000e0d5.{first.trade_id:08x}.01.01" if first.transaction_type == "ExchTrade" else ""),
            relatedTransactionID="",
            rtn="",
            brokerageOrderID="",
            orderReference="",
            volatilityOrderLink="",
            exchOrderId=single("N/A"),
            extExecID="",
            orderTime="" if summary else time_text(first.when),
            openDateTime="",
            holdingPeriodDateTime="",
            whenRealized="",
            whenReopened="",
            levelOfDetail=_LEVEL[tag],
            changeInPrice="0",
            changeInQuantity="0",
            orderType="" if summary else "LMT",
            traderID="",
            isAPIOrder="" if summary else "N",
            accruedInt="0",
            initialInvestment="",
        ),
        attributes(**BOOKKEEPING),
    )


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


def transfers(days: Days) -> str:
    """Transfers: positions that came from another broker, without a cost basis."""
    rows = []
    for day in days:
        for transfer in day.transfers:
            rate = day.rates[transfer.instrument.currency]
            rows.append(
                element(
                    "Transfer",
                    account_attributes(day.account),
                    attributes(currency=transfer.instrument.currency, fxRateToBase=number(rate)),
                    security_attributes(transfer.instrument),
                    attributes(
                        reportDate=day_text(day.day),
                        date=day_text(day.day),
                        dateTime=f"{day_text(day.day)};202500",
                        settleDate=day_text(day.day),
                        type="ACATS",
                        direction="IN",
                        company="--",
                        account="EX-00417",
                        accountName="",
                        deliveringBroker="0000",
                        quantity=number(transfer.quantity),
                        transferPrice="0",
                        positionAmount=number(transfer.value),
                        positionAmountInBase=number(transfer.value * rate),
                        pnlAmount="0",
                        pnlAmountInBase="0",
                        capitalGainsPnl="0",
                        fxPnl="0",
                        cashTransfer="0",
                        code="",
                        clientReference="",
                        transactionID=str(transfer.transaction_id),
                        levelOfDetail="TRANSFER",
                        positionInstructionID="",
                        positionInstructionSetID="",
                    ),
                    attributes(**BOOKKEEPING),
                )
            )
    return container("Transfers", rows)


def open_dividend_accruals(day: AccountDay) -> str:
    """OpenDividendAccruals: dividends whose ex-date has come and that are not paid yet."""
    return container(
        "OpenDividendAccruals",
        [_dividend_row("OpenDividendAccrual", day, accrual, {}, 1, "") for accrual in day.dividends],
    )


def change_in_dividend_accruals(days: Days) -> str:
    """ChangeInDividendAccruals: postings (Po), and reversals (Re) with opposite signs."""
    return container(
        "ChangeInDividendAccruals",
        [
            _dividend_row(
                "ChangeInDividendAccrual",
                day,
                change.accrual,
                {"reportDate": day_text(day.day), "date": day_text(day.day), "levelOfDetail": "DETAIL"},
                1 if change.code == "Po" else -1,
                change.code,
            )
            for day in days
            for change in day.dividend_changes
        ],
    )


def _dividend_row(
    tag: str, day: AccountDay, accrual: DividendAccrual, extra: dict[str, str], sign: int, code: str
) -> str:
    currency = accrual.instrument.currency
    is_open = tag == "OpenDividendAccrual"
    block = old_security_attributes(accrual.instrument) if is_open else security_attributes(accrual.instrument)
    return element(
        tag,
        account_attributes(day.account),
        attributes(currency=currency, fxRateToBase=number(day.rates[currency])),
        block,
        attributes(
            **extra,
            exDate=day_text(accrual.ex_date),
            payDate=day_text(accrual.pay_date),
            quantity=number(accrual.quantity),
            tax=number(sign * accrual.tax),
            fee="0",
            grossRate=number(accrual.rate),
            grossAmount=number(sign * accrual.gross),
            netAmount=number(sign * accrual.net),
            code=code,
            fromAcct="",
            toAcct="",
        ),
        attributes(**BOOKKEEPING),
    )


def interest_accruals(days: Days) -> str:
    """InterestAccruals: broker interest accrued, per currency and as BASE_SUMMARY in base (bonds are not in it)."""
    rows = []
    for currency in (BASE_SUMMARY, *CURRENCIES):
        lines = [day.interest[currency] for day in days if currency in day.interest]
        if not any(line.start or line.end or line.accrued or line.reversal for line in lines):
            continue
        rows.append(
            element(
                "InterestAccrualsCurrency",
                account_attributes(days[-1].account),
                attributes(
                    currency=currency,
                    fromDate=day_text(days[0].day),
                    toDate=day_text(days[-1].day),
                    startingAccrualBalance=number(lines[0].start),
                    interestAccrued=number(sum((line.accrued for line in lines), ZERO)),
                    accrualReversal=number(sum((line.reversal for line in lines), ZERO)),
                    fxTranslation=number(sum((line.translation for line in lines), ZERO)),
                    endingAccrualBalance=number(lines[-1].end),
                ),
            )
        )
    return container("InterestAccruals", rows)


def securities_info(days: Days) -> str:
    """SecuritiesInfo: each security that was traded, or is held at the window's end."""
    found: dict[Instrument, None] = {position.instrument: None for position in days[-1].positions}
    for day in days:
        found.update((trade.instrument, None) for trade in day.trades if trade.instrument)
    return container(
        "SecuritiesInfo",
        [
            element(
                "SecurityInfo",
                security_attributes(security),
                attributes(
                    currency=security.currency,
                    maturity=day_text(security.expiry) if security.asset_category in ("BOND", "BILL") else "",
                    issueDate=day_text(security.issue_date),
                    underlyingCategory="",
                    type="",
                    code="",
                    settlementPolicyMethod="",
                    relatedTradeID="",
                    origTransactionID="",
                    relatedTransactionID="",
                    rtn="",
                    initialInvestment="",
                ),
                attributes(**BOOKKEEPING),
            )
            for security in found
        ],
    )
