"""Money that is owed and not paid yet: broker interest, coupons, dividends.

Amounts are in the currency named beside them, rounded to cents (yen to whole ones) when they arise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from wealth_pipeline.sandbox.household.days import (
    add_weekdays,
    is_trading_day,
    trading_day_of_month,
    weekday_on_or_after,
)
from wealth_pipeline.sandbox.household.instruments import ONE, Instrument
from wealth_pipeline.sandbox.household.records import BASE_SUMMARY, ZERO, DividendAccrual, InterestLine, Position

CENT = Decimal("0.01")
#: Yearly interest on positive cash, as a share; yen bear none.
CREDIT_RATE = {"USD": Decimal("0.0283"), "EUR": Decimal("0.0142"), "GBP": Decimal("0.0319")}
#: Yearly interest on negative cash, as a share.
DEBIT_RATE = {"USD": Decimal("0.0583"), "EUR": Decimal("0.0392"), "GBP": Decimal("0.0619")}
#: The trading day of the month on which dividends go ex.
EX_DAY = 7
#: Weekdays from ex-date to pay date.
DAYS_TO_PAY = 12


class BrokerInterest:
    """Broker interest of one account, accrued daily and posted when the account's plan says so.

    Attributes:
        accrued: what is owed to the account (negative: by it), per currency.

    """

    def __init__(self) -> None:
        self.accrued = dict.fromkeys(CREDIT_RATE, ZERO)
        self._before = dict(self.accrued)
        self._posted = dict(self.accrued)

    def accrue(self, cash: Mapping[str, Decimal], days: int) -> None:
        """Begin a day: interest on yesterday's cash for so many calendar days (actual/360)."""
        self._before = dict(self.accrued)
        self._posted = dict.fromkeys(CREDIT_RATE, ZERO)
        for currency, credit_rate in CREDIT_RATE.items():
            rate = credit_rate if cash[currency] > 0 else DEBIT_RATE[currency]
            self.accrued[currency] += (cash[currency] * rate * days / 360).quantize(CENT, ROUND_HALF_EVEN)

    def post(self, *, today: bool = False) -> dict[str, Decimal]:
        """Take out what was accrued up to the day before, or with today's, per currency; zeros are left out."""
        due = self.accrued if today else self._before
        posted = {currency: accrued for currency, accrued in due.items() if accrued}
        for currency, accrued in posted.items():
            self._posted[currency] = -accrued
            self.accrued[currency] -= accrued
        return posted

    def lines(self, rates: Mapping[str, Decimal], rates_before: Mapping[str, Decimal]) -> dict[str, InterestLine]:
        """The day's movement per currency, and in base at today's and yesterday's rates."""
        lines = {}
        for currency, end in self.accrued.items():
            start, reversal = self._before[currency], self._posted[currency]
            lines[currency] = InterestLine(
                start=start, accrued=end - start - reversal, reversal=reversal, translation=ZERO, end=end
            )
        base = InterestLine(
            start=sum((line.start * rates_before[currency] for currency, line in lines.items()), ZERO),
            accrued=sum((line.accrued * rates[currency] for currency, line in lines.items()), ZERO),
            reversal=sum((line.reversal * rates[currency] for currency, line in lines.items()), ZERO),
            translation=sum(
                (line.start * (rates[currency] - rates_before[currency]) for currency, line in lines.items()), ZERO
            ),
            end=sum((line.end * rates[currency] for currency, line in lines.items()), ZERO),
        )
        return {BASE_SUMMARY: base, **lines}


def coupon_due(bond: Instrument, face: Decimal, day: date) -> Decimal:
    """What a bond of this face value pays on this day; zero on most days and for anything but a bond."""
    if bond.coupon is None or bond.expiry is None or (day.month - bond.expiry.month) % 6:
        return ZERO
    if day != weekday_on_or_after(day.replace(day=bond.expiry.day)):
        return ZERO
    return (face * bond.coupon / 2).quantize(CENT, ROUND_HALF_EVEN)


def accrued_coupon(bond: Instrument, face: Decimal, day: date) -> Decimal:
    """Interest since the last coupon on a face value (30/360)."""
    assert bond.coupon is not None
    assert bond.expiry is not None
    months = (day.month - bond.expiry.month) % 6
    elapsed = months * 30 + min(day.day, 30) - bond.expiry.day
    # Before the day of the month, or before a weekend's coupon was paid, the whole half-year is still owed.
    unpaid = months == 0 and elapsed >= 0 and day < weekday_on_or_after(day.replace(day=bond.expiry.day))
    if elapsed < 0 or unpaid:
        elapsed += 180
    return (face * bond.coupon * elapsed / 360).quantize(CENT, ROUND_HALF_EVEN)


def new_dividends(positions: Iterable[Position], day: date) -> list[DividendAccrual]:
    """The dividends that go ex on this day, on what was held at yesterday's close."""
    if not is_trading_day(day) or trading_day_of_month(day) != EX_DAY:
        return []
    shares: dict[Instrument, Decimal] = defaultdict(Decimal)
    for position in positions:
        shares[position.instrument] += position.quantity
    accruals = []
    for stock, quantity in shares.items():
        if stock.dividend is None or day.month not in stock.dividend.months or quantity <= 0:
            continue
        gross = quantity * stock.dividend.rate
        unit = ONE if stock.currency == "JPY" else CENT
        tax = (gross * stock.dividend.tax_rate).quantize(unit, ROUND_HALF_EVEN)
        pay_date = add_weekdays(day, DAYS_TO_PAY)
        accruals.append(
            DividendAccrual(
                instrument=stock,
                ex_date=day,
                pay_date=pay_date,
                quantity=quantity,
                rate=stock.dividend.rate,
                gross=gross,
                tax=tax,
            )
        )
    return accruals
