"""Declarations: the invented companies, funds, bonds and indices that the household can hold.

None of the companies exists. Prices are in the instrument's currency, those of bonds and bills in percent of par.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from wealth_pipeline.sandbox.household.instruments import ONE, Dividend, Instrument, make_isin


def _stock(
    *,
    symbol: str,
    number: int,
    description: str,
    currency: str,
    exchange: str,
    country: str,
    price: str,
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
    symbol="ALPC",
    number=1,
    description="ALPENGLOW COMPUTING INC",
    currency="USD",
    exchange="NASDAQ",
    country="US",
    price="182.40",
    dividend=_pays((2, 5, 8, 11), "0.26", "0.15"),
)
HRBR = _stock(
    symbol="HRBR",
    number=2,
    description="HARBORLIGHT BANCORP",
    currency="USD",
    exchange="NYSE",
    country="US",
    price="54.10",
    dividend=_pays((3, 6, 9, 12), "0.38", "0.15"),
)
VLTN = _stock(
    symbol="VLTN",
    number=3,
    description="VOLTERRAN MOTORS INC",
    currency="USD",
    exchange="NASDAQ",
    country="US",
    price="131.50",
    volatility=260,
)
# A whole-dollar price, so that a position with four decimals still has a value with four.
KRNL = _stock(
    symbol="KRNL",
    number=4,
    description="KERNELSTONE SYSTEMS INC",
    currency="USD",
    exchange="NASDAQ",
    country="US",
    price="4310",
    tick="1",
)
MINE = _stock(
    symbol="MINE",
    number=5,
    description="QUARRYSTONE MINERALS CORP",
    currency="USD",
    exchange="NYSE",
    country="CA",
    price="37.25",
)
WRLD = _stock(
    symbol="WRLD",
    number=6,
    description="EVERYWHERE TOTAL WORLD ETF",
    currency="USD",
    exchange="ARCA",
    country="US",
    price="112.35",
    sub="ETF",
    volatility=120,
    dividend=_pays((3, 6, 9, 12), "0.52", "0.15"),
)
NWND = _stock(
    symbol="NWND",
    number=7,
    description="NORDWINDE ENERGIE AG",
    currency="EUR",
    exchange="IBIS",
    country="DE",
    price="41.30",
    dividend=_pays((5,), "1.15", "0.26375"),
)
TLPN = _stock(
    symbol="TLPN",
    number=8,
    description="TULPENVELD CHIPS NV",
    currency="EUR",
    exchange="AEB",
    country="NL",
    price="655.40",
    volatility=210,
    dividend=_pays((2, 4, 8, 11), "1.60", "0.15"),
)
EUCO = _stock(
    symbol="EUCO",
    number=9,
    description="EUROCORE 600 UCITS ETF",
    currency="EUR",
    exchange="IBIS2",
    country="IE",
    price="48.18",
    sub="ETF",
    volatility=120,
)
SLTZ = _stock(
    symbol="SLTZ",
    number=10,
    description="SALTZMARSCH RETAIL SE",
    currency="EUR",
    exchange="IBIS",
    country="DE",
    price="26.75",
    volatility=220,
)
CRWN = _stock(
    symbol="CRWN",
    number=11,
    description="CROWNFERRY PLC",
    currency="GBP",
    exchange="LSE",
    country="GB",
    price="8.645",
    tick="0.001",
    dividend=_pays((4, 10), "0.14", "0"),
)
KIKI = _stock(
    symbol="7991.T",
    number=12,
    description="SAKURAZAKA KIKAI CO LTD",
    currency="JPY",
    exchange="TSEJ",
    country="JP",
    price="2415",
    tick="1",
    dividend=_pays((3, 9), "40", "0.15315"),
)
FUND = Instrument(
    symbol="ISOBARA",
    conid=900_000_201,
    description="ISOBAR EURO BOND FUND A ACC",
    asset_category="FUND",
    currency="EUR",
    start_price=Decimal("104.27"),
    volatility=35,
    drift=1,
    isin=make_isin("LU", 900_201),
    listing_exchange="FUNDSERV",
    country="LU",
)
COIN = Instrument(
    symbol="BTC.USD-PAXOS",
    conid=900_000_202,
    description="Bitcoin cryptocurrency",
    asset_category="CRYPTO",
    currency="USD",
    start_price=Decimal(64210),
    tick=ONE,
    volatility=420,
    drift=4,
    listing_exchange="PAXOS",
)
USD_BOND = Instrument(
    symbol="HRBR 4 1/4 05/15/44",
    conid=900_000_203,
    description="HRBR 4 1/4 05/15/44",
    asset_category="BOND",
    currency="USD",
    start_price=Decimal("98.500"),
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
    symbol="LANDX 2.4 11/15/43",
    conid=900_000_204,
    description="LANDX 2.4 11/15/43",
    asset_category="BOND",
    currency="EUR",
    start_price=Decimal("101.250"),
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
    symbol="XIX",
    conid=900_000_301,
    description="EXAMPLE 500 INDEX",
    asset_category="IND",
    currency="USD",
    start_price=Decimal("5210.25"),
    tick=Decimal("0.25"),
    volatility=130,
)
EURO_INDEX = Instrument(
    symbol="XEU",
    conid=900_000_302,
    description="EXAMPLE EURO 50 INDEX",
    asset_category="IND",
    currency="EUR",
    start_price=Decimal("4910.5"),
    tick=Decimal("0.5"),
    volatility=130,
)
EURO_INDEX_CFD = Instrument(
    symbol="IBXEU50",
    conid=900_000_401,
    description="Example Euro 50 Index CFD",
    asset_category="CFD",
    currency="EUR",
    underlying=EURO_INDEX,
    listing_exchange="IBCFD",
)
CRWN_CFD = Instrument(
    symbol="CRWNn",
    conid=900_000_402,
    description="CROWNFERRY PLC CFD",
    asset_category="CFD",
    currency="GBP",
    underlying=CRWN,
    listing_exchange="IBCFD",
)
