"""Declarations: the currencies of the simulated world."""

from __future__ import annotations

from datetime import date

#: The currencies in which the household keeps cash, in the order of the cash report.
CURRENCIES = ("USD", "EUR", "GBP", "JPY")

#: What one unit of each currency is worth in USD on the first day. RUS: IBKR uses this code beside RUB.
USD_VALUE = {
    "USD": "1",
    "EUR": "1.0835",
    "GBP": "1.2710",
    "JPY": "0.0066712",
    "CHF": "1.1312",
    "CAD": "0.72145",
    "AUD": "0.65380",
    "NZD": "0.59815",
    "SEK": "0.095820",
    "NOK": "0.093740",
    "DKK": "0.14525",
    "PLN": "0.25120",
    "CZK": "0.043105",
    "HUF": "0.0027611",
    "RON": "0.21775",
    "BGN": "0.55398",
    "TRY": "0.028330",
    "ILS": "0.27410",
    "ZAR": "0.054120",
    "AED": "0.27229",
    "SAR": "0.26664",
    "MXN": "0.049110",
    "BRL": "0.17105",
    "CNH": "0.13788",
    "HKD": "0.12862",
    "SGD": "0.74380",
    "TWD": "0.030660",
    "KRW": "0.00072310",
    "INR": "0.011802",
    "THB": "0.029230",
    "MYR": "0.22570",
    "RUS": "0.011040",
}

#: IBKR: a currency that was not offered yet has the rate -1, which means "no rate".
NOT_OFFERED_BEFORE = {"BGN": date(2025, 6, 2), "RON": date(2025, 3, 3)}
