"""The formulas of returns, in exact fractions; sources and golden numbers: reference/returns.md, 4.1 to 4.5."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import pairwise

from wealth_pipeline_tests.returns.books import NINE_PLACES, Timing

Number = Fraction | Decimal | int
Dated = Sequence[tuple[date, Fraction]]
#: A unit of IBKR's last decimal.
_NINTH = Fraction(NINE_PLACES)


def factor(
    start: Number, end: Number, flow_in: Number = 0, flow_out: Number = 0, timing: Timing = "start"
) -> Fraction | None:
    """What became of 1 over a day; None where nothing was there to grow.

    flow_in, flow_out: both positive. timing: where in the day outflows count; inflows count at its start.
    """
    before, after = Fraction(start) + Fraction(flow_in), Fraction(end)
    if timing == "start":
        before -= Fraction(flow_out)
    else:
        after += Fraction(flow_out)
    return after / before if before > 0 else None


def return_tolerance(before: Fraction, after: Fraction) -> Fraction:
    """How far a return in percent may be from the stated one, of which every figure has nine decimals (proof 8).

    before, after: what the return is the quotient of.
    """
    return _NINTH + 100 * (_NINTH + after / before * 2 * _NINTH) / before


def flow_tolerance(before: Fraction, after: Fraction, timing: Timing = "start") -> Fraction:
    """How far the flow that a stated return implies may be from the flow (proof 9)."""
    if timing == "end":
        return before / 10**11 + _NINTH * (2 + after / before)
    return before**2 / after / 10**11 + _NINTH * (2 + before / after)


def chained(factors: Iterable[Fraction]) -> Fraction:
    """The time-weighted return of days that follow each other, as a fraction of 1."""
    return math.prod(factors, start=Fraction(1)) - 1


def in_percent(growth: Fraction) -> Decimal:
    """A return as IBKR states it: in percent, with nine decimals."""
    percent = (growth - 1) * 100
    return (Decimal(percent.numerator) / Decimal(percent.denominator)).quantize(NINE_PLACES, ROUND_HALF_EVEN)


def modified_dietz(start: Number, end: Number, first: date, last: date, flows: Dated) -> Fraction | None:
    """IBKR's money-weighted return of a period; flows count at the end of their day."""
    days = (last - first).days
    gain = Fraction(end) - Fraction(start) - sum((amount for _, amount in flows), Fraction(0))
    weighed = sum((amount * (last - day).days / days for day, amount in flows), Fraction(0)) if days else Fraction(0)
    average = Fraction(start) + weighed
    return gain / average if average > 0 else None


def net_present_value(rate: float, payments: Dated) -> float:
    """What dated payments are worth on the day of the first, at a yearly rate."""
    first = payments[0][0]
    return math.fsum(float(amount) / (1 + rate) ** ((day - first).days / 365) for day, amount in payments)


def xirr(payments: Dated) -> float | None:
    """The yearly rate at which dated payments are worth nothing, actual/365, halved until a double ends.

    None without a change of sign. The lowest root above -100 % that lies between two tried rates.
    """
    if not (any(amount < 0 for _, amount in payments) and any(amount > 0 for _, amount in payments)):
        return None
    tried = [-0.999999, *(n / 100 for n in range(-99, 200, 5)), 2.0, 5.0, 10.0, 100.0, 10000.0]
    for low, high in pairwise(tried):
        if net_present_value(low, payments) * net_present_value(high, payments) <= 0:
            return _root(low, high, payments)
    return None


def _root(low: float, high: float, payments: Dated) -> float:
    falling = net_present_value(low, payments) > 0
    for _ in range(200):
        middle = (low + high) / 2
        if (net_present_value(middle, payments) > 0) == falling:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def max_drawdown(factors: Iterable[Fraction]) -> Fraction:
    """The deepest fall of the chained index below a peak before it; 0 or negative. The first peak is 1."""
    index = peak = Fraction(1)
    deepest = Fraction(0)
    for grown in factors:
        index *= grown
        peak = max(peak, index)
        deepest = min(deepest, index / peak - 1)
    return deepest


def volatility(factors: Sequence[Fraction]) -> float | None:
    """The sample deviation (n - 1) of daily returns, times the root of 252."""
    if len(factors) < 2:
        return None
    mean = sum(factors, Fraction(0)) / len(factors)
    variance = sum(((grown - mean) ** 2 for grown in factors), Fraction(0)) / (len(factors) - 1)
    return math.sqrt(float(variance) * 252)
