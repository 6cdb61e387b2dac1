"""What the gateway shows of an account: its description and its positions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np

from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.records import Account, Position

#: The fields that a terse reply has: the others come and go.
_TERSE_ACCOUNT = ("accountId", "currency", "displayName")
_TERSE_POSITION = ("conid", "position", "mktValue", "currency")


def single(amount: Decimal) -> float:
    """The amount as IBKR shows it: the shortest text of its single-precision value."""
    return float(str(np.float32(float(amount))))


def description(account: Account, terse: bool) -> dict[str, Any]:
    """An account, as /portfolio/accounts has it."""
    fields: dict[str, Any] = {
        "id": account.account_id,
        "PrepaidCrypto-Z": False,
        "PrepaidCrypto-P": False,
        "brokerageAccess": True,
        "accountId": account.account_id,
        "accountVan": account.account_id,
        "accountTitle": account.holder,
        "displayName": account.holder,
        "accountAlias": account.alias,
        "accountStatus": 1769922000000,
        "currency": account.base,
        "type": account.customer_type.upper(),
        "tradingType": "STKNOPT",
        "businessType": "INDEPENDENT",
        "category": "",
        "ibEntity": account.entity,
        "faclient": False,
        "clearingStatus": "O",
        "covestor": False,
        "noClientTrading": False,
        "trackVirtualFXPortfolio": True,
        "acctCustType": account.customer_type.upper(),
        "parent": {"mmc": [], "accountId": "", "isMParent": False, "isMChild": False, "isMultiplex": False},
        "desc": f"{account.account_id} - {account.holder}",
    }
    return {name: fields[name] for name in _TERSE_ACCOUNT} if terse else fields


def invented_positions(first: int, count: int) -> Iterator[Position]:
    """Stocks that fill an account up to `count` positions: of each 10 shares at 12.50 that cost 10.25."""
    for number in range(first, count):
        stock = Instrument(
            symbol=f"PAD{number}",
            conid=990_000_000 + number,
            description=f"PADDING {number} INC",
            asset_category="STK",
            currency="USD",
            listing_exchange="NYSE",
        )
        yield Position(
            instrument=stock,
            model="",
            lots=(),
            quantity=Decimal(10),
            price=Decimal("12.5"),
            value=Decimal(125),
            cost=Decimal("102.5"),
            nav_value=Decimal(125),
        )


def position_row(account_id: str, position: Position, terse: bool) -> dict[str, Any]:
    """A position, as a page of positions has it."""
    instrument, quantity = position.instrument, position.quantity
    fields: dict[str, Any] = {
        "acctId": account_id,
        "conid": instrument.conid,
        "contractDesc": instrument.symbol,
        "position": float(quantity),
        # IBKR: a price is shown with the noise of its single precision, 584.6799927 for 584.68.
        "mktPrice": float(f"{float(np.float32(float(position.price))):.10g}"),
        "mktValue": single(position.value),
        "currency": instrument.currency,
        "avgCost": round(float(position.cost / quantity), 8),
        "avgPrice": round(float(position.cost / quantity / instrument.multiplier), 8),
        "realizedPnl": 0.0,
        "unrealizedPnl": single(position.unrealized),
        "exchs": None,
        "expiry": f"{instrument.expiry:%Y%m%d}" if instrument.expiry else None,
        "putOrCall": instrument.put_call or None,
        # IBKR: the types wobble.
        "multiplier": None if instrument.multiplier == 1 else float(instrument.multiplier),
        "strike": str(instrument.strike) if instrument.strike is not None else 0.0,
        "exerciseStyle": None,
        "conExchMap": [],
        "assetClass": instrument.asset_category,
        "undConid": instrument.underlying.conid if instrument.underlying else 0,
        "model": position.model,
        "ticker": instrument.symbol,
        "name": instrument.description,
        "listingExchange": instrument.listing_exchange,
        "isUS": instrument.country == "US",
    }
    return {name: fields[name] for name in _TERSE_POSITION} if terse else fields
