"""What an instrument is: a security or a contract, described by IBKR's field names.

Prices are in the instrument's currency, those of bonds and bills in percent of par.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ONE = Decimal(1)

#: The NAV column to which an asset category contributes; FUT contributes to none (settled into cash daily).
NAV_COLUMN = {
    "STK": "stock",
    "OPT": "options",
    "BOND": "bonds",
    "BILL": "bonds",
    "FUND": "funds",
    "CRYPTO": "crypto",
    "CFD": "cfdUnrealizedPl",
}

#: Categories whose position is a face value and whose price is in percent of it.
IN_PERCENT = frozenset({"BOND", "BILL"})


@dataclass(frozen=True)
class Dividend:
    """A cash dividend: `rate` per share and `tax_rate` withheld, ex on a trading day of each of `months`."""

    months: tuple[int, ...]
    rate: Decimal
    tax_rate: Decimal


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """One security or contract, described by IBKR's field names in snake case.

    Attributes:
        volatility: largest daily price move, in hundredths of a percent.
        drift: mean daily price move, in hundredths of a percent.
        coupon: yearly coupon as a share of the face value, paid half-yearly on the day and month of maturity.

    """

    symbol: str
    conid: int
    description: str
    asset_category: str
    currency: str
    start_price: Decimal = ONE
    tick: Decimal = Decimal("0.01")
    volatility: int = 170
    drift: int = 3
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
    """An ISIN of the country with a correct check digit (ISO 6166)."""
    body = f"{country}{number:09d}"
    digits = "".join(str(int(character, 36)) for character in body)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return f"{body}{-total % 10}"
