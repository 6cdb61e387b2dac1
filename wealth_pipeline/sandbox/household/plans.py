"""Declarations: what the accounts' owners do, when they set their account up and every year after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wealth_pipeline.sandbox.household import securities as s
from wealth_pipeline.sandbox.household.actions import (
    ALL_YEAR,
    Action,
    charge,
    deposit,
    exchange,
    keep_lots,
    sales_tax,
    trade,
    transfer_in,
)
from wealth_pipeline.sandbox.household.ledger import Book

#: What each account does on its first trading days, counted from 1.
OPENING: Mapping[str, Mapping[int, Sequence[Action]]] = {
    "U1000001": {
        1: [deposit("USD", "400000")],
        2: [
            deposit("GBP", "0.0083", "RESIDUAL BALANCE OF A TRANSFERRED ACCOUNT"),
            exchange("EUR", "USD", "40000"),
            exchange("USD", "JPY", "-20000"),
        ],
        3: [trade(s.ALPC, "150"), trade(s.WRLD, "200"), trade(s.KRNL, "3.1416"), trade(s.NWND, "300")],
        4: [trade(s.HRBR, "400"), trade(s.COIN, "0.2575"), trade(s.USD_BOND, "20000"), trade(s.KIKI, "600")],
        5: [trade(s.VLTN, "-60")],
        6: [trade(s.WRLD, "120", "Growth")],
        8: [transfer_in(s.MINE, "250")],
    },
    "U1000002": {
        1: [deposit("EUR", "350000")],
        2: [exchange("EUR", "USD", "-60000"), exchange("EUR", "GBP", "-30000"), exchange("EUR", "JPY", "-12000")],
        3: [trade(s.NWND, "500"), trade(s.TLPN, "40"), trade(s.EUCO, "300"), trade(s.FUND, "152.25")],
        4: [trade(s.CRWN, "2500"), trade(s.KIKI, "400"), trade(s.EUR_BOND, "25000"), trade(s.ALPC, "400")],
        5: [trade(s.SLTZ, "-200"), trade(s.EURO_INDEX_CFD, "3"), trade(s.CRWN_CFD, "-1500")],
    },
}

#: Months, trading day of the month, and what each account then does, year after year.
EVERY_YEAR: Mapping[str, Sequence[tuple[Sequence[int], int, Action]]] = {
    "U1000001": [
        (ALL_YEAR, 2, charge("Other Fees", "USD", "-4.5", "L1 MARKET DATA FOR THE MONTH")),
        (ALL_YEAR, 3, Book.post_interest),
        (ALL_YEAR, 4, deposit("USD", "2500")),
        (ALL_YEAR, 6, trade(s.WRLD, "8")),
        ((2, 5, 8, 11), 10, keep_lots(s.WRLD, 4)),
        ((3, 9), 15, deposit("USD", "-6000", "DISBURSEMENT INITIATED BY THE HOLDER")),
        ((4, 10), 9, exchange("EUR", "USD", "-2000")),
        ((1, 7), 12, trade(s.KRNL, "0.2505")),
        ((6,), 11, trade(s.ALPC, "-20")),
        ((12,), 11, trade(s.ALPC, "25")),
        ((8,), 13, trade(s.VLTN, "25")),
        ((10,), 13, trade(s.VLTN, "-25")),
        ((9,), 5, transfer_in(s.MINE, "15")),
    ],
    "U1000002": [
        (ALL_YEAR, 2, charge("Other Fees", "EUR", "-3", "MARKET DATA FOR THE MONTH")),
        (ALL_YEAR, 2, sales_tax("EUR", "-0.57")),
        (ALL_YEAR, 3, Book.post_interest),
        (ALL_YEAR, 5, deposit("EUR", "1200")),
        (ALL_YEAR, 8, trade(s.EUCO, "12")),
        ((1, 4, 7, 10), 10, keep_lots(s.EUCO, 3)),
        ((2, 8), 14, trade(s.FUND, "10.5")),
        ((3, 9), 12, exchange("GBP", "EUR", "-750")),
        ((6, 12), 16, deposit("EUR", "-4000", "DISBURSEMENT INITIATED BY THE HOLDER")),
        ((5,), 14, trade(s.NWND, "-100")),
        ((11,), 14, trade(s.NWND, "100")),
        ((4,), 18, trade(s.CRWN_CFD, "300")),
        ((7,), 18, trade(s.CRWN_CFD, "-300")),
    ],
}
