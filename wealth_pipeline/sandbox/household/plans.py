"""Declarations: what the accounts' owners do, when they set their account up and every year after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from wealth_pipeline.sandbox.household import securities as s
from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.ledger import Book

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
        lots = book.holdings.lots(instrument)
        if len(lots) > count:
            book.trade(instrument, -sum((lot.quantity for lot in lots[:-count]), Decimal(0)))

    return sell_oldest


#: What each account does on its first trading days, counted from 1.
OPENING: Mapping[str, Mapping[int, Sequence[Action]]] = {
    "U1000001": {
        1: [_deposit("USD", "400000")],
        2: [
            _deposit("GBP", "0.0083", "RESIDUAL BALANCE OF A TRANSFERRED ACCOUNT"),
            _exchange("EUR", "USD", "40000"),
            _exchange("USD", "JPY", "-20000"),
        ],
        3: [_trade(s.ALPC, "150"), _trade(s.WRLD, "200"), _trade(s.KRNL, "3.1416"), _trade(s.NWND, "300")],
        4: [_trade(s.HRBR, "400"), _trade(s.COIN, "0.2575"), _trade(s.USD_BOND, "20000"), _trade(s.KIKI, "600")],
        5: [_trade(s.VLTN, "-60")],
        6: [_trade(s.WRLD, "120", "Growth")],
        8: [_transfer_in(s.MINE, "250")],
    },
    "U1000002": {
        1: [_deposit("EUR", "350000")],
        2: [_exchange("EUR", "USD", "-60000"), _exchange("EUR", "GBP", "-30000"), _exchange("EUR", "JPY", "-12000")],
        3: [_trade(s.NWND, "500"), _trade(s.TLPN, "40"), _trade(s.EUCO, "300"), _trade(s.FUND, "152.25")],
        4: [_trade(s.CRWN, "2500"), _trade(s.KIKI, "400"), _trade(s.EUR_BOND, "25000"), _trade(s.ALPC, "400")],
        5: [_trade(s.SLTZ, "-200"), _trade(s.EURO_INDEX_CFD, "3"), _trade(s.CRWN_CFD, "-1500")],
    },
}

#: Months, trading day of the month, and what each account then does, year after year.
EVERY_YEAR: Mapping[str, Sequence[tuple[Sequence[int], int, Action]]] = {
    "U1000001": [
        (ALL_YEAR, 2, _charge("Other Fees", "USD", "-4.5", "L1 MARKET DATA FOR THE MONTH")),
        (ALL_YEAR, 3, Book.post_interest),
        (ALL_YEAR, 4, _deposit("USD", "2500")),
        (ALL_YEAR, 6, _trade(s.WRLD, "8")),
        ((2, 5, 8, 11), 10, _keep_lots(s.WRLD, 4)),
        ((3, 9), 15, _deposit("USD", "-6000", "DISBURSEMENT INITIATED BY THE HOLDER")),
        ((4, 10), 9, _exchange("EUR", "USD", "-2000")),
        ((1, 7), 12, _trade(s.KRNL, "0.2505")),
        ((6,), 11, _trade(s.ALPC, "-20")),
        ((12,), 11, _trade(s.ALPC, "25")),
        ((8,), 13, _trade(s.VLTN, "25")),
        ((10,), 13, _trade(s.VLTN, "-25")),
        ((9,), 5, _transfer_in(s.MINE, "15")),
    ],
    "U1000002": [
        (ALL_YEAR, 2, _charge("Other Fees", "EUR", "-3", "MARKET DATA FOR THE MONTH")),
        (ALL_YEAR, 2, _sales_tax("EUR", "-0.57")),
        (ALL_YEAR, 3, Book.post_interest),
        (ALL_YEAR, 5, _deposit("EUR", "1200")),
        (ALL_YEAR, 8, _trade(s.EUCO, "12")),
        ((1, 4, 7, 10), 10, _keep_lots(s.EUCO, 3)),
        ((2, 8), 14, _trade(s.FUND, "10.5")),
        ((3, 9), 12, _exchange("GBP", "EUR", "-750")),
        ((6, 12), 16, _deposit("EUR", "-4000", "DISBURSEMENT INITIATED BY THE HOLDER")),
        ((5,), 14, _trade(s.NWND, "-100")),
        ((11,), 14, _trade(s.NWND, "100")),
        ((4,), 18, _trade(s.CRWN_CFD, "300")),
        ((7,), 18, _trade(s.CRWN_CFD, "-300")),
    ],
}
