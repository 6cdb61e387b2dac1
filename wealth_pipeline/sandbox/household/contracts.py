"""Contracts that expire: options, futures and treasury bills, made for the day on which they are needed."""

from __future__ import annotations

import zlib
from datetime import date
from decimal import Decimal

from wealth_pipeline.sandbox.household.instruments import Instrument, make_isin


def _conid(symbol: str) -> int:
    # Contracts come and go with their expiries, so that their number must follow from their name.
    return 910_000_000 + zlib.crc32(symbol.encode()) % 80_000_000


def make_option(underlying: Instrument, put_call: str, strike: Decimal, expiry: date) -> Instrument:
    """A listed option on 100 shares, with the padded OCC symbol that IBKR shows."""
    symbol = f"{underlying.symbol:<6}{expiry:%y%m%d}{put_call}{int(strike * 1000):08d}"
    return Instrument(
        symbol=symbol,
        conid=_conid(symbol),
        description=f"{underlying.symbol} {expiry:%d%b%y} {strike.normalize():f} {put_call}".upper(),
        asset_category="OPT",
        currency=underlying.currency,
        multiplier=Decimal(100),
        listing_exchange="CBOE",
        sub_category=put_call,
        underlying=underlying,
        strike=strike,
        expiry=expiry,
        put_call=put_call,
    )


def make_future(index: Instrument, multiplier: int, expiry: date, exchange: str) -> Instrument:
    """A quarterly future on an index."""
    symbol = f"{index.symbol}{'FGHJKMNQUVXZ'[expiry.month - 1]}{expiry.year % 10}"
    return Instrument(
        symbol=symbol,
        conid=_conid(f"{symbol}{expiry.year}"),
        description=f"{index.symbol} {expiry:%d%b%y}".upper(),
        asset_category="FUT",
        currency=index.currency,
        tick=index.tick,
        multiplier=Decimal(multiplier),
        listing_exchange=exchange,
        underlying=index,
        expiry=expiry,
    )


def make_bill(maturity: date) -> Instrument:
    """A discount treasury bill in USD, repaid at 100 percent on its maturity."""
    symbol = f"B 0 {maturity:%m/%d/%y}"
    return Instrument(
        symbol=symbol,
        conid=_conid(symbol),
        description=symbol,
        asset_category="BILL",
        currency="USD",
        tick=Decimal("0.0001"),
        sub_category="Govt",
        isin=make_isin("US", int(f"{maturity:%y%m%d}")),
        country="US",
        expiry=maturity,
    )
