"""The books of one simulated account.

They balance exactly: cash flows, positions and accruals are kept in their own currencies, with so few decimals that
each amount times its exchange rate is exact, and every figure in base is a sum of such products.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

from wealth_pipeline.sandbox.accruals import BrokerInterest, accrued_coupon, coupon_due, new_dividends
from wealth_pipeline.sandbox.days import add_weekdays
from wealth_pipeline.sandbox.instruments import Instrument
from wealth_pipeline.sandbox.lots import commission_for, position_at, take_lots
from wealth_pipeline.sandbox.market import Market
from wealth_pipeline.sandbox.records import (
    BASE_SUMMARY,
    ZERO,
    Account,
    AccountDay,
    CashLine,
    CashTransaction,
    DividendAccrual,
    DividendChange,
    Lot,
    Position,
    Trade,
    Transfer,
)

CURRENCIES = ("USD", "EUR", "GBP", "JPY")
"""The currencies in which the household keeps cash, in the order of the cash report."""

_FLOW_OF_TYPE = {
    "Dividends": "dividends",
    "Withholding Tax": "withholdingTax",
    "Broker Interest Received": "brokerInterest",
    "Broker Interest Paid": "brokerInterest",
    "Bond Interest Received": "bondInterest",
    "Bond Interest Paid": "bondInterest",
    "Other Fees": "otherFees",
}
_PART_OF_FLOW = {
    "deposits": "depositsWithdrawals",
    "withdrawals": "depositsWithdrawals",
    "dividends": "dividends",
    "withholdingTax": "withholdingTax",
    "brokerInterest": "interest",
    "bondInterest": "interest",
    "otherFees": "otherFees",
    "salesTax": "salesTax",
}
"""CashReport column to the ChangeInNAV part that it belongs to; trades, commissions and FX are told apart below."""

Flows = defaultdict[str, Decimal]


def _new_flows() -> dict[str, Flows]:
    return {currency: defaultdict(Decimal) for currency in (BASE_SUMMARY, *CURRENCIES)}


class Book:
    """Runs one account through its days: `open_day`, then bookings, then `close_day`.

    Args:
        account: whose books these are.
        market: prices and exchange rates.

    """

    def __init__(self, account: Account, market: Market) -> None:
        self.account = account
        self.market = market
        self.day = date.min
        self.last: AccountDay | None = None
        self.lots: dict[tuple[Instrument, str], tuple[Lot, ...]] = {}
        self._cash = dict.fromkeys(CURRENCIES, ZERO)
        self._interest = BrokerInterest()
        self._dividends: list[DividendAccrual] = []
        self._unsettled: list[tuple[date, str, Decimal]] = []
        self._month = _new_flows()
        self._year = _new_flows()
        # Each account has its own range of numbers, so that no two bookings of the household share one.
        self._next_id = 10_000_000 * (1 + int(account.account_id[-1]))

    def open_day(self, day: date) -> None:
        """Begin the day: accrue interest since the day before, reach ex-dates, pay what is due."""
        if day.month != self.day.month:
            self._month = _new_flows()
        if day.year != self.day.year:
            self._year = _new_flows()
        days_passed = (day - self.day).days if self.last else 0
        self.day = day
        self._flows = _new_flows()
        self._trades: list[Trade] = []
        self._bookings: list[CashTransaction] = []
        self._transfers: list[Transfer] = []
        self._dividend_changes: list[DividendChange] = []
        self._fx_legs: Flows = defaultdict(Decimal)
        self._fx_commissions: Flows = defaultdict(Decimal)
        self._security_proceeds: Flows = defaultdict(Decimal)
        self._future_proceeds: Flows = defaultdict(Decimal)
        self._unsettled = [entry for entry in self._unsettled if entry[0] > day]
        self._interest.accrue(self._cash, days_passed)
        self._run_dividends()
        self._pay_coupons()

    # Bookings

    def deposit(
        self, currency: str, amount: Decimal, description: str = "CASH RECEIPTS / ELECTRONIC FUND TRANSFERS"
    ) -> None:
        """Money in; a negative amount is a withdrawal."""
        self._flow(currency, "deposits" if amount > 0 else "withdrawals", amount)
        self._book("Deposits & Withdrawals", currency, amount, description)

    def charge(self, kind: str, currency: str, amount: Decimal, description: str, number: int | None = None) -> None:
        """A cash booking of one of IBKR's types, signed. `number` overrides the next transaction id."""
        self._flow(currency, _FLOW_OF_TYPE[kind], amount)
        self._book(kind, currency, amount, description, number=number)

    def sales_tax(self, currency: str, amount: Decimal) -> None:
        """A tax on a fee. IBKR: it is in the cash report, but has no row among the cash transactions."""
        self._flow(currency, "salesTax", amount)

    def trade(
        self,
        instrument: Instrument,
        quantity: Decimal,
        *,
        model: str = "",
        price: Decimal | None = None,
        expires: bool = False,
    ) -> None:
        """Buy (positive) or sell (negative) at a price near the close; lots are closed first in, first out.

        A trade either opens or closes: it never turns a position from long to short.
        """
        close = self.market.price(instrument, self.day)
        if price is None:
            off = 3 if instrument.asset_category == "STK" else 0
            price = close - off * instrument.tick if quantity > 0 else close + off * instrument.tick
        proceeds = -instrument.value(quantity, price)
        commission = ZERO if expires else commission_for(instrument, quantity)
        currency = instrument.currency
        key = (instrument, model)
        held = self.lots.get(key, ())
        opens = not held or (held[0].quantity > 0) == (quantity > 0)
        # A CFD's result alone is in the NAV, and its commission is in cash already.
        cost = -proceeds if instrument.asset_category == "CFD" else -(proceeds + commission)
        order_id, transaction_id = self._number(), self._number()
        when = self._clock(9, 35)
        if opens:
            realized = ZERO
            lot = Lot(quantity, cost, price, when, order_id, transaction_id)
            self.lots[key] = (*held, lot)
        else:
            rest, closed_cost = take_lots(held, -quantity)
            if rest:
                self.lots[key] = rest
            else:
                del self.lots[key]
            realized = -cost - closed_cost
            cost = -closed_cost
        settles = add_weekdays(self.day, 0 if expires else 1)
        if instrument.asset_category == "FUT":
            self._future_proceeds[currency] += proceeds
        elif instrument.asset_category != "CFD":
            self._flow(currency, "netTradesSales" if proceeds > 0 else "netTradesPurchases", proceeds)
            self._security_proceeds[currency] += proceeds
            self._unsettled.append((settles, currency, proceeds + commission))
        if commission:
            self._flow(currency, "commissions", commission)
        self._trades.append(
            Trade(
                instrument,
                instrument.symbol,
                model,
                currency,
                quantity,
                price,
                proceeds,
                commission,
                currency,
                cost,
                realized,
                close,
                opens,
                "BookTrade" if expires else "ExchTrade",
                "Ep" if expires and instrument.asset_category == "OPT" else "",
                when,
                settles,
                order_id,
                self._number(),
                transaction_id,
            )
        )
        if instrument.coupon is not None:
            accrued = accrued_coupon(instrument, quantity, self.day)
            kind = "Bond Interest Paid" if quantity > 0 else "Bond Interest Received"
            self._flow(currency, "bondInterest", -accrued)
            self._book(kind, currency, -accrued, f"PURCHASE ACCRUED INT {instrument.symbol}", instrument)

    def exchange(self, bought: str, sold: str, quantity: Decimal) -> None:
        """Buy so many units of a currency for another one, at the day's rate."""
        price = self.market.rate(bought, sold, self.day)
        paid = -quantity * price
        commission = Decimal(-2) if self.account.base == "USD" else Decimal("-1.85")
        for currency, amount in ((bought, quantity), (sold, paid)):
            self._flow(currency, "netTradesSales" if amount > 0 else "netTradesPurchases", amount)
            self._fx_legs[currency] += amount
            self._unsettled.append((add_weekdays(self.day, 2), currency, amount))
        self._flow(self.account.base, "commissions", commission)
        self._fx_commissions[self.account.base] += commission
        self._trades.append(
            Trade(
                None,
                f"{bought}.{sold}",
                "",
                sold,
                quantity,
                price,
                paid,
                commission,
                self.account.base,
                ZERO,
                ZERO,
                ZERO,
                False,
                "ExchTrade",
                "",
                self._clock(11, 5),
                add_weekdays(self.day, 2),
                self._number(),
                self._number(),
                self._number(),
            )
        )

    def transfer_in(self, instrument: Instrument, quantity: Decimal) -> None:
        """A position arrives from another broker, at the day's close and without a cost basis."""
        price = self.market.price(instrument, self.day)
        number = self._number()
        key = (instrument, "")
        lot = Lot(quantity, ZERO, ZERO, datetime.combine(self.day, time(20, 25)), 0, number)
        self.lots[key] = (*self.lots.get(key, ()), lot)
        self._transfers.append(Transfer(instrument, quantity, price, instrument.value(quantity, price), number))

    def post_interest(self) -> None:
        """Pay out, or take, the broker interest accrued up to the day before."""
        for currency, accrued in self._interest.post().items():
            kind = "Broker Interest Received" if accrued > 0 else "Broker Interest Paid"
            word = "CREDIT" if accrued > 0 else "DEBIT"
            self.charge(kind, currency, accrued, f"{currency} {word} INT")

    # The close

    def close_day(self) -> AccountDay:
        """Value everything at the day's close and check nothing: the books balance by construction."""
        day, base, last = self.day, self.account.base, self.last
        rates = {currency: self.market.rate(currency, base, day) for currency in CURRENCIES}
        rates_before = last.rates if last else rates
        positions = self._positions()
        self._settle_futures(positions, last.positions if last else ())

        nav: dict[str, tuple[Decimal, Decimal]] = {}

        def add(column: str, amount: Decimal) -> None:
            long, short = nav.get(column, (ZERO, ZERO))
            nav[column] = (long + amount, short) if amount > 0 else (long, short + amount)

        mtm = -sum((transfer.value * rates[transfer.instrument.currency] for transfer in self._transfers), ZERO)
        bond_accruals = ZERO
        for position in positions:
            instrument = position.instrument
            rate = rates[instrument.currency]
            if instrument.nav_column:
                add(instrument.nav_column, position.nav_value * rate)
                mtm += position.nav_value * rate
            if instrument.coupon is not None:
                bond_accruals += accrued_coupon(instrument, position.quantity, day) * rate
        if last:
            mtm -= sum((p.nav_value * rates_before[p.instrument.currency] for p in last.positions), ZERO)
        for currency in CURRENCIES:
            settled = self._security_proceeds[currency] + self._flows[currency]["cashSettlingMtm"]
            mtm += settled * rates[currency]

        translation = sum((self._cash[c] * (rates[c] - rates_before[c]) for c in CURRENCIES), ZERO)
        cash = self._close_cash(rates, translation)
        for currency in CURRENCIES:
            add("cash", cash[currency].end * rates[currency])
        for dividend in self._dividends:
            add("dividendAccruals", dividend.net * rates[dividend.instrument.currency])
        interest = self._interest.lines(rates, rates_before)
        for currency, accrued in self._interest.accrued.items():
            add("interestAccruals", accrued * rates[currency])
        add("interestAccruals", bond_accruals)

        change: Flows = defaultdict(Decimal)
        change["mtm"] = mtm
        change["fxTranslation"] = translation
        change["assetTransfers"] = sum(
            (transfer.value * rates[transfer.instrument.currency] for transfer in self._transfers), ZERO
        )
        for currency in CURRENCIES:
            rate = rates[currency]
            for flow, amount in self._flows[currency].items():
                if flow in _PART_OF_FLOW:
                    change[_PART_OF_FLOW[flow]] += amount * rate
            commissions = self._flows[currency]["commissions"] - self._fx_commissions[currency]
            change["commissions"] += commissions * rate
            change["forexCommissions"] += self._fx_commissions[currency] * rate
            change["netFxTrading"] += self._fx_legs[currency] * rate
        for column, part in (
            ("dividendAccruals", "changeInDividendAccruals"),
            ("interestAccruals", "changeInInterestAccruals"),
        ):
            before = sum(last.nav.get(column, (ZERO,))) if last else ZERO
            change[part] = sum(nav.get(column, (ZERO,)), ZERO) - before

        total = sum((long + short for long, short in nav.values()), ZERO)
        start = last.total if last else ZERO
        invested = start + change["depositsWithdrawals"] + change["assetTransfers"]
        self.last = AccountDay(
            self.account,
            day,
            last.day if last else None,
            rates,
            positions,
            cash,
            nav,
            dict(change),
            start,
            total,
            total / invested,
            bond_accruals,
            tuple(self._trades),
            tuple(self._bookings),
            tuple(self._transfers),
            tuple(self._dividends),
            tuple(self._dividend_changes),
            interest,
        )
        return self.last

    # Helpers

    def _number(self) -> int:
        self._next_id += 1
        return self._next_id

    def _clock(self, hour: int, minute: int) -> datetime:
        return datetime.combine(self.day, time(hour, minute + len(self._trades) % 20, self._next_id % 60))

    def _flow(self, currency: str, name: str, amount: Decimal) -> None:
        self._flows[currency][name] += amount

    def _book(
        self,
        kind: str,
        currency: str,
        amount: Decimal,
        description: str,
        instrument: Instrument | None = None,
        number: int | None = None,
    ) -> None:
        when = datetime.combine(self.day, time(20, 20))
        self._bookings.append(
            CashTransaction(kind, currency, amount, description, instrument, when, self.day, number or self._number())
        )

    def _positions(self) -> tuple[Position, ...]:
        return tuple(
            position_at(self.market.price(instrument, self.day), instrument, model, lots)
            for (instrument, model), lots in self.lots.items()
        )

    def _settle_futures(self, positions: tuple[Position, ...], before: tuple[Position, ...]) -> None:
        """IBKR: each night the gain or loss of a future settles into cash."""
        variation: Flows = defaultdict(Decimal)
        for sign, these in ((1, positions), (-1, before)):
            for position in these:
                if position.instrument.asset_category == "FUT":
                    variation[position.instrument.currency] += sign * position.value
        for currency, amount in self._future_proceeds.items():
            variation[currency] += amount
        for currency, amount in variation.items():
            if amount:
                self._flow(currency, "cashSettlingMtm", amount)

    def _close_cash(self, rates: Mapping[str, Decimal], translation: Decimal) -> dict[str, CashLine]:
        base_flows = self._flows[BASE_SUMMARY]
        for currency in CURRENCIES:
            for name, amount in self._flows[currency].items():
                base_flows[name] += amount * rates[currency]
        base_flows["fxTranslationGainLoss"] += translation
        for currency, flows in self._flows.items():
            for name, amount in flows.items():
                self._month[currency][name] += amount
                self._year[currency][name] += amount
        lines = {}
        ends = {}
        settled_base = ZERO
        for currency in CURRENCIES:
            start = self._cash[currency]
            end = ends[currency] = start + sum(self._flows[currency].values(), ZERO)
            settled = end - sum((amount for _, unit, amount in self._unsettled if unit == currency), ZERO)
            settled_base += settled * rates[currency]
            lines[currency] = self._cash_line(currency, start, end, settled)
        start = self.last.cash[BASE_SUMMARY].end if self.last else ZERO
        end = sum((ends[currency] * rates[currency] for currency in CURRENCIES), ZERO)
        self._cash = ends
        return {BASE_SUMMARY: self._cash_line(BASE_SUMMARY, start, end, settled_base), **lines}

    def _cash_line(self, currency: str, start: Decimal, end: Decimal, settled: Decimal) -> CashLine:
        return CashLine(
            start, self._flows[currency], end, settled, dict(self._month[currency]), dict(self._year[currency])
        )

    def _run_dividends(self) -> None:
        """Pay what is due today, and accrue what goes ex today on the shares held at yesterday's close."""
        for accrual in [dividend for dividend in self._dividends if dividend.pay_date <= self.day]:
            stock = accrual.instrument
            text = f"{stock.symbol}({stock.isin}) CASH DIVIDEND {stock.currency} {accrual.rate} PER SHARE"
            for kind, amount, note in (
                ("Dividends", accrual.gross, "(Ordinary Dividend)"),
                ("Withholding Tax", -accrual.tax, f"- {stock.country} TAX"),
            ):
                if amount:
                    self._flow(stock.currency, _FLOW_OF_TYPE[kind], amount)
                    self._book(kind, stock.currency, amount, f"{text} {note}", stock)
            self._dividends.remove(accrual)
            self._dividend_changes.append(DividendChange(accrual, "Re"))
        for accrual in new_dividends(self.last.positions if self.last else (), self.day):
            self._dividends.append(accrual)
            self._dividend_changes.append(DividendChange(accrual, "Po"))

    def _pay_coupons(self) -> None:
        for (bond, _), lots in self.lots.items():
            amount = coupon_due(bond, sum((lot.quantity for lot in lots), ZERO), self.day)
            if amount:
                self._flow(bond.currency, "bondInterest", amount)
                self._book("Bond Interest Received", bond.currency, amount, f"BOND COUPON PAYMENT {bond.symbol}", bond)
