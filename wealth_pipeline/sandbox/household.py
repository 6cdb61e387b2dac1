"""The simulated household: two accounts, and what their owners do.

Deterministic: a day's figures follow from the seed, the first day and the day itself, never from when or with which
window they are asked for. Days are simulated when they are first asked for, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from threading import Lock

from wealth_pipeline.sandbox import instruments as i
from wealth_pipeline.sandbox.days import (
    add_weekdays,
    is_trading_day,
    is_weekday,
    quarterly_expiry,
    trading_day_of_month,
    weekday_before,
    weekday_on_or_after,
    weekdays,
)
from wealth_pipeline.sandbox.instruments import Instrument
from wealth_pipeline.sandbox.ledger import Book
from wealth_pipeline.sandbox.market import Market
from wealth_pipeline.sandbox.records import Account, AccountDay

DEFAULT_SEED = 1
DEFAULT_FIRST_DAY = date(2025, 1, 2)

US_ACCOUNT = Account(
    "U1000001",
    "SandboxUSD",
    "USD",
    "Individual",
    "Margin",
    "Stocks,Options,Bonds,Futures,Forex,Crypto Currencies",
    "IBLLC-US",
    "Robin Quillfeather",
    "12 Imaginary Lane",
    "Springdale",
    "US-VT",
    "United States",
    "05000",
    "robin.quillfeather@example.com",
)
EU_ACCOUNT = Account(
    "U1000002",
    "SandboxEUR",
    "EUR",
    "Joint",
    "Margin",
    "Stocks,Options,Bonds,Futures,Forex,CFD,Mutual Funds",
    "IBIE",
    "Toni Quillfeather",
    "Musterweg 7",
    "Beispielstadt",
    "DE-BY",
    "Germany",
    "80000",
    "toni.quillfeather@example.com",
    cost_in_base=True,
)

Action = Callable[[Book], None]
ALL_YEAR = tuple(range(1, 13))


def _deposit(currency: str, amount: str, text: str | None = None) -> Action:
    return lambda book: book.deposit(currency, Decimal(amount), *([text] if text else []))


def _charge(kind: str, currency: str, amount: str, text: str) -> Action:
    return lambda book: book.charge(kind, currency, Decimal(amount), text)


def _sales_tax(currency: str, amount: str) -> Action:
    return lambda book: book.sales_tax(currency, Decimal(amount))


def _trade(instrument: Instrument, quantity: str, model: str = "") -> Action:
    return lambda book: book.trade(instrument, Decimal(quantity), model=model)


def _exchange(bought: str, sold: str, quantity: str) -> Action:
    return lambda book: book.exchange(bought, sold, Decimal(quantity))


def _transfer_in(instrument: Instrument, quantity: str) -> Action:
    return lambda book: book.transfer_in(instrument, Decimal(quantity))


def _keep_lots(instrument: Instrument, count: int) -> Action:
    def sell_oldest(book: Book) -> None:
        lots = book.lots.get((instrument, ""), ())
        if len(lots) > count:
            book.trade(instrument, -sum((lot.quantity for lot in lots[:-count]), Decimal(0)))

    return sell_oldest


OPENING: Mapping[str, Mapping[int, Sequence[Action]]] = {
    "U1000001": {
        1: [_deposit("USD", "400000")],
        2: [
            _deposit("GBP", "0.0083", "RESIDUAL BALANCE OF A TRANSFERRED ACCOUNT"),
            _exchange("EUR", "USD", "40000"),
            _exchange("USD", "JPY", "-20000"),
        ],
        3: [_trade(i.ALPC, "150"), _trade(i.WRLD, "200"), _trade(i.KRNL, "3.1416"), _trade(i.NWND, "300")],
        4: [_trade(i.HRBR, "400"), _trade(i.COIN, "0.2575"), _trade(i.USD_BOND, "20000"), _trade(i.KIKI, "600")],
        5: [_trade(i.VLTN, "-60")],
        6: [_trade(i.WRLD, "120", "Growth")],
        8: [_transfer_in(i.MINE, "250")],
    },
    "U1000002": {
        1: [_deposit("EUR", "350000")],
        2: [_exchange("EUR", "USD", "-60000"), _exchange("EUR", "GBP", "-30000"), _exchange("EUR", "JPY", "-12000")],
        3: [_trade(i.NWND, "500"), _trade(i.TLPN, "40"), _trade(i.EUCO, "300"), _trade(i.FUND, "152.25")],
        4: [_trade(i.CRWN, "2500"), _trade(i.KIKI, "400"), _trade(i.EUR_BOND, "25000"), _trade(i.ALPC, "400")],
        5: [_trade(i.SLTZ, "-200"), _trade(i.EURO_INDEX_CFD, "3"), _trade(i.CRWN_CFD, "-1500")],
    },
}
"""What each account does on its first trading days, counted from 1."""

EVERY_YEAR: Mapping[str, Sequence[tuple[Sequence[int], int, Action]]] = {
    "U1000001": [
        (ALL_YEAR, 2, _charge("Other Fees", "USD", "-4.5", "L1 MARKET DATA FOR THE MONTH")),
        (ALL_YEAR, 3, Book.post_interest),
        (ALL_YEAR, 4, _deposit("USD", "2500")),
        (ALL_YEAR, 6, _trade(i.WRLD, "8")),
        ((2, 5, 8, 11), 10, _keep_lots(i.WRLD, 4)),
        ((3, 9), 15, _deposit("USD", "-6000", "DISBURSEMENT INITIATED BY THE HOLDER")),
        ((4, 10), 9, _exchange("EUR", "USD", "-2000")),
        ((1, 7), 12, _trade(i.KRNL, "0.2505")),
        ((6,), 11, _trade(i.ALPC, "-20")),
        ((12,), 11, _trade(i.ALPC, "25")),
        ((8,), 13, _trade(i.VLTN, "25")),
        ((10,), 13, _trade(i.VLTN, "-25")),
        ((9,), 5, _transfer_in(i.MINE, "15")),
    ],
    "U1000002": [
        (ALL_YEAR, 2, _charge("Other Fees", "EUR", "-3", "MARKET DATA FOR THE MONTH")),
        (ALL_YEAR, 2, _sales_tax("EUR", "-0.57")),
        (ALL_YEAR, 3, Book.post_interest),
        (ALL_YEAR, 5, _deposit("EUR", "1200")),
        (ALL_YEAR, 8, _trade(i.EUCO, "12")),
        ((1, 4, 7, 10), 10, _keep_lots(i.EUCO, 3)),
        ((2, 8), 14, _trade(i.FUND, "10.5")),
        ((3, 9), 12, _exchange("GBP", "EUR", "-750")),
        ((6, 12), 16, _deposit("EUR", "-4000", "DISBURSEMENT INITIATED BY THE HOLDER")),
        ((5,), 14, _trade(i.NWND, "-100")),
        ((11,), 14, _trade(i.NWND, "100")),
        ((4,), 18, _trade(i.CRWN_CFD, "300")),
        ((7,), 18, _trade(i.CRWN_CFD, "-300")),
    ],
}
"""Months, trading day of the month, and what each account then does, year after year."""


def _near(market: Market, underlying: Instrument, day: date, percent: int) -> Decimal:
    """A strike so many percent of the price, in steps of 5."""
    return Decimal(int(market.price(underlying, day) * percent / 500) * 5)


@dataclass(frozen=True)
class _Roll:
    """A contract that is held until it expires and then replaced by the next one."""

    name: str
    quantity: Decimal
    first: int
    """The trading day on which the first one is opened, counted from 1."""
    choose: Callable[[Market, date], Instrument]


ROLLS: Mapping[str, Sequence[_Roll]] = {
    "U1000001": [
        _Roll("bill", Decimal(30000), 4, lambda market, day: i.make_bill(add_weekdays(day, 63))),
        _Roll(
            "future", Decimal(2), 5, lambda market, day: i.make_future(i.US_INDEX, 5, quarterly_expiry(day, 30), "CME")
        ),
        _Roll(
            "put",
            Decimal(2),
            6,
            lambda market, day: i.make_option(i.ALPC, "P", _near(market, i.ALPC, day, 93), quarterly_expiry(day, 60)),
        ),
        _Roll(
            "call",
            Decimal(-3),
            6,
            lambda market, day: i.make_option(i.HRBR, "C", _near(market, i.HRBR, day, 110), quarterly_expiry(day, 25)),
        ),
    ],
    "U1000002": [
        _Roll(
            "future",
            Decimal(-1),
            6,
            lambda market, day: i.make_future(i.EURO_INDEX, 10, quarterly_expiry(day, 30), "EUREX"),
        ),
        _Roll(
            "put",
            Decimal(-1),
            7,
            lambda market, day: i.make_option(i.ALPC, "P", _near(market, i.ALPC, day, 88), quarterly_expiry(day, 40)),
        ),
        _Roll(
            "call",
            Decimal(1),
            7,
            lambda market, day: i.make_option(i.WRLD, "C", _near(market, i.WRLD, day, 106), quarterly_expiry(day, 90)),
        ),
    ],
}


@dataclass(frozen=True)
class LateFee:
    """A fee that IBKR books on a past day after that day's statement was made: it restates the day and all later.

    `amount` is positive, in the account's base currency.
    """

    account_id: str
    day: date
    amount: Decimal = Decimal("1.25")


class Household:
    """The accounts' figures, day by day.

    Args:
        seed: the same seed and first day give the same figures, for ever.
        first_day: when both accounts are opened (the Monday after, if it is on a weekend).
        late_fees: fees booked besides the usual; without any, nothing was restated.

    Attributes:
        first_day: the weekday on which both accounts were opened.
        accounts: U1000001 (base USD) and U1000002 (base EUR).
        market: prices and exchange rates.

    Raises:
        ValueError: a late fee on a day without a statement.

    """

    def __init__(
        self, seed: int = DEFAULT_SEED, first_day: date = DEFAULT_FIRST_DAY, late_fees: Sequence[LateFee] = ()
    ) -> None:
        self.first_day = weekday_on_or_after(first_day)
        self.market = Market(seed, self.first_day)
        self.accounts = (US_ACCOUNT, EU_ACCOUNT)
        self._late_fees = tuple(late_fees)
        for fee in self._late_fees:
            if not is_weekday(fee.day) or fee.day < self.first_day:
                raise ValueError(f"no statement of {fee.day} that a late fee could change")
        self._books = {account.account_id: Book(account, self.market) for account in self.accounts}
        self._days: dict[str, dict[date, AccountDay]] = {account.account_id: {} for account in self.accounts}
        self._contracts: dict[tuple[str, str], Instrument] = {}
        self._trading_days = 0
        self._next_day = self.first_day
        self._lock = Lock()

    def day(self, account_id: str, day: date) -> AccountDay:
        """One account at the close of one weekday, not before the first day (else KeyError)."""
        with self._lock:
            while self._next_day <= day:
                self._simulate(self._next_day)
                self._next_day = add_weekdays(self._next_day, 1)
        return self._days[account_id][day]

    def days(self, account_id: str, first: date, last: date) -> list[AccountDay]:
        """One account on each weekday from `first` to `last`, both included, none before the first day."""
        return [self.day(account_id, day) for day in weekdays(max(first, self.first_day), last)]

    def day_before(self, account_id: str, day: date) -> AccountDay | None:
        """The account on the weekday before, or None on its first day."""
        before = weekday_before(day)
        return self.day(account_id, before) if before >= self.first_day else None

    def _simulate(self, day: date) -> None:
        trading = is_trading_day(day)
        self._trading_days += trading
        for account in self.accounts:
            book = self._books[account.account_id]
            book.open_day(day)
            if trading:
                self._act(book, day)
            for fee in self._late_fees:
                if fee.account_id == account.account_id and fee.day == day:
                    # A number of its own: the numbers of all other bookings must stay what they were.
                    number = 5_000_000_000 + day.toordinal()
                    book.charge("Other Fees", account.base, -fee.amount, "LATE CORRECTION OF A FEE", number)
            self._days[account.account_id][day] = book.close_day()

    def _act(self, book: Book, day: date) -> None:
        account_id = book.account.account_id
        for act in OPENING[account_id].get(self._trading_days, ()):
            act(book)
        for roll in ROLLS[account_id]:
            self._roll(book, roll, day)
        # The yearly round begins when the account is set up.
        if self._trading_days > len(OPENING[account_id]) + 3:
            for months, number, act in EVERY_YEAR[account_id]:
                if day.month in months and trading_day_of_month(day) == number:
                    act(book)

    def _roll(self, book: Book, roll: _Roll, day: date) -> None:
        held = self._contracts.get((book.account.account_id, roll.name))
        if held is not None and held.expiry is not None and day >= held.expiry:
            price = self.market.price(held, day)
            repaid = held.asset_category == "BILL" or (held.asset_category == "OPT" and not price)
            book.trade(held, -roll.quantity, price=price, expires=repaid)
            held = None
        if held is None and self._trading_days >= roll.first:
            held = roll.choose(self.market, day)
            book.trade(held, roll.quantity)
            self._contracts[book.account.account_id, roll.name] = held


@lru_cache(maxsize=8)
def shared_household(seed: int, first_day: date, late_fees: tuple[LateFee, ...]) -> Household:
    """A household that others may use too: one never differs from another of the same arguments."""
    return Household(seed, first_day, late_fees)
