"""The cash of one account: what it has in each currency, what flowed, and what has settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from wealth_pipeline.sandbox.household.currencies import CURRENCIES
from wealth_pipeline.sandbox.household.journal import Journal, Sums, new_flows
from wealth_pipeline.sandbox.household.records import BASE_SUMMARY, ZERO, CashLine


class Cash:
    """The cash of one account, and its flows in the month and the year to date.

    Attributes:
        balances: per currency, as of the last close.

    """

    def __init__(self) -> None:
        self.balances = dict.fromkeys(CURRENCIES, ZERO)
        self._base_balance = ZERO
        self._unsettled: list[tuple[date, str, Decimal]] = []
        self._month = new_flows()
        self._year = new_flows()
        self._day = date.min

    def close_day(
        self, journal: Journal, rates: Mapping[str, Decimal], rates_before: Mapping[str, Decimal]
    ) -> dict[str, CashLine]:
        """The day's movement per currency, and in base at the day's rates under BASE_SUMMARY."""
        translation = sum((self.balances[c] * (rates[c] - rates_before[c]) for c in CURRENCIES), ZERO)
        self._add_flows_in_base(journal.flows, rates, translation)
        self._add_to_date(journal)
        # What settles on a day counts as settled from the next day on.
        self._unsettled = [entry for entry in self._unsettled if entry[0] > journal.day] + journal.unsettled
        lines = {currency: self._line(currency, journal.flows[currency]) for currency in CURRENCIES}
        base_start, self._base_balance = self._base_balance, _in_base({c: lines[c].end for c in CURRENCIES}, rates)
        base = CashLine(
            start=base_start,
            flows=journal.flows[BASE_SUMMARY],
            end=self._base_balance,
            settled=_in_base({c: lines[c].settled for c in CURRENCIES}, rates),
            month_to_date=dict(self._month[BASE_SUMMARY]),
            year_to_date=dict(self._year[BASE_SUMMARY]),
        )
        self.balances = {currency: line.end for currency, line in lines.items()}
        return {BASE_SUMMARY: base, **lines}

    @staticmethod
    def _add_flows_in_base(flows: Mapping[str, Sums], rates: Mapping[str, Decimal], translation: Decimal) -> None:
        in_base = flows[BASE_SUMMARY]
        for currency in CURRENCIES:
            for name, amount in flows[currency].items():
                in_base[name] += amount * rates[currency]
        in_base["fxTranslationGainLoss"] += translation

    def _add_to_date(self, journal: Journal) -> None:
        if journal.day.month != self._day.month:
            self._month = new_flows()
        if journal.day.year != self._day.year:
            self._year = new_flows()
        self._day = journal.day
        for currency, flows in journal.flows.items():
            for name, amount in flows.items():
                self._month[currency][name] += amount
                self._year[currency][name] += amount

    def _line(self, currency: str, flows: Sums) -> CashLine:
        end = self.balances[currency] + sum(flows.values(), ZERO)
        return CashLine(
            start=self.balances[currency],
            flows=flows,
            end=end,
            settled=end - sum((amount for _, unit, amount in self._unsettled if unit == currency), ZERO),
            month_to_date=dict(self._month[currency]),
            year_to_date=dict(self._year[currency]),
        )


def _in_base(amounts: Mapping[str, Decimal], rates: Mapping[str, Decimal]) -> Decimal:
    return sum((amount * rates[currency] for currency, amount in amounts.items()), ZERO)
