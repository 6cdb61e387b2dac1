"""Both accounts' books balance to the last digit on every day of the default history."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from decimal import Context, Decimal, Inexact, localcontext
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from wealth_pipeline.sandbox.household.household import Household, LateFee, shared_household
from wealth_pipeline.sandbox.household.instruments import NAV_COLUMN
from wealth_pipeline.sandbox.statement.columns import CASH_FLOWS, CHANGE_PARTS, NAV_COLUMNS
from wealth_pipeline.sandbox.statement.section_nav import change_in_nav

from .conftest import ACCOUNTS, Daily, amount, guide, nav_row, one

Element = ElementTree.Element


@pytest.fixture(autouse=True)
def exact() -> object:
    """Arithmetic in these tests may not round."""
    with localcontext(Context(prec=60, traps=[Inexact])) as context:
        yield context


@pytest.fixture(scope="module", params=["as usual", "with a late fee", "ten years ago"])
def history(request: pytest.FixtureRequest, daily: Daily) -> Daily:
    """The default history; a restated month; a stretch of another history."""
    chosen = daily
    if request.param == "with a late fee":
        fees = [LateFee(account, date(2025, 2, 3)) for account in ACCOUNTS]
        chosen = Daily(Household(late_fees=fees), date(2025, 1, 27), date(2025, 2, 28))
    if request.param == "ten years ago":
        chosen = Daily(shared_household(first_day=date(2016, 1, 4)), date(2020, 5, 11), date(2020, 6, 19))
    return chosen.without("SecuritiesInfo", "Trades")


def _summaries(statement: Element) -> list[Element]:
    return statement.findall("OpenPositions/OpenPosition[@levelOfDetail='SUMMARY']")


def _cash_rows(statement: Element) -> dict[str, Element]:
    return {row.attrib["currency"]: row for row in statement.findall("CashReport/CashReportCurrency")}


def test_positions_add_up_to_their_nav_column(history: Daily) -> None:
    """Per class: position value (a CFD's unrealised result) times exchange rate; futures count nothing."""
    for statement in history:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in _summaries(statement):
            category = row.attrib["assetCategory"]
            if category != "FUT":
                figure = amount(row, "fifoPnlUnrealized" if category == "CFD" else "positionValue")
                # The account with CFDs states results in base.
                sums[NAV_COLUMN[category]] += figure * (1 if category == "CFD" else amount(row, "fxRateToBase"))
        nav = nav_row(statement)
        for column in set(NAV_COLUMN.values()):
            assert sums[column] == amount(nav, column), (statement.attrib, column)


def test_position_values_follow_from_prices(history: Daily) -> None:
    """Position times price times multiplier; bonds and bills in percent of face value."""
    for statement in history:
        for row in statement.findall("OpenPositions/OpenPosition"):
            percent = row.attrib["assetCategory"] in ("BOND", "BILL")
            unit = Decimal("0.01") if percent else amount(row, "multiplier")
            assert amount(row, "position") * amount(row, "markPrice") * unit == amount(row, "positionValue")
            value = amount(row, "positionValue")
            if row.attrib["accountId"] == "U1000002":
                # This account states them in base.
                assert amount(row, "positionValueInBase") == value * amount(row, "fxRateToBase")
                value = amount(row, "positionValueInBase")
                parts = amount(row, "unrealizedCapitalGainsPnl") + amount(row, "unrealizedlFxPnl")
                assert parts == amount(row, "fifoPnlUnrealized")
            assert value - amount(row, "costBasisMoney") == amount(row, "fifoPnlUnrealized")
            assert (row.attrib["side"] == "Long") == (amount(row, "position") > 0)


def test_currencies_add_up_to_the_cash_of_the_nav(history: Daily) -> None:
    """Ending cash at the day's conversion rates = BASE_SUMMARY = NAV cash; settled cash likewise."""
    for statement in history:
        base = one(statement, "AccountInformation").attrib["currency"]
        rates = {base: Decimal(1)}
        for row in statement.findall(f"ConversionRates/*[@reportDate='{statement.attrib['toDate']}']"):
            rates[row.attrib["fromCurrency"]] = amount(row, "rate")
        rows = _cash_rows(statement)
        total = rows.pop("BASE_SUMMARY")
        for name in ("endingCash", "endingSettledCash"):
            assert sum(amount(row, name) * rates[c] for c, row in rows.items()) == amount(total, name)
        assert amount(total, "endingCash") == amount(nav_row(statement), "cash")


def test_dividend_accruals_add_up(history: Daily) -> None:
    """Net amounts of the open dividends = the NAV's dividend accruals, and change by what is posted and reversed."""
    open_days = 0
    for statement in history:
        rows = statement.findall("OpenDividendAccruals/OpenDividendAccrual")
        total = sum(amount(row, "netAmount") * amount(row, "fxRateToBase") for row in rows)
        assert total == amount(nav_row(statement), "dividendAccruals")
        assert all(
            amount(r, "grossAmount") - amount(r, "tax") - amount(r, "fee") == amount(r, "netAmount") for r in rows
        )
        open_days += bool(rows)
    assert open_days > 10


def test_interest_accruals_add_up(history: Daily) -> None:
    """Broker interest per currency rolls forward, and with the bonds' accrued interest makes the NAV column."""
    for statement in history:
        nav = nav_row(statement)
        broker, bonds = (amount(nav, f"{name}InterestAccrualsComponent") for name in ("broker", "bond"))
        assert broker + bonds == amount(nav, "interestAccruals")
        end = Decimal(0)
        for row in statement.findall("InterestAccruals/InterestAccrualsCurrency"):
            parts = ("startingAccrualBalance", "interestAccrued", "accrualReversal", "fxTranslation")
            assert sum(amount(row, name) for name in parts) == amount(row, "endingAccrualBalance")
            if row.attrib["currency"] == "BASE_SUMMARY":
                end = amount(row, "endingAccrualBalance")
        assert end == broker


def test_parts_add_up_to_the_total(history: Daily) -> None:
    """The verified components = total; everything is the sum of its long and its short part."""
    for statement in history:
        for nav in statement.findall("EquitySummaryInBase/*"):
            assert sum(amount(nav, column) for column in NAV_COLUMNS) == amount(nav, "total")
            for column in (*NAV_COLUMNS, "total", "brokerInterestAccrualsComponent"):
                assert amount(nav, f"{column}Long") + amount(nav, f"{column}Short") == amount(nav, column)
            for column in ("cash", "stock", "interestAccruals", "total"):
                assert amount(nav, f"{column}Long") >= 0 >= amount(nav, f"{column}Short")


def test_change_in_nav_bridges_the_days(history: Daily) -> None:
    """Starting value (the day before's total) + parts = ending value (the day's total)."""
    for account in ACCOUNTS:
        for statement in history.of(account):
            change = one(statement, "ChangeInNAV")
            parts = sum(amount(change, part) for part in CHANGE_PARTS)
            assert amount(change, "startingValue") + parts == amount(change, "endingValue")
            assert (change.attrib["realized"], change.attrib["changeInUnrealized"]) == ("0", "0")
            totals = [amount(row, "total") for row in statement.findall("EquitySummaryInBase/*")]
            assert amount(change, "endingValue") == totals[-1]
            assert amount(change, "startingValue") == (totals[0] if len(totals) == 2 else 0)


def test_twr_is_chained_with_flows_at_the_start_of_the_day(household: Household, daily: Daily) -> None:
    """`twr` in percent: product of total / (starting value + flows), exact and then rounded to nine decimals."""
    for account in ACCOUNTS:
        chained = Fraction(1)
        for count, statement in enumerate(daily.of(account)):
            change = one(statement, "ChangeInNAV")
            flows = amount(change, "depositsWithdrawals") + amount(change, "assetTransfers")
            invested = amount(change, "startingValue") + flows
            growth = Fraction(amount(change, "endingValue")) / Fraction(invested)
            assert amount(change, "twr") == _percent(growth)
            if count < 80:
                chained *= growth
                last = statement.attrib["toDate"]
        days = household.days(account, household.first_day, date.fromisoformat(last))
        with localcontext(Context(prec=28)):
            window = ElementTree.fromstring(change_in_nav(days))
        assert amount(window, "twr") == _percent(chained)


def _percent(growth: Fraction) -> Decimal:
    scaled = round((growth - 1) * 100 * 10**9)
    return Decimal(scaled).scaleb(-9)


def test_change_in_nav_of_a_window_is_the_sum_of_its_days(household: Household) -> None:
    """A quarter's parts are sums; its starting value is the total before its first day."""
    days = household.days("U1000002", date(2025, 4, 1), date(2025, 6, 30))
    with localcontext(Context(prec=28)):
        window = ElementTree.fromstring(change_in_nav(days))
    assert amount(window, "startingValue") == household.day("U1000002", date(2025, 3, 31)).total
    assert amount(window, "endingValue") == days[-1].total
    for part in CHANGE_PARTS:
        assert amount(window, part) == sum(day.change.get(part, Decimal(0)) for day in days)


def test_cash_flows_bridge_the_cash(history: Daily) -> None:
    """Starting cash + flows = ending cash per currency and in base; translation is in base only."""
    for account in ACCOUNTS:
        before: dict[str, Decimal] = {}
        for statement in history.of(account):
            rows = _cash_rows(statement)
            for currency, row in rows.items():
                _check_cash_row(row)
                if before:
                    assert amount(row, "startingCash") == before.get(currency, Decimal(0))
            before = {currency: amount(row, "endingCash") for currency, row in rows.items()}


def test_cash_flows_of_a_window_bridge_too(household: Household) -> None:
    """The same in the guide's query over a quarter."""
    with localcontext(Context(prec=28)):
        response = guide(household, date(2025, 4, 1), date(2025, 6, 30))
    for statement in response.iter("FlexStatement"):
        rows = _cash_rows(statement)
        assert set(rows) == {"BASE_SUMMARY", "USD", "EUR", "GBP", "JPY"}
        for row in rows.values():
            _check_cash_row(row)


def _check_cash_row(row: Element) -> None:
    flows = {name: amount(row, name) for name in CASH_FLOWS}
    assert flows.pop("depositWithdrawals") == flows["deposits"] + flows["withdrawals"]
    assert amount(row, "startingCash") + sum(flows.values()) == amount(row, "endingCash")
    assert row.attrib["currency"] == "BASE_SUMMARY" or not flows["fxTranslationGainLoss"]


def test_lots_add_up_to_their_position(history: Daily) -> None:
    """LOT rows of a position and model = its SUMMARY row."""
    names = ("position", "positionValue", "costBasisMoney", "fifoPnlUnrealized")
    several = 0
    for statement in history:
        sums: dict[tuple[str, str], list[Decimal]] = {}
        for row in statement.findall("OpenPositions/OpenPosition[@levelOfDetail='LOT']"):
            key = row.attrib["conid"], row.attrib["model"]
            several += key in sums
            so_far = sums.setdefault(key, [Decimal(0)] * 4)
            sums[key] = [total + amount(row, name) for total, name in zip(so_far, names, strict=True)]
        expected = {
            (row.attrib["conid"], row.attrib["model"]): [amount(row, name) for name in names]
            for row in _summaries(statement)
        }
        assert sums == expected
    assert several


def test_cash_bookings_are_in_the_cash_report(history: Daily) -> None:
    """The DETAIL cash transactions of a type add up to the cash report's flow, per currency."""
    flows = {
        "dividends": {"Dividends"},
        "withholdingTax": {"Withholding Tax"},
        "otherFees": {"Other Fees"},
        "depositWithdrawals": {"Deposits & Withdrawals"},
        "brokerInterest": {"Broker Interest Paid", "Broker Interest Received"},
        "bondInterest": {"Bond Interest Paid", "Bond Interest Received"},
    }
    for statement in history:
        bookings = statement.findall("CashTransactions/CashTransaction[@levelOfDetail='DETAIL']")
        for currency, row in _cash_rows(statement).items():
            for flow, types in flows.items():
                booked = sum(
                    amount(b, "amount")
                    for b in bookings
                    if b.attrib["currency"] == currency and b.attrib["type"] in types
                )
                assert currency == "BASE_SUMMARY" or booked == amount(row, flow)


def test_nothing_has_more_than_nine_decimals(daily: Daily) -> None:
    """No figure anywhere; base amounts use all nine now and then."""
    decimals = {len(digits) for chunk in daily.chunks for digits in re.findall(rb'="-?[0-9]+[.]([0-9]+)"', chunk)}
    assert max(decimals) == 9
