"""The books of one simulated account."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from wealth_pipeline.sandbox.household.accruals import BrokerInterest, coupon_due, new_dividends
from wealth_pipeline.sandbox.household.cash import Cash
from wealth_pipeline.sandbox.household.closing import Close, settle_futures
from wealth_pipeline.sandbox.household.currencies import CURRENCIES
from wealth_pipeline.sandbox.household.holdings import Holdings
from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.journal import Journal, Numbers
from wealth_pipeline.sandbox.household.market import Market
from wealth_pipeline.sandbox.household.records import (
    ZERO,
    Account,
    AccountDay,
    CashTransfer,
    DividendAccrual,
    DividendChange,
    Lot,
    Transfer,
)
from wealth_pipeline.sandbox.household.trading import Order, exchange_currencies, price_near, trade_security


class Book:
    """Runs one account through its days: `open_day`, then bookings, then `close_day`.

    Args:
        account: whose books these are.
        market: prices and exchange rates.
        position_fx: the part of ChangeInNAV that carries the effect of exchange rates on positions.
        known: the weekday of the household, counted from 0, up to which corrections are known.

    Attributes:
        holdings: what the account holds.

    """

    def __init__(self, account: Account, market: Market, *, position_fx: str = "mtm", known: int = 0) -> None:
        self.account = account
        self.market = market
        self.known = known
        self.day = date.min
        self.holdings = Holdings()
        self._position_fx = position_fx
        self._last: AccountDay | None = None
        self._cash = Cash()
        self._interest = BrokerInterest()
        self._dividends: list[DividendAccrual] = []
        # Each account has its own range of numbers, so that no two bookings of the household share one.
        self._numbers = Numbers(10_000_000 * (1 + int(account.account_id[-1])))
        self._journal = Journal(self.day, self._numbers)

    def open_day(self, day: date) -> None:
        """Begin the day: accrue interest since the day before, reach ex-dates, pay what is due."""
        days_passed = (day - self.day).days if self._last else 0
        self.day = day
        self._journal = Journal(day, self._numbers)
        self._interest.accrue(self._cash.balances, days_passed)
        self._pay_dividends()
        self._accrue_dividends()
        self._pay_coupons()

    # Bookings

    def deposit(
        self, currency: str, amount: Decimal, description: str = "CASH RECEIPTS / ELECTRONIC FUND TRANSFERS"
    ) -> None:
        """Money in; a negative amount is a withdrawal."""
        self.charge("Deposits & Withdrawals", currency, amount, description)

    def charge(
        self,
        kind: str,
        currency: str,
        amount: Decimal,
        description: str,
        *,
        instrument: Instrument | None = None,
        number: int | None = None,
    ) -> None:
        """A cash booking of one of IBKR's types, signed. `number` overrides the next transaction id."""
        self._journal.book(kind, currency, amount, description=description, instrument=instrument, number=number)

    def sales_tax(self, currency: str, amount: Decimal) -> None:
        """A tax on a fee. IBKR: it is in the cash report, but has no row among the cash transactions."""
        self._journal.flow(currency, "salesTax", amount)

    def trade(
        self,
        instrument: Instrument,
        quantity: Decimal,
        *,
        model: str = "",
        price: Decimal | None = None,
        expires: bool = False,
    ) -> None:
        """Buy (positive) or sell (negative), at a price near the close unless one is given."""
        close = self.market.price(instrument, self.day)
        order = Order(
            instrument=instrument,
            model=model,
            quantity=quantity,
            price=price_near(close, instrument, quantity) if price is None else price,
            close=close,
            expires=expires,
        )
        trade_security(order, self.holdings, self._journal)

    def exchange(self, bought: str, sold: str, quantity: Decimal) -> None:
        """Buy so many units of a currency for another one, at the day's rate."""
        price = self.market.rate(bought, sold, self.day)
        exchange_currencies(bought, sold, quantity, price=price, base=self.account.base, journal=self._journal)

    def transfer_cash(self, counterparty: str, currency: str, amount: Decimal) -> None:
        """One side of an internal transfer: cash from another account or, if negative, to it."""
        self._journal.flow(currency, "internalTransfers", amount)
        self._journal.cash_transfers.append(
            CashTransfer(
                counterparty=counterparty, currency=currency, amount=amount, transaction_id=self._journal.number()
            )
        )

    def transfer_in(self, instrument: Instrument, quantity: Decimal, *, part: str = "assetTransfers") -> None:
        """A position arrives from another broker, at the day's close and without a cost basis."""
        price = self.market.price(instrument, self.day)
        number = self._journal.number()
        lot = Lot(
            quantity=quantity,
            cost=ZERO,
            price=ZERO,
            opened=datetime.combine(self.day, time(20, 25)),
            order_id=0,
            transaction_id=number,
        )
        self.holdings.add(instrument, "", lot)
        value = instrument.value(quantity, price)
        self._journal.transfers.append(
            Transfer(
                instrument=instrument, quantity=quantity, price=price, value=value, transaction_id=number, part=part
            )
        )

    def pay_out(self) -> None:
        """Withdraw all cash, and the interest with it: nothing stays of an account without positions."""
        self.post_interest(today=True)
        for currency, balance in self._cash.balances.items():
            amount = balance + sum(self._journal.flows[currency].values(), ZERO)
            if amount:
                self.deposit(currency, -amount, "DISBURSEMENT INITIATED BY THE HOLDER")

    def post_interest(self, *, today: bool = False) -> None:
        """Pay out, or take, the broker interest accrued up to the day before, or with today's."""
        for currency, accrued in self._interest.post(today=today).items():
            kind = "Broker Interest Received" if accrued > 0 else "Broker Interest Paid"
            word = "CREDIT" if accrued > 0 else "DEBIT"
            self.charge(kind, currency, accrued, f"{currency} {word} INT")

    # The close

    def close_day(self) -> AccountDay:
        """Value everything at the day's close and check nothing: the books balance by construction."""
        journal, last = self._journal, self._last
        rates = {currency: self.market.rate(currency, self.account.base, self.day) for currency in CURRENCIES}
        rates_before = last.rates if last else rates
        positions = self.holdings.positions(self.market, self.day)
        settle_futures(positions, last.positions if last else (), journal)
        close = Close(
            journal=journal,
            last=last,
            rates=rates,
            positions=positions,
            cash=self._cash.close_day(journal, rates, rates_before),
            interest=self._interest.lines(rates, rates_before),
            dividends=tuple(self._dividends),
            position_fx=self._position_fx,
        )
        self._last = close.account_day(self.account)
        return self._last

    # What the account receives by itself

    def _pay_dividends(self) -> None:
        for accrual in [dividend for dividend in self._dividends if dividend.pay_date <= self.day]:
            stock = accrual.instrument
            text = f"{stock.symbol}({stock.isin}) CASH DIVIDEND {stock.currency} {accrual.rate} PER SHARE"
            for kind, amount, note in (
                ("Dividends", accrual.gross, "(Ordinary Dividend)"),
                ("Withholding Tax", -accrual.tax, f"- {stock.country} TAX"),
            ):
                if amount:
                    self._journal.book(kind, stock.currency, amount, description=f"{text} {note}", instrument=stock)
            self._dividends.remove(accrual)
            self._journal.dividend_changes.append(DividendChange(accrual, "Re"))

    def _accrue_dividends(self) -> None:
        """Accrue what goes ex today, on the shares held at yesterday's close."""
        for accrual in new_dividends(self._last.positions if self._last else (), self.day):
            self._dividends.append(accrual)
            self._journal.dividend_changes.append(DividendChange(accrual, "Po"))

    def _pay_coupons(self) -> None:
        for bond, face in self.holdings.quantities():
            amount = coupon_due(bond, face, self.day)
            if amount:
                text = f"BOND COUPON PAYMENT {bond.symbol}"
                self._journal.book("Bond Interest Received", bond.currency, amount, description=text, instrument=bond)
