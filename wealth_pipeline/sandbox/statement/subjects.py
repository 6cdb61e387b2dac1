"""The blocks of attributes that say whose row it is and which security it is about."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from zlib import crc32

from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.records import Account
from wealth_pipeline.sandbox.statement.markup import attributes, day_text, number

#: What stands in a SUMMARY row instead of the account.
SUMMARY_ACCOUNT = attributes(accountId="-", acctAlias="-", model="")

#: The attributes that describe a security, in IBKR's order, of a row that is about none.
_NO_SECURITY = {
    "assetCategory": "",
    "subCategory": "",
    "symbol": "",
    "description": "",
    "conid": "",
    "securityID": "",
    "securityIDType": "",
    "cusip": "",
    "isin": "",
    "figi": "",
    "listingExchange": "",
    "underlyingConid": "",
    "underlyingSymbol": "",
    "underlyingSecurityID": "",
    "underlyingListingExchange": "",
    "issuer": "",
    "issuerCountryCode": "",
    "multiplier": "0",
    "strike": "",
    "expiry": "",
    "putCall": "",
    "principalAdjustFactor": "",
}


@cache
def account_attributes(account: Account, model: str = "") -> str:
    """accountId, acctAlias and model."""
    return attributes(accountId=account.account_id, acctAlias=escape(account.alias), model=model)


@cache
def security_attributes(instrument: Instrument | None, description: str | None = None) -> str:
    """The block of attributes that describes a security, with its own or another description; or no security."""
    if instrument is None:
        return attributes(**_NO_SECURITY | {"description": escape(description or "")})
    described = {
        "assetCategory": instrument.asset_category,
        "subCategory": instrument.sub_category,
        "symbol": escape(instrument.symbol),
        "description": escape(instrument.description if description is None else description),
        "conid": str(instrument.conid),
        "securityID": instrument.isin,
        "securityIDType": "ISIN" if instrument.isin else "",
        "isin": instrument.isin,
        "listingExchange": instrument.listing_exchange,
        "issuerCountryCode": instrument.country,
        "multiplier": number(instrument.multiplier),
        "strike": number(instrument.strike) if instrument.strike is not None else "",
        "expiry": day_text(instrument.expiry) if instrument.asset_category in ("OPT", "FUT") else "",
        "putCall": instrument.put_call,
    }
    return attributes(**_NO_SECURITY | described | _underlying(instrument.underlying))


def _underlying(underlying: Instrument | None) -> dict[str, str]:
    if underlying is None:
        return {}
    return {
        "underlyingConid": str(underlying.conid),
        "underlyingSymbol": escape(underlying.symbol),
        "underlyingSecurityID": underlying.isin,
        "underlyingListingExchange": underlying.listing_exchange,
    }


@cache
def pair_attributes(pair: str) -> str:
    """The same block for a pair of currencies, such as EUR.USD (IBKR's category CASH)."""
    conid = str(12_000_000 + crc32(pair.encode()) % 900_000)
    described = {"assetCategory": "CASH", "symbol": pair, "description": pair, "conid": conid, "multiplier": "1"}
    return attributes(**_NO_SECURITY | described)


@cache
def old_security_attributes(instrument: Instrument) -> str:
    """The block in the form of sections that never got the newer attributes."""
    return re.sub(r' (subCategory|figi|issuerCountryCode)="[^"]*"', "", security_attributes(instrument))
