"""Declarations: the scenario FLOWS, a household into, out of and between whose accounts money moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from wealth_pipeline.sandbox.household import securities as s
from wealth_pipeline.sandbox.household.accounts import EU_ACCOUNT, US_ACCOUNT
from wealth_pipeline.sandbox.household.actions import (
    ALL_YEAR,
    Action,
    charge,
    corrected,
    deposit,
    exchange,
    grant,
    send,
    trade,
    transfer_in,
)
from wealth_pipeline.sandbox.household.ledger import Book
from wealth_pipeline.sandbox.household.scenario import Scenario

_Plan = Mapping[int, Sequence[Action]]

#: The main account; the one in EUR; the one that joins, is emptied and funded again; the one that leaves.
MAIN, EURO, JOINING, LEAVING = "U1000011", "U1000012", "U1000013", "U1000014"
#: An account of somebody else.
STRANGER = "U9999901"

_TAX_TEXT = "ALPC CASH DIVIDEND USD 0.26 PER SHARE - US TAX"
#: The transaction id of a deposit and of its cancellation.
_CANCELLED = 6_000_000_001


def _old_deposit(currency: str, amount: str, number: int | None = None) -> Action:
    """A deposit or withdrawal under the type's older name."""
    return charge("Deposits/Withdrawals", currency, amount, "CASH RECEIPTS / ELECTRONIC FUND TRANSFERS", number=number)


def _card(currency: str, amount: str) -> Action:
    return charge("Debit Card Activity", currency, amount, "DEBIT CARD PURCHASE")


def _bill(currency: str, amount: str) -> Action:
    return charge("Bill Pay", currency, amount, "BILL PAYMENT")


_MAIN: _Plan = {
    1: [_old_deposit("USD", "100000")],
    2: [exchange("EUR", "USD", "20000")],
    3: [trade(s.ALPC, "200"), trade(s.HRBR, "300")],
    4: [trade(s.NWND, "150")],
    6: [_old_deposit("EUR", "2500.5")],
    8: [_old_deposit("USD", "-3000")],
    9: [_card("USD", "-84.35")],
    10: [_card("USD", "-12.5"), _bill("USD", "-640")],
    12: [send(EURO, "USD", "-5000")],
    15: [transfer_in(s.MINE, "120"), transfer_in(s.NWND, "40")],
    17: [_old_deposit("GBP", "800")],
    20: [_old_deposit("EUR", "-1000")],
    21: [grant(s.ALPC, "10")],
    23: [send(EURO, "USD", "-7500")],
    25: [send(JOINING, "USD", "-30000")],
    28: [_card("EUR", "-20"), _old_deposit("USD", "500")],
    30: [corrected(37, before=_old_deposit("USD", "4000"), after=_old_deposit("USD", "4400"))],
    33: [corrected(39, before=None, after=_old_deposit("USD", "900", 6_000_000_002))],
    35: [_old_deposit("USD", "700", _CANCELLED)],
    37: [_old_deposit("USD", "-700", _CANCELLED)],
    38: [_old_deposit("USD", "770"), send(EURO, "EUR", "-2000")],
    45: [
        charge("Withholding Tax", "USD", "8.19", _TAX_TEXT, instrument=s.ALPC),
        charge("Withholding Tax", "USD", "-16.38", _TAX_TEXT, instrument=s.ALPC),
    ],
    55: [send(STRANGER, "USD", "-1200")],
    60: [send(LEAVING, "USD", "15000")],
    72: [_bill("USD", "-315.4"), _card("USD", "-60")],
    75: [_old_deposit("USD", "2000")],
}
_EURO: _Plan = {
    1: [deposit("EUR", "60000")],
    2: [exchange("EUR", "USD", "-20000")],
    3: [trade(s.ALPC, "60"), trade(s.TLPN, "20")],
    7: [deposit("USD", "1500")],
    12: [send(MAIN, "USD", "5000")],
    16: [transfer_in(s.ALPC, "25")],
    18: [deposit("EUR", "-2000", "DISBURSEMENT INITIATED BY THE HOLDER")],
    22: [deposit("USD", "-700", "DISBURSEMENT INITIATED BY THE HOLDER")],
    26: [send(MAIN, "USD", "7500")],
    29: [_card("EUR", "-33.2")],
    31: [_bill("EUR", "-210")],
    41: [send(MAIN, "EUR", "2000")],
    44: [corrected(50, before=_old_deposit("EUR", "3000", 6_000_000_003), after=None)],
    45: [corrected(50, before=None, after=_old_deposit("EUR", "3000", 6_000_000_003))],
    48: [send(LEAVING, "EUR", "-4000")],
    54: [deposit("EUR", "650")],
    62: [charge("Other Fees", "EUR", "-5", "SNAPSHOT FEE")],
    64: [charge("Other Fees", "EUR", "5", "SNAPSHOT FEE REVERSED")],
}
_JOINING: _Plan = {
    25: [send(MAIN, "USD", "30000")],
    27: [trade(s.VLTN, "100")],
    40: [deposit("USD", "1000")],
    66: [trade(s.VLTN, "-100")],
    70: [Book.pay_out],
    78: [deposit("USD", "12000")],
    80: [trade(s.VLTN, "50")],
}
_LEAVING: _Plan = {
    1: [deposit("USD", "25000")],
    3: [trade(s.MINE, "200")],
    50: [send(EURO, "EUR", "4000")],
    57: [trade(s.MINE, "-200")],
    60: [send(MAIN, "USD", "-15000")],
    61: [charge("Other Fees", "USD", "-10", "FEE FOR CLOSING THE ACCOUNT"), Book.pay_out],
}

FLOWS = Scenario(
    name="flows",
    flow_timing="start",
    accounts=(
        replace(US_ACCOUNT, account_id=MAIN, alias="FlowsMain"),
        replace(EU_ACCOUNT, account_id=EURO, alias="FlowsEuro"),
        replace(US_ACCOUNT, account_id=JOINING, alias="FlowsJoining"),
        replace(US_ACCOUNT, account_id=LEAVING, alias="FlowsLeaving"),
    ),
    opening={MAIN: _MAIN, EURO: _EURO, JOINING: _JOINING, LEAVING: _LEAVING},
    every_year={account_id: [(ALL_YEAR, 3, Book.post_interest)] for account_id in (MAIN, EURO)},
    joins={JOINING: 25},
    leaves={LEAVING: 63},
    late={EURO: (52, 56)},
    corrections=(37, 39, 50),
)
