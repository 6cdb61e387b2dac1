"""What the simulated household can hold: invented companies, funds, bonds and contracts.

None of the companies exists. Prices are in the instrument's currency, bonds and bills in percent of par.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ONE = Decimal(1)

NAV_COLUMN = {
    "STK": "stock",
    "OPT": "options",
    "BOND": "bonds",
    "BILL": "bonds",
    "FUND": "funds",
    "CRYPTO": "crypto",
    "CFD": "cfdUnrealizedPl",
}
"""The NAV column to which an asset category contributes; FUT contributes to none (settled into cash daily)."""

IN_PERCENT = frozenset({"BOND", "BILL"})
"""Categories whose position is a face value and whose price is in percent of it."""


@dataclass(frozen=True)
class Dividend:
    """A cash dividend: `rate` per share and `tax_rate` withheld, ex on a trading day of each of `months`."""

    months: tuple[int, ...]
    rate: Decimal
    tax_rate: Decimal


@dataclass(frozen=True)
class Instrument:
    """One security or contract, described by IBKR's field names in snake case."""

    symbol: str
    conid: int
    description: str
    asset_category: str
    currency: str
    start_price: Decimal = ONE
    tick: Decimal = Decimal("0.01")
    volatility: int = 170
    """Largest daily price move, in hundredths of a percent."""
    drift: int = 3
    """Mean daily price move, in hundredths of a percent."""
    sub_category: str = ""
    multiplier: Decimal = ONE
    isin: str = ""
    listing_exchange: str = ""
    country: str = ""
    underlying: Instrument | None = None
    strike: Decimal | None = None
    expiry: date | None = None
    put_call: str = ""
    coupon: Decimal | None = None
    """Yearly coupon as a share of the face value, paid half-yearly on the day and month of maturity."""
    issue_date: date | None = None
    dividend: Dividend | None = None

    def __hash__(self) -> int:
        return self.conid

    @property
    def nav_column(self) -> str | None:
        """The column of the NAV row that the instrument's value is in, or None."""
        return NAV_COLUMN.get(self.asset_category)

    def value(self, quantity: Decimal, price: Decimal) -> Decimal:
        """What IBKR calls positionValue: in the instrument's currency, negative for a short position."""
        if self.asset_category in IN_PERCENT:
            return quantity * price / 100
        return quantity * price * self.multiplier


def make_isin(country: str, number: int) -> str:
    """An ISIN of the country with a right check digit (ISO 6166)."""
    body = f"{country}{number:09d}"
    digits = "".join(str(int(character, 36)) for character in body)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return f"{body}{-total % 10}"


def _conid(symbol: str) -> int:
    # Contracts come and go with their expiries, so that their number must follow from their name.
    return 910_000_000 + zlib.crc32(symbol.encode()) % 80_000_000


def _stock(
    symbol: str,
    number: int,
    description: str,
    currency: str,
    exchange: str,
    country: str,
    price: str,
    *,
    sub: str = "COMMON",
    tick: str = "0.01",
    volatility: int = 170,
    dividend: Dividend | None = None,
) -> Instrument:
    return Instrument(
        symbol=symbol,
        conid=900_000_100 + number,
        description=description,
        asset_category="STK",
        currency=currency,
        start_price=Decimal(price),
        tick=Decimal(tick),
        volatility=volatility,
        sub_category=sub,
        isin=make_isin(country, 900_100 + number),
        listing_exchange=exchange,
        country=country,
        dividend=dividend,
    )


def _pays(months: tuple[int, ...], rate: str, tax_rate: str) -> Dividend:
    return Dividend(months, Decimal(rate), Decimal(tax_rate))


ALPC = _stock(
    "ALPC", 1, "ALPENGLOW COMPUTING INC", "USD", "NASDAQ", "US", "182.40", dividend=_pays((2, 5, 8, 11), "0.26", "0.15")
)
HRBR = _stock(
    "HRBR", 2, "HARBORLIGHT BANCORP", "USD", "NYSE", "US", "54.10", dividend=_pays((3, 6, 9, 12), "0.38", "0.15")
)
VLTN = _stock("VLTN", 3, "VOLTERRAN MOTORS INC", "USD", "NASDAQ", "US", "131.50", volatility=260)
# A whole-dollar price, so that a position with four decimals still has a value with four.
KRNL = _stock("KRNL", 4, "KERNELSTONE SYSTEMS INC", "USD", "NASDAQ", "US", "4310", tick="1")
MINE = _stock("MINE", 5, "QUARRYSTONE MINERALS CORP", "USD", "NYSE", "CA", "37.25")
WRLD = _stock(
    "WRLD",
    6,
    "EVERYWHERE TOTAL WORLD ETF",
    "USD",
    "ARCA",
    "US",
    "112.35",
    sub="ETF",
    volatility=120,
    dividend=_pays((3, 6, 9, 12), "0.52", "0.15"),
)
NWND = _stock("NWND", 7, "NORDWINDE ENERGIE AG", "EUR", "IBIS", "DE", "41.30", dividend=_pays((5,), "1.15", "0.26375"))
TLPN = _stock(
    "TLPN",
    8,
    "TULPENVELD CHIPS NV",
    "EUR",
    "AEB",
    "NL",
    "655.40",
    volatility=210,
    dividend=_pays((2, 4, 8, 11), "1.60", "0.15"),
)
EUCO = _stock("EUCO", 9, "EUROCORE 600 UCITS ETF", "EUR", "IBIS2", "IE", "48.18", sub="ETF", volatility=120)
SLTZ = _stock("SLTZ", 10, "SALTZMARSCH RETAIL SE", "EUR", "IBIS", "DE", "26.75", volatility=220)
CRWN = _stock(
    "CRWN", 11, "CROWNFERRY PLC", "GBP", "LSE", "GB", "8.645", tick="0.001", dividend=_pays((4, 10), "0.14", "0")
)
KIKI = _stock(
    "7991.T",
    12,
    "SAKURAZAKA KIKAI CO LTD",
    "JPY",
    "TSEJ",
    "JP",
    "2415",
    tick="1",
    dividend=_pays((3, 9), "40", "0.15315"),
)
FUND = Instrument(
    "ISOBARA",
    900_000_201,
    "ISOBAR EURO BOND FUND A ACC",
    "FUND",
    "EUR",
    Decimal("104.27"),
    volatility=35,
    drift=1,
    isin=make_isin("LU", 900_201),
    listing_exchange="FUNDSERV",
    country="LU",
)
COIN = Instrument(
    "BTC.USD-PAXOS",
    900_000_202,
    "Bitcoin cryptocurrency",
    "CRYPTO",
    "USD",
    Decimal(64210),
    tick=ONE,
    volatility=420,
    drift=4,
    listing_exchange="PAXOS",
)
USD_BOND = Instrument(
    "HRBR 4 1/4 05/15/44",
    900_000_203,
    "HRBR 4 1/4 05/15/44",
    "BOND",
    "USD",
    Decimal("98.500"),
    tick=Decimal("0.001"),
    volatility=30,
    drift=0,
    sub_category="Corp",
    isin=make_isin("US", 900_203),
    country="US",
    expiry=date(2044, 5, 15),
    coupon=Decimal("0.0425"),
    issue_date=date(2014, 5, 15),
)
EUR_BOND = Instrument(
    "LANDX 2.4 11/15/43",
    900_000_204,
    "LANDX 2.4 11/15/43",
    "BOND",
    "EUR",
    Decimal("101.250"),
    tick=Decimal("0.001"),
    volatility=25,
    drift=0,
    sub_category="Govt",
    isin=make_isin("DE", 900_204),
    country="DE",
    expiry=date(2043, 11, 15),
    coupon=Decimal("0.024"),
    issue_date=date(2013, 11, 15),
)
US_INDEX = Instrument(
    "XIX", 900_000_301, "EXAMPLE 500 INDEX", "IND", "USD", Decimal("5210.25"), tick=Decimal("0.25"), volatility=130
)
EURO_INDEX = Instrument(
    "XEU", 900_000_302, "EXAMPLE EURO 50 INDEX", "IND", "EUR", Decimal("4910.5"), tick=Decimal("0.5"), volatility=130
)
EURO_INDEX_CFD = Instrument(
    "IBXEU50", 900_000_401, "Example Euro 50 Index CFD", "CFD", "EUR", underlying=EURO_INDEX, listing_exchange="IBCFD"
)
CRWN_CFD = Instrument(
    "CRWNn", 900_000_402, "CROWNFERRY PLC CFD", "CFD", "GBP", underlying=CRWN, listing_exchange="IBCFD"
)


def make_option(underlying: Instrument, put_call: str, strike: Decimal, expiry: date) -> Instrument:
    """A listed option on 100 shares, with the padded OCC symbol that IBKR shows."""
    symbol = f"{underlying.symbol:<6}{expiry:%y%m%d}{put_call}{int(strike * 1000):08d}"
    return Instrument(
        symbol,
        _conid(symbol),
        f"{underlying.symbol} {expiry:%d%b%y} {strike.normalize():f} {put_call}".upper(),
        "OPT",
        underlying.currency,
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
        symbol,
        _conid(f"{symbol}{expiry.year}"),
        f"{index.symbol} {expiry:%d%b%y}".upper(),
        "FUT",
        index.currency,
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
        symbol,
        _conid(symbol),
        symbol,
        "BILL",
        "USD",
        tick=Decimal("0.0001"),
        sub_category="Govt",
        isin=make_isin("US", int(f"{maturity:%y%m%d}")),
        country="US",
        expiry=maturity,
    )
