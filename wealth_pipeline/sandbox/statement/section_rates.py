"""The section ConversionRates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from wealth_pipeline.sandbox.household.currencies import NOT_OFFERED_BEFORE, USD_VALUE
from wealth_pipeline.sandbox.household.market import Market
from wealth_pipeline.sandbox.statement.markup import attributes, container, day_text, element, number


def conversion_rates(market: Market, base: str, days: Iterable[date]) -> str:
    """ConversionRates of each day but Saturdays; a currency that was not offered yet has the rate -1."""
    rows = []
    for day in days:
        if day.weekday() == 5:
            continue
        report_date = day_text(day)
        for currency in USD_VALUE:
            if currency != base:
                offered = day >= NOT_OFFERED_BEFORE.get(currency, day)
                rate = number(market.rate(currency, base, day)) if offered else "-1"
                values = attributes(reportDate=report_date, fromCurrency=currency, toCurrency=base, rate=rate)
                rows.append(element("ConversionRate", values))
    return container("ConversionRates", rows)
