"""Declarations: the contracts that the accounts hold until they expire, and then replace by the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from wealth_pipeline.sandbox.household import securities as s
from wealth_pipeline.sandbox.household.contracts import make_bill, make_future, make_option
from wealth_pipeline.sandbox.household.days import add_weekdays, quarterly_expiry
from wealth_pipeline.sandbox.household.instruments import Instrument
from wealth_pipeline.sandbox.household.market import Market

Choice = Callable[[Market, date], Instrument]


@dataclass(frozen=True)
class Roll:
    """A contract that is held until it expires and then replaced by the next one.

    Attributes:
        name: unique within the account.
        quantity: held at any time.
        first: the trading day on which the first one is opened, counted from 1.
        choose: the contract to be opened on a day.

    """

    name: str
    quantity: Decimal
    first: int
    choose: Choice


def _bill(weekdays: int) -> Choice:
    return lambda market, day: make_bill(add_weekdays(day, weekdays))


def _future(index: Instrument, multiplier: int, exchange: str) -> Choice:
    return lambda market, day: make_future(index, multiplier, quarterly_expiry(day, 30), exchange)


def _option(underlying: Instrument, put_call: str, *, percent: int, days: int) -> Choice:
    """A strike so many percent of the price, in steps of 5, and an expiry at least so many days away."""

    def choose(market: Market, day: date) -> Instrument:
        strike = Decimal(int(market.price(underlying, day) * percent / 500) * 5)
        return make_option(underlying, put_call, strike, quarterly_expiry(day, days))

    return choose


#: By account.
ROLLS: Mapping[str, Sequence[Roll]] = {
    "U1000001": [
        Roll("bill", Decimal(30000), 4, _bill(63)),
        Roll("future", Decimal(2), 5, _future(s.US_INDEX, 5, "CME")),
        Roll("put", Decimal(2), 6, _option(s.ALPC, "P", percent=93, days=60)),
        Roll("call", Decimal(-3), 6, _option(s.HRBR, "C", percent=110, days=25)),
    ],
    "U1000002": [
        Roll("future", Decimal(-1), 6, _future(s.EURO_INDEX, 10, "EUREX")),
        Roll("put", Decimal(-1), 7, _option(s.ALPC, "P", percent=88, days=40)),
        Roll("call", Decimal(1), 7, _option(s.WRLD, "C", percent=106, days=90)),
    ],
}
