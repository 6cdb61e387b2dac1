"""The close of an account's day: NAV, the change in NAV, and the nightly settlement of futures.

The books balance exactly: amounts are kept in their own currencies, with so few decimals that each one times its
exchange rate is exact, and every figure in base is a sum of such products.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from wealth_pipeline.sandbox.household.accruals import accrued_coupon
from wealth_pipeline.sandbox.household.currencies import CURRENCIES
from wealth_pipeline.sandbox.household.journal import Journal, Sums, new_sums
from wealth_pipeline.sandbox.household.records import (
    BASE_SUMMARY,
    ZERO,
    Account,
    AccountDay,
    Amounts,
    CashLine,
    DividendAccrual,
    InterestLine,
    Position,
)

#: CashReport column to the ChangeInNAV part that it belongs to; trades, commissions and FX are added separately.
_PART_OF_FLOW = {
    "deposits": "depositsWithdrawals",
    "internalTransfers": "internalCashTransfers",
    "debitCardActivity": "debitCardActivity",
    "billPay": "billPay",
    "withdrawals": "depositsWithdrawals",
    "dividends": "dividends",
    "withholdingTax": "withholdingTax",
    "brokerInterest": "interest",
    "bondInterest": "interest",
    "otherFees": "otherFees",
    "salesTax": "salesTax",
}
#: NAV column to the ChangeInNAV part that says by how much it changed.
_PART_OF_COLUMN = {
    "dividendAccruals": "changeInDividendAccruals",
    "interestAccruals": "changeInInterestAccruals",
}

Nav = Mapping[str, tuple[Decimal, Decimal]]


@dataclass(frozen=True, kw_only=True)
class Close:
    """What is known when a day is closed.

    Attributes:
        last: the day before, None on the first day.
        rates: currency to base.
        cash: the day's movement, by currency and in base.
        interest: accrued broker interest, by currency and in base.
        dividends: those that have gone ex and are not paid yet.
        position_fx: the part of ChangeInNAV that carries the effect of exchange rates on positions.

    """

    journal: Journal
    last: AccountDay | None
    rates: Amounts
    positions: tuple[Position, ...]
    cash: Mapping[str, CashLine]
    interest: Mapping[str, InterestLine]
    dividends: Sequence[DividendAccrual]
    position_fx: str = "mtm"

    def account_day(self, account: Account) -> AccountDay:
        """The day as statements show it."""
        journal, nav = self.journal, self.nav()
        change = self.change(nav)
        total = sum((long + short for long, short in nav.values()), ZERO)
        start = self.last.total if self.last else ZERO
        return AccountDay(
            account=account,
            day=journal.day,
            rates=self.rates,
            positions=self.positions,
            cash=self.cash,
            nav=nav,
            change=change,
            starting_value=start,
            total=total,
            bond_accruals=self.bond_accruals,
            trades=tuple(journal.trades),
            cash_transactions=tuple(journal.bookings),
            transfers=tuple(journal.transfers),
            dividends=tuple(self.dividends),
            dividend_changes=tuple(journal.dividend_changes),
            interest=self.interest,
            cash_transfers=tuple(journal.cash_transfers),
            is_first=self.last is None,
        )

    @cached_property
    def bond_accruals(self) -> Decimal:
        """Interest on bonds since their last coupons, in base."""
        return sum(
            (
                accrued_coupon(p.instrument, p.quantity, self.journal.day) * self.rates[p.instrument.currency]
                for p in self.positions
                if p.instrument.coupon is not None
            ),
            ZERO,
        )

    def nav(self) -> dict[str, tuple[Decimal, Decimal]]:
        """The long and the short part of each NAV column that is used, in base."""
        rates, columns = self.rates, _NavColumns()
        for position in self.positions:
            if position.instrument.nav_column:
                columns.add(position.instrument.nav_column, position.nav_value * rates[position.instrument.currency])
        for currency in CURRENCIES:
            columns.add("cash", self.cash[currency].end * rates[currency])
        for dividend in self.dividends:
            columns.add("dividendAccruals", dividend.net * rates[dividend.instrument.currency])
        for currency, line in self.interest.items():
            if currency != BASE_SUMMARY:
                columns.add("interestAccruals", line.end * rates[currency])
        columns.add("interestAccruals", self.bond_accruals)
        return columns.parts

    def change(self, nav: Nav) -> dict[str, Decimal]:
        """The parts of ChangeInNAV, in base."""
        change = new_sums()
        change["mtm"] = self._mark_to_market()
        change["fxTranslation"] = self.cash[BASE_SUMMARY].flows["fxTranslationGainLoss"]
        effect = self._fx_on_positions()
        change["mtm"] -= effect
        change[self.position_fx] += effect
        change["assetTransfers"] = self._transferred("assetTransfers")
        change["grantActivity"] = self._transferred("grantActivity")
        self._add_flows(change)
        for column, part in _PART_OF_COLUMN.items():
            before = self.last.nav.get(column, ()) if self.last else ()
            change[part] = sum(nav.get(column, ()), ZERO) - sum(before, ZERO)
        return dict(change)

    def _mark_to_market(self) -> Decimal:
        """What the positions gained: their value less yesterday's, less what was traded and transferred."""
        journal, rates = self.journal, self.rates
        result = _in_base(self.positions, rates) - self._transferred("assetTransfers", "grantActivity")
        if self.last:
            result -= _in_base(self.last.positions, self.last.rates)
        for currency in CURRENCIES:
            settled = journal.security_proceeds[currency] + journal.flows[currency]["cashSettlingMtm"]
            result += settled * rates[currency]
        return result

    def _fx_on_positions(self) -> Decimal:
        """What yesterday's positions gained because their currencies did."""
        if self.last is None:
            return ZERO
        return _in_base(self.last.positions, self.rates) - _in_base(self.last.positions, self.last.rates)

    def _transferred(self, *parts: str) -> Decimal:
        moved = (t for t in self.journal.transfers if t.part in parts)
        return sum((t.value * self.rates[t.instrument.currency] for t in moved), ZERO)

    def _add_flows(self, change: Sums) -> None:
        journal = self.journal
        for currency in CURRENCIES:
            rate = self.rates[currency]
            for flow, amount in journal.flows[currency].items():
                if flow in _PART_OF_FLOW:
                    change[_PART_OF_FLOW[flow]] += amount * rate
            commissions = journal.flows[currency]["commissions"] - journal.fx_commissions[currency]
            change["commissions"] += commissions * rate
            change["forexCommissions"] += journal.fx_commissions[currency] * rate
            change["netFxTrading"] += journal.fx_legs[currency] * rate


class _NavColumns:
    """The NAV's columns while they are added up."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[Decimal, Decimal]] = {}

    def add(self, column: str, amount: Decimal) -> None:
        """To the long part, or to the short one if it is negative."""
        long, short = self.parts.get(column, (ZERO, ZERO))
        self.parts[column] = (long + amount, short) if amount > 0 else (long, short + amount)


def _in_base(positions: Iterable[Position], rates: Amounts) -> Decimal:
    return sum((p.nav_value * rates[p.instrument.currency] for p in positions), ZERO)


def settle_futures(positions: Iterable[Position], before: Iterable[Position], journal: Journal) -> None:
    """IBKR: each night the gain or loss of a future settles into cash."""
    variation = new_sums()
    for sign, these in ((1, positions), (-1, before)):
        for position in these:
            if position.instrument.asset_category == "FUT":
                variation[position.instrument.currency] += sign * position.value
    for currency, amount in journal.future_proceeds.items():
        variation[currency] += amount
    for currency, amount in variation.items():
        if amount:
            journal.flow(currency, "cashSettlingMtm", amount)
