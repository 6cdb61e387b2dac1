"""The time-weighted return that ChangeInNAV states, in exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import prod

from wealth_pipeline.sandbox.household.records import ZERO, AccountDay
from wealth_pipeline.sandbox.household.scenario import Scenario
from wealth_pipeline.sandbox.statement.markup import Days, number

#: The parts of ChangeInNAV that are money from outside the account.
_FLOWS = ("depositsWithdrawals", "internalCashTransfers", "assetTransfers", "debitCardActivity", "billPay")


def stated_twr(days: Days, scenario: Scenario) -> str:
    """The chained return of the days that have one, in percent to nine decimals; empty if none has."""
    factors = [factor for day in days if (factor := _factor(day, scenario)) is not None]
    if not factors:
        return ""
    # Reduced once, at the end: over a year's days the parts grow long.
    grown = Fraction(prod(factor.numerator for factor in factors), prod(factor.denominator for factor in factors))
    return number(Decimal(round((grown - 1) * 100 * 10**9)).scaleb(-9))


def _factor(day: AccountDay, scenario: Scenario) -> Fraction | None:
    """What the day multiplied; None on the account's first day, and where nothing was or stayed invested.

    The default household states every day, its first as well; an account opened on a holiday has nothing yet.
    """
    names = (*_FLOWS, "grantActivity") if scenario.grants_are_flows else _FLOWS
    flows = [Fraction(day.change.get(name, ZERO)) for name in names]
    start, end = Fraction(day.starting_value), Fraction(day.total)
    paid_in = sum((flow for flow in flows if flow > 0), Fraction(0))
    paid_out = -sum((flow for flow in flows if flow < 0), Fraction(0))
    invested = start + paid_in - paid_out
    if scenario.flow_timing is None:
        return end / invested if invested else Fraction(1)
    if day.is_first or invested <= 0 or end <= 0:
        return None
    return end / invested if scenario.flow_timing == "start" else (end + paid_out) / (start + paid_in)
