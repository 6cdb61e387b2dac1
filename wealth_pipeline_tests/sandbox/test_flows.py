"""The scenario FLOWS: its books balance, its flows are stated twice alike, and its twr follows from both."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache
from math import prod
from xml.etree import ElementTree

import pytest

from wealth_pipeline.sandbox.household.flows import EURO, FLOWS, JOINING, LEAVING, MAIN, STRANGER
from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, Household, shared_household
from wealth_pipeline.sandbox.household.scenario import Scenario
from wealth_pipeline.sandbox.statement.columns import CHANGE_PARTS, NAV_COLUMNS
from wealth_pipeline.sandbox.statement.section_nav import change_in_nav
from wealth_pipeline.sandbox.statement.statement import FULL, Statement

from .conftest import GENERATED, Daily, amount, nav_row, one, parse

Element = ElementTree.Element

LAST_DAY = date(2025, 5, 9)
#: The part of ChangeInNAV to which a cash transaction that is a flow belongs.
PART_OF_TYPE = {
    "Deposits/Withdrawals": "depositsWithdrawals",
    "Deposits & Withdrawals": "depositsWithdrawals",
    "Debit Card Activity": "debitCardActivity",
    "Bill Pay": "billPay",
}
FLOW_PARTS = ("depositsWithdrawals", "internalCashTransfers", "assetTransfers", "debitCardActivity", "billPay")
#: The column of the cash report with the same figure.
CASH_COLUMN = {
    "depositsWithdrawals": "depositWithdrawals",
    "internalCashTransfers": "internalTransfers",
    "debitCardActivity": "debitCardActivity",
    "billPay": "billPay",
}
AT_END = replace(FLOWS, flow_timing="end")
FX_APART = replace(FLOWS, position_fx="fxTranslation")
GRANTS_GAINED = replace(FLOWS, grants_are_flows=False)


@cache
def statements(scenario: Scenario) -> list[Element]:
    """One FlexStatement for each account and day, an account's oldest first."""
    daily = Daily(Household(scenario=scenario), DEFAULT_FIRST_DAY, LAST_DAY)
    return list(daily.without("SecuritiesInfo", "Trades", "ConversionRates"))


def of(account_id: str, scenario: Scenario = FLOWS) -> list[Element]:
    return [statement for statement in statements(scenario) if statement.attrib["accountId"] == account_id]


def on(account_id: str, day: str, scenario: Scenario = FLOWS) -> Element:
    return next(statement for statement in of(account_id, scenario) if statement.attrib["toDate"] == day)


def details(statement: Element) -> list[Element]:
    return statement.findall("CashTransactions/*[@levelOfDetail='DETAIL']")


def flows(statement: Element) -> dict[str, Decimal]:
    """The flows by part of ChangeInNAV, from the cash transactions and transfers."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in details(statement):
        if row.attrib["type"] in PART_OF_TYPE:
            found[PART_OF_TYPE[row.attrib["type"]]] += amount(row, "amount") * amount(row, "fxRateToBase")
    for row in statement.findall("Transfers/Transfer"):
        rate = amount(row, "fxRateToBase")
        assert amount(row, "positionAmount") * rate == amount(row, "positionAmountInBase")
        part = "internalCashTransfers" if row.attrib["type"] == "INTERNAL" else "assetTransfers"
        found[part] += amount(row, "cashTransfer") * rate + amount(row, "positionAmountInBase")
    return found


def percent(factor: Fraction) -> Decimal:
    value = (factor - 1) * 100
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("1e-9"), ROUND_HALF_EVEN)


def factor(statement: Element, scenario: Scenario, *, is_first: bool) -> Fraction | None:
    """What the day multiplied, from its NAV rows and its bookings."""
    moved = [Fraction(value) for value in flows(statement).values()]
    if scenario.grants_are_flows:
        moved.append(Fraction(amount(one(statement, "ChangeInNAV"), "grantActivity")))
    totals = [Fraction(amount(row, "total")) for row in statement.findall("EquitySummaryInBase/*")]
    if is_first or totals[0] + sum(moved) <= 0 or totals[1] == 0:
        return None
    paid_in, paid_out = sum(x for x in moved if x > 0), sum(x for x in moved if x < 0)
    if scenario.flow_timing == "end":
        return (totals[1] - paid_out) / (totals[0] + paid_in)
    return totals[1] / (totals[0] + paid_in + paid_out)


@pytest.mark.parametrize("scenario", [FLOWS, FX_APART], ids=["mtm", "fxTranslation"])
def test_every_nav_is_the_sum_of_its_parts_and_bridged(scenario: Scenario) -> None:
    for account in FLOWS.accounts:
        before = Decimal(0)
        for statement in of(account.account_id, scenario):
            nav, change = nav_row(statement), one(statement, "ChangeInNAV")
            assert sum(amount(nav, column) for column in NAV_COLUMNS) == amount(nav, "total")
            assert amount(change, "startingValue") == before
            assert before + sum(amount(change, part) for part in CHANGE_PARTS) == amount(change, "endingValue")
            before = amount(change, "endingValue")
            assert before == amount(nav, "total")
            assert amount(one(statement, "CashReport/*[@currency='BASE_SUMMARY']"), "endingCash") == amount(nav, "cash")


def test_bookings_and_cash_report_and_change_in_nav_state_the_same_flows() -> None:
    for statement in statements(FLOWS):
        change, found = one(statement, "ChangeInNAV"), flows(statement)
        summary = one(statement, "CashReport/*[@currency='BASE_SUMMARY']")
        for part in FLOW_PARTS:
            assert amount(change, part) == found[part], (statement.attrib, part)
            if part in CASH_COLUMN:
                assert amount(summary, CASH_COLUMN[part]) == found[part]
        for row in statement.findall("CashReport/*[@levelOfDetail='Currency']"):
            internal = statement.findall(f"Transfers/*[@type='INTERNAL'][@currency='{row.attrib['currency']}']")
            assert sum(amount(transfer, "cashTransfer") for transfer in internal) == amount(row, "internalTransfers")


@pytest.mark.parametrize("scenario", [FLOWS, AT_END, GRANTS_GAINED], ids=["start", "end", "grants are gains"])
def test_twr_follows_from_nav_and_flows(scenario: Scenario) -> None:
    """Of each day, and chained over all of them; none is stated on a first day, or where nothing is or stays."""
    household, unstated = shared_household(scenario=scenario), 0
    for account in scenario.accounts:
        factors = []
        for count, statement in enumerate(of(account.account_id, scenario)):
            found = factor(statement, scenario, is_first=count == 0)
            twr = one(statement, "ChangeInNAV").attrib["twr"]
            assert twr == "" if found is None else Decimal(twr) == percent(found), statement.attrib
            factors.append(found)
        known = [found for found in factors if found is not None]
        window = parse(
            change_in_nav(household.days(account.account_id, DEFAULT_FIRST_DAY, LAST_DAY), scenario).encode()
        )
        assert amount(window, "twr") == percent(prod(known, start=Fraction(1)))
        unstated += len(factors) - len(known)
    # Four first days; eight days from the full withdrawal on; three from the closing on.
    assert unstated == 15


def test_the_timing_of_outflows_shows_on_days_with_outflows_alone() -> None:
    for at_start, at_end in zip(statements(FLOWS), statements(AT_END), strict=True):
        change, other = one(at_start, "ChangeInNAV"), one(at_end, "ChangeInNAV")
        outflow = any(amount(change, part) < 0 for part in FLOW_PARTS)
        assert (change.attrib["twr"] != other.attrib["twr"]) == (outflow and change.attrib["twr"] != "")


def test_the_effect_of_rates_on_positions_is_in_one_part_or_the_other() -> None:
    household = shared_household(scenario=FLOWS)
    moved = 0
    for together, apart in zip(statements(FLOWS), statements(FX_APART), strict=True):
        one_way, other_way = one(together, "ChangeInNAV"), one(apart, "ChangeInNAV")
        summary = one(together, "CashReport/*[@currency='BASE_SUMMARY']")
        day = household.day(together.attrib["accountId"], date.fromisoformat(together.attrib["toDate"]))
        before = household.day_before(day.account.account_id, day.day)
        effect = sum(
            position.nav_value
            * (day.rates[position.instrument.currency] - before.rates[position.instrument.currency])
            for position in before.positions
        ) if before else Decimal(0)  # fmt: skip
        assert amount(one_way, "fxTranslation") == amount(summary, "fxTranslationGainLoss")
        assert amount(other_way, "fxTranslation") == amount(one_way, "fxTranslation") + effect
        assert amount(other_way, "mtm") == amount(one_way, "mtm") - effect
        moved += effect != 0
    assert moved > 50


def test_what_the_household_goes_through() -> None:
    """Every part of ChangeInNAV that it is there for, in base and other currencies; joined, emptied and closed."""
    seen = {
        (part, amount(one(statement, "ChangeInNAV"), part) > 0)
        for statement in statements(FLOWS)
        for part in CHANGE_PARTS
        if amount(one(statement, "ChangeInNAV"), part)
    }
    both_ways = {(part, sign) for part in ("depositsWithdrawals", "internalCashTransfers") for sign in (True, False)}
    paid = {("debitCardActivity", False), ("billPay", False), ("withholdingTax", False)}
    assert both_ways | paid | {("assetTransfers", True), ("grantActivity", True), ("dividends", True)} <= seen
    rows = [row for statement in statements(FLOWS) for row in details(statement)]
    currencies = {row.attrib["currency"] for row in rows if row.attrib["type"].startswith("Deposits")}
    assert currencies == {"USD", "EUR", "GBP"}
    assert {row.attrib["type"] for row in rows} >= set(PART_OF_TYPE)
    assert {of(account.account_id)[0].attrib["toDate"] for account in FLOWS.accounts} == {"20250102", "20250205"}
    closed = of(LEAVING)[-1]
    assert closed.attrib["toDate"] == one(closed, "AccountInformation").attrib["dateClosed"] == "20250331"
    assert one(of(LEAVING)[-2], "AccountInformation").attrib["dateClosed"] == ""
    assert [amount(nav_row(statement), "total") for statement in of(LEAVING)[-3:]] == [0, 0, 0]
    totals = [amount(nav_row(statement), "total") for statement in of(JOINING)]
    assert totals.count(Decimal(0)) == 8
    assert totals[-1] > 0


def test_the_two_sides_of_a_transfer_are_booked_within_five_weekdays() -> None:
    """Some on the same day, some in transit; a stranger's account has no other side."""
    sides: dict[tuple[str, str, str, Decimal], list[int]] = defaultdict(list)
    for account in FLOWS.accounts:
        for number, statement in enumerate(of(MAIN)):
            for row in on_or_none(account.account_id, statement.attrib["toDate"]):
                to, value = row.attrib["account"], amount(row, "cashTransfer")
                pair = (row.attrib["accountId"], to) if value < 0 else (to, row.attrib["accountId"])
                sides[*pair, row.attrib["currency"], abs(value)].append(number)
    lags = {key: abs(found[0] - found[-1]) for key, found in sides.items() if key[1] != STRANGER}
    assert all(len(sides[key]) == 2 for key in lags)
    assert sorted(lags.values()) == [0, 0, 0, 2, 3, 3]
    assert len(sides) == len(lags) + 1


def on_or_none(account_id: str, day: str) -> list[Element]:
    return [
        row
        for statement in of(account_id)
        if statement.attrib["toDate"] == day
        for row in statement.findall("Transfers/*[@type='INTERNAL']")
    ]


def _day(household: Household, account_id: str, day: date) -> Element:
    xml = b"".join(Statement(household, FULL, day, day, period="", generated=GENERATED).render())
    return one(parse(xml), f"FlexStatements/FlexStatement[@accountId='{account_id}']")


@pytest.mark.parametrize(
    ("account_id", "day", "known", "changed"),
    [
        (MAIN, date(2025, 2, 12), 37, Decimal(400)),
        (MAIN, date(2025, 2, 17), 39, Decimal(900)),
        (EURO, date(2025, 3, 4), 50, Decimal(-3000)),
        (EURO, date(2025, 3, 5), 50, Decimal(3000)),
    ],
)
def test_a_correction_changes_booking_and_flow_and_nav(
    account_id: str, day: date, known: int, changed: Decimal
) -> None:
    before, after = (_day(Household(scenario=FLOWS, known=at), account_id, day) for at in (known - 1, known))
    for part in ("depositsWithdrawals", "endingValue"):
        difference = amount(one(after, "ChangeInNAV"), part) - amount(one(before, "ChangeInNAV"), part)
        moved = part == "depositsWithdrawals" or day != date(2025, 3, 5)
        assert abs(difference - (changed if moved else 0)) < 1  # interest on the difference comes to cents
    assert flows(after)["depositsWithdrawals"] - flows(before)["depositsWithdrawals"] == changed
    ids = [{row.attrib["transactionID"] for row in details(statement)} for statement in (before, after)]
    assert ids[0] <= ids[1] or ids[1] <= ids[0]


def test_a_cancelled_deposit_keeps_its_number_and_corrected_taxes_and_fees_are_rebooked() -> None:
    numbers = [
        row for statement in of(MAIN) for row in details(statement) if row.attrib["transactionID"] == "6000000001"
    ]
    assert [row.attrib["amount"] for row in numbers] == ["700", "-700"]
    taxes = [
        row.attrib["amount"]
        for statement in of(MAIN)
        for row in details(statement)
        if row.attrib["type"] == "Withholding Tax" and row.attrib["symbol"] == "ALPC"
    ]
    assert taxes[:3] == ["-8.19", "8.19", "-16.38"]
    fees = [r.attrib["amount"] for x in of(EURO) for r in details(x) if r.attrib["type"] == "Other Fees"]
    assert fees == ["-5", "5"]
