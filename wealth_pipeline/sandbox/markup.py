"""Pieces of the statement's XML: elements that carry attributes only, in IBKR's formats."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from html import escape
from zlib import crc32

from wealth_pipeline.sandbox.instruments import Instrument
from wealth_pipeline.sandbox.records import Account

BOOKKEEPING = {"serialNumber": "", "deliveryType": "", "commodityType": "", "fineness": "0.0", "weight": "0.0"}
"""Attributes that IBKR puts on most rows and that only mean something for physical metals."""


def number(value: Decimal) -> str:
    """A decimal as IBKR writes it: no exponent, no trailing zeros, never `-0`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def day_text(day: date | None) -> str:
    """A date in the query's default format, `yyyyMMdd`; empty for None."""
    return f"{day:%Y%m%d}" if day else ""


def time_text(when: datetime) -> str:
    """A time in the query's default format, `yyyyMMdd;HHmmss`, New York, without a zone."""
    return f"{when:%Y%m%d;%H%M%S}"


def attributes(**values: str) -> str:
    """Attributes in the order given, with a space before each."""
    return "".join(f' {name}="{value}"' for name, value in values.items())


def element(name: str, *parts: str) -> str:
    """An element with attributes (made by `attributes`) and nothing inside."""
    return f"<{name}{''.join(parts)} />\n"


def container(name: str, rows: list[str]) -> str:
    """A section; without rows it is an empty container, as IBKR has it for a ticked section without data."""
    return f"<{name}>\n{''.join(rows)}</{name}>\n" if rows else f"<{name} />\n"


@cache
def account_attributes(account: Account, model: str = "") -> str:
    """accountId, acctAlias and model."""
    return attributes(accountId=account.account_id, acctAlias=escape(account.alias), model=model)


SUMMARY_ACCOUNT = attributes(accountId="-", acctAlias="-", model="")
"""What stands in a SUMMARY row instead of the account."""


@cache
def security_attributes(instrument: Instrument | None, description: str | None = None, pair: str = "") -> str:
    """The block of attributes that describes a security, with its own or another description.

    Without an instrument it describes a pair of currencies (IBKR's category CASH), or nothing at all.
    """
    if instrument is None:
        return attributes(
            assetCategory="CASH" if pair else "",
            subCategory="",
            symbol=pair,
            description=escape(description or pair),
            conid=str(12_000_000 + crc32(pair.encode()) % 900_000) if pair else "",
            securityID="",
            securityIDType="",
            cusip="",
            isin="",
            figi="",
            listingExchange="",
            underlyingConid="",
            underlyingSymbol="",
            underlyingSecurityID="",
            underlyingListingExchange="",
            issuer="",
            issuerCountryCode="",
            multiplier="1" if pair else "0",
            strike="",
            expiry="",
            putCall="",
            principalAdjustFactor="",
        )
    underlying = instrument.underlying
    expires = instrument.asset_category in ("OPT", "FUT")
    return attributes(
        assetCategory=instrument.asset_category,
        subCategory=instrument.sub_category,
        symbol=escape(instrument.symbol),
        description=escape(instrument.description if description is None else description),
        conid=str(instrument.conid),
        securityID=instrument.isin,
        securityIDType="ISIN" if instrument.isin else "",
        cusip="",
        isin=instrument.isin,
        figi="",
        listingExchange=instrument.listing_exchange,
        underlyingConid=str(underlying.conid) if underlying else "",
        underlyingSymbol=escape(underlying.symbol) if underlying else "",
        underlyingSecurityID=underlying.isin if underlying else "",
        underlyingListingExchange=underlying.listing_exchange if underlying else "",
        issuer="",
        issuerCountryCode=instrument.country,
        multiplier=number(instrument.multiplier),
        strike=number(instrument.strike) if instrument.strike is not None else "",
        expiry=day_text(instrument.expiry) if expires else "",
        putCall=instrument.put_call,
        principalAdjustFactor="",
    )


@cache
def old_security_attributes(instrument: Instrument) -> str:
    """The block as sections have it that never got the newer attributes."""
    return re.sub(r' (subCategory|figi|issuerCountryCode)="[^"]*"', "", security_attributes(instrument))
