"""The household: what it holds and does, and that its past never changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest

from wealth_pipeline.sandbox.household.days import add_weekdays, is_trading_day, weekdays
from wealth_pipeline.sandbox.household.household import Household, LateFee, shared_household
from wealth_pipeline.sandbox.household.instruments import make_isin
from wealth_pipeline.sandbox.statement.section_nav import change_in_nav
from wealth_pipeline.sandbox.statement.statement import FULL, Statement

from .conftest import ACCOUNTS, END_OF_TEN_MONTHS, GENERATED, Daily, amount

SOME_DAY = date(2025, 8, 13)


def _rendered(household: Household, first: date, last: date) -> list[bytes]:
    return list(Statement(household, FULL, first, last, period="", generated=GENERATED).render())[1:-1]


def test_a_day_is_the_same_in_whatever_order_and_window_it_is_asked() -> None:
    """Asked alone, after a later day, or within a month: the same bytes."""
    alone = _rendered(Household(), SOME_DAY, SOME_DAY)
    late = Household()
    late.day(ACCOUNTS[0], date(2026, 3, 2))
    assert _rendered(late, SOME_DAY, SOME_DAY) == alone
    month = _rendered(Household(), date(2025, 8, 1), date(2025, 8, 29))
    assert set(alone) <= set(month)


def test_a_household_can_be_asked_by_several_threads() -> None:
    """Months rendered at the same time are the same as those rendered one after the other."""
    months = [(date(2025, month, 1), date(2025, month, 28)) for month in range(1, 9)]
    alone, shared = Household(), Household()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda month: _rendered(shared, *month), reversed(months)))
    assert together[::-1] == [_rendered(alone, *month) for month in months]


def test_the_seed_makes_the_world() -> None:
    """Another seed is another world; the same seed the same one."""
    totals = {seed: Household(seed).day(ACCOUNTS[0], SOME_DAY).total for seed in (1, 2)}
    assert totals[1] != totals[2]
    assert Household(1).day(ACCOUNTS[0], SOME_DAY).total == totals[1]


def test_the_first_day_is_an_option() -> None:
    """A history can be ten years long; a first day on a weekend is moved to the Monday after."""
    assert Household(first_day=date(2016, 1, 2)).first_day == date(2016, 1, 4)
    household = shared_household(first_day=date(2016, 1, 4))
    days = household.days(ACCOUNTS[1], date(2015, 1, 1), date(2026, 1, 2))
    assert len(days) == len(list(weekdays(date(2016, 1, 4), date(2026, 1, 2))))
    assert days[0].starting_value == 0
    assert all(day.total > 100_000 for day in days)


def test_the_first_day_may_be_a_holiday() -> None:
    """Nothing is in the account until the exchanges open, so that its first day has no result."""
    first, second = Household(first_day=date(2019, 1, 1)).days(ACCOUNTS[0], date(2019, 1, 1), date(2019, 1, 2))
    assert first.total == 0
    assert 'twr="0"' in change_in_nav([first])
    assert second.total > 100_000


def test_every_kind_of_position_is_held(ten_months: Daily) -> None:
    """Long and short stocks in four currencies, ETFs, fractions, options, futures, bonds, bills, funds, crypto, CFD."""
    kinds = set()
    fractions = set()
    for statement in ten_months:
        for row in statement.findall("OpenPositions/OpenPosition[@levelOfDetail='SUMMARY']"):
            kinds.add((row.attrib["assetCategory"], row.attrib["side"], row.attrib["currency"]))
            kinds.add((row.attrib["assetCategory"], row.attrib["subCategory"], row.attrib["model"]))
            fractions.add(-int(amount(row, "position").normalize().as_tuple().exponent))
    assert kinds >= {
        ("STK", "Long", "USD"),
        ("STK", "Long", "EUR"),
        ("STK", "Long", "GBP"),
        ("STK", "Long", "JPY"),
        ("STK", "Short", "USD"),
        ("STK", "Short", "EUR"),
        ("OPT", "Long", "USD"),
        ("OPT", "Short", "USD"),
        ("FUT", "Long", "USD"),
        ("FUT", "Short", "EUR"),
        ("BOND", "Long", "USD"),
        ("BOND", "Long", "EUR"),
        ("BILL", "Long", "USD"),
        ("FUND", "Long", "EUR"),
        ("CRYPTO", "Long", "USD"),
        ("CFD", "Long", "EUR"),
        ("CFD", "Short", "GBP"),
        ("STK", "ETF", ""),
        ("STK", "ETF", "Growth"),
        ("STK", "COMMON", ""),
    }
    assert max(fractions) == 4


def test_everything_happens(ten_months: Daily) -> None:
    """Each flow of cash, each part of the NAV's change and each kind of booking occurs in both or one account."""
    flows, parts, types, notes = set(), set(), set(), set()
    for statement in ten_months:
        for row in statement.findall("CashReport/*"):
            flows |= {name for name, value in row.attrib.items() if value not in ("0", "")}
        parts |= {name for name, value in statement.findall("ChangeInNAV")[0].attrib.items() if value not in ("0", "")}
        types |= {row.attrib["type"] for row in statement.findall("CashTransactions/*")}
        types |= {row.attrib["type"] for row in statement.findall("Transfers/*")}
        notes |= {(row.attrib["assetCategory"], row.attrib["notes"]) for row in statement.findall("Trades/Trade")}
    assert flows >= {
        "commissions",
        "deposits",
        "withdrawals",
        "dividends",
        "brokerInterest",
        "bondInterest",
        "cashSettlingMtm",
        "netTradesSales",
        "netTradesPurchases",
        "withholdingTax",
        "otherFees",
        "salesTax",
        "fxTranslationGainLoss",
    }
    assert parts >= {
        "mtm",
        "depositsWithdrawals",
        "assetTransfers",
        "dividends",
        "withholdingTax",
        "changeInDividendAccruals",
        "interest",
        "changeInInterestAccruals",
        "otherFees",
        "commissions",
        "forexCommissions",
        "salesTax",
        "netFxTrading",
        "fxTranslation",
    }
    assert types >= {
        "Dividends",
        "Withholding Tax",
        "Deposits & Withdrawals",
        "Other Fees",
        "ACATS",
        "Broker Interest Received",
        "Broker Interest Paid",
        "Bond Interest Received",
        "Bond Interest Paid",
    }
    assert {("OPT", "Ep"), ("OPT", ""), ("CASH", ""), ("FUT", ""), ("BILL", "")} <= notes


def test_a_residual_of_a_currency_stays(household: Household) -> None:
    """Less than a penny of GBP lies in the American account."""
    assert household.day(ACCOUNTS[0], END_OF_TEN_MONTHS).cash["GBP"].end == Decimal("0.0083")


def test_ids_are_unique(ten_months: Daily) -> None:
    """No two bookings, trades or transfers of the household share a transaction id, no two trades a trade id."""
    for name, paths in {
        "transactionID": ("CashTransactions/*", "Trades/Trade", "Transfers/*"),
        "tradeID": ("Trades/Trade",),
    }.items():
        seen = [
            row.attrib[name]
            for statement in ten_months
            for path in paths
            for row in statement.findall(path)
            if row.attrib.get("accountId") != "-"
        ]
        assert len(seen) == len(set(seen)) > 100


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_late_fee_restates_its_day_and_all_later(household: Household, account: str) -> None:
    """The days before stay; from its day on cash and NAV are lower by the fee and, now and then, a cent of interest."""
    usual, restated = household, Household(late_fees=[LateFee(account, SOME_DAY)])
    for day in weekdays(date(2025, 8, 1), date(2025, 12, 31)):
        old, new = usual.day(account, day), restated.day(account, day)
        lost = old.total - new.total
        assert lost == old.cash["BASE_SUMMARY"].end - new.cash["BASE_SUMMARY"].end + sum(
            old.nav["interestAccruals"]
        ) - sum(new.nav["interestAccruals"])
        if day < SOME_DAY:
            assert new == old
        else:
            assert Decimal("1.25") <= lost < Decimal("1.40")
    other = ACCOUNTS[account == ACCOUNTS[0]]
    assert usual.day(other, END_OF_TEN_MONTHS) == restated.day(other, END_OF_TEN_MONTHS)


def test_a_late_fee_needs_a_statement_to_change() -> None:
    """A weekend, or a day before the account was opened, has none."""
    for day in (date(2025, 8, 16), date(2024, 12, 31)):
        with pytest.raises(ValueError, match="late fee"):
            Household(late_fees=[LateFee(ACCOUNTS[0], day)])


def test_prices_rest_on_holidays(household: Household) -> None:
    """An exchange holiday has a statement but no trades and no new prices."""
    christmas = date(2025, 12, 25)
    assert not is_trading_day(christmas)
    before, on = (household.day(ACCOUNTS[0], day) for day in (date(2025, 12, 24), christmas))
    stocks = [
        {p.instrument.symbol: p.price for p in day.positions if p.instrument.asset_category == "STK"}
        for day in (before, on)
    ]
    assert stocks[0] == stocks[1]
    assert on.trades == ()


def test_add_weekdays_and_isin() -> None:
    """Friday plus one is Monday; the check digit is that of ISO 6166 (US0378331005 is the standard's example)."""
    assert add_weekdays(date(2026, 7, 31), 1) == date(2026, 8, 3)
    assert make_isin("US", 37833100) == "US0378331005"


def test_times_have_no_zone(household: Household) -> None:
    """Times inside a statement are New York time without a zone, on the day itself."""
    trades = [trade for day in household.days(ACCOUNTS[0], date(2025, 1, 2), date(2025, 2, 28)) for trade in day.trades]
    assert trades
    assert all(trade.when.tzinfo is None and 9 <= trade.when.hour < 16 for trade in trades)
