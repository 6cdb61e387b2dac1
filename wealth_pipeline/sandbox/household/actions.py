"""What an account's owner can do on a day, in the words of the plans."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.ledger import Book

Action = Callable[[Book], None]
ALL_YEAR = tuple(range(1, 13))


def deposit(currency: str, amount: str, text: str | None = None) -> Action:
    """Money in; a negative amount is a withdrawal."""
    return lambda book: book.deposit(currency, Decimal(amount), *([text] if text else []))


def charge(
    kind: str,
    currency: str,
    amount: str,
    text: str,
    *,
    instrument: Instrument | None = None,
    number: int | None = None,
) -> Action:
    """A signed cash booking of one of IBKR's types; `number` overrides the transaction id."""
    return lambda book: book.charge(kind, currency, Decimal(amount), text, instrument=instrument, number=number)


def sales_tax(currency: str, amount: str) -> Action:
    """A tax on a fee."""
    return lambda book: book.sales_tax(currency, Decimal(amount))


def trade(instrument: Instrument, quantity: str, model: str = "") -> Action:
    """Buy or, with a negative quantity, sell."""
    return lambda book: book.trade(instrument, Decimal(quantity), model=model)


def exchange(bought: str, sold: str, quantity: str) -> Action:
    """Buy so many units of a currency for another one."""
    return lambda book: book.exchange(bought, sold, Decimal(quantity))


def transfer_in(instrument: Instrument, quantity: str) -> Action:
    """A position arrives from another broker."""
    return lambda book: book.transfer_in(instrument, Decimal(quantity))


def grant(instrument: Instrument, quantity: str) -> Action:
    """A position is given to the account."""
    return lambda book: book.transfer_in(instrument, Decimal(quantity), part="grantActivity")


def send(counterparty: str, currency: str, amount: str) -> Action:
    """One side of an internal transfer of cash: to the counterparty or, with a positive amount, from it."""
    return lambda book: book.transfer_cash(counterparty, currency, Decimal(amount))


def corrected(known: int, *, before: Action | None, after: Action | None) -> Action:
    """One booking in statements made before so many weekdays of the household have passed, another one afterwards."""

    def act(book: Book) -> None:
        chosen = after if book.known >= known else before
        if chosen:
            chosen(book)

    return act


def keep_lots(instrument: Instrument, count: int) -> Action:
    """Sell all but the newest lots."""

    def sell_oldest(book: Book) -> None:
        lots = book.holdings.lots(instrument)
        if len(lots) > count:
            book.trade(instrument, -sum((lot.quantity for lot in lots[:-count]), Decimal(0)))

    return sell_oldest
