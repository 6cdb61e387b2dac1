"""The statement's shape: IBKR's formats, and the traps that its readers fall into."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from wealth_pipeline.sandbox.household.days import weekdays
from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.statement.markup import number
from wealth_pipeline.sandbox.statement.statement import FULL, GUIDE, Statement

from .conftest import ACCOUNTS, END_OF_TEN_MONTHS, GENERATED, Daily, amount, guide, one

FULL_SECTIONS = [
    "AccountInformation",
    "ChangeInNAV",
    "EquitySummaryInBase",
    "CashReport",
    "FIFOPerformanceSummaryInBase",
    "OpenPositions",
    "Trades",
    "CashTransactions",
    "Transfers",
    "InterestAccruals",
    "OpenDividendAccruals",
    "ChangeInDividendAccruals",
    "SecuritiesInfo",
    "ConversionRates",
]


def test_full_is_broken_out_by_day(ten_months: Daily) -> None:
    """A FlexStatement per account and weekday, fromDate = toDate, each with every section, also empty ones."""
    expected = [f"{day:%Y%m%d}" for day in weekdays(date(2025, 1, 2), END_OF_TEN_MONTHS)]
    assert f'count="{2 * len(expected)}"'.encode() in ten_months.head
    for account in ACCOUNTS:
        statements = list(ten_months.of(account))
        assert [statement.attrib["toDate"] for statement in statements] == expected
        for statement in statements:
            assert statement.attrib["accountId"] == account
            assert statement.attrib["fromDate"] == statement.attrib["toDate"]
            assert [section.tag for section in statement] == FULL_SECTIONS
    assert any(b"<Transfers />" in chunk for chunk in ten_months.chunks)


def test_the_envelope_is_ibkrs(ten_months: Daily) -> None:
    """No XML declaration, attributes only, period empty for dates asked for, local time of generation."""
    assert ten_months.head.startswith(b'<FlexQueryResponse queryName="sandbox-full" type="AF">')
    text = re.sub(rb"<[^>]*>", b"", ten_months.head + b"".join(ten_months.chunks[:20]) + ten_months.tail)
    assert not text.strip()
    opening = dict(next(iter(ten_months)).attrib)
    assert opening == {
        "accountId": "U1000001",
        "fromDate": "20250102",
        "toDate": "20250102",
        "period": "",
        "whenGenerated": "20260801;060000",
    }


def test_a_day_has_two_nav_rows_but_for_the_first(ten_months: Daily) -> None:
    """The weekday before and the day itself; the account's first day has only its own; never a weekend."""
    for account in ACCOUNTS:
        before = ""
        for statement in ten_months.of(account):
            dates = [row.attrib["reportDate"] for row in statement.findall("EquitySummaryInBase/*")]
            assert dates == [day for day in (before, statement.attrib["toDate"]) if day]
            before = dates[-1]


def test_guide_has_four_sections_for_the_whole_window(household: Household) -> None:
    """NAV for each weekday and the one before; positions without lots and cash at the window's end; dates as asked."""
    first, last = date(2025, 3, 8), date(2025, 4, 6)
    for statement in guide(household, first, last).iter("FlexStatement"):
        assert [section.tag for section in statement] == [
            "AccountInformation",
            "EquitySummaryInBase",
            "CashReport",
            "OpenPositions",
        ]
        assert (statement.attrib["fromDate"], statement.attrib["toDate"]) == ("20250308", "20250406")
        rows = [row.attrib["reportDate"] for row in statement.findall("EquitySummaryInBase/*")]
        assert rows == [f"{day:%Y%m%d}" for day in weekdays(date(2025, 3, 7), last)]
        positions = statement.findall("OpenPositions/*")
        assert {row.attrib["reportDate"] for row in positions} == {"20250404"}
        assert {row.attrib["levelOfDetail"] for row in positions} == {"SUMMARY"}


def test_full_and_guide_show_the_same_figures(household: Household) -> None:
    """NAV rows and positions of the window's last day are the same text; so is cash, whatever the window's flows."""
    first, last = date(2025, 9, 1), date(2025, 9, 30)
    full = ElementTree.fromstring(
        b"".join(Statement(household, FULL, first, last, period="", generated=GENERATED).render())
    )
    days = {(s.attrib["accountId"], s.attrib["toDate"]): s for s in full.iter("FlexStatement")}
    for statement in guide(household, first, last).iter("FlexStatement"):
        account = statement.attrib["accountId"]
        for row in statement.findall("EquitySummaryInBase/*")[1:]:
            own = one(
                days[account, row.attrib["reportDate"]],
                f"EquitySummaryInBase/*[@reportDate='{row.attrib['reportDate']}']",
            )
            assert own.attrib == row.attrib
        end = days[account, "20250930"]
        summaries = end.findall("OpenPositions/*[@levelOfDetail='SUMMARY']")
        assert [row.attrib for row in summaries] == [row.attrib for row in statement.findall("OpenPositions/*")]
        for row in statement.findall("CashReport/*"):
            other = one(end, f"CashReport/*[@currency='{row.attrib['currency']}']")
            for name in ("endingCash", "endingSettledCash", "slbNetCash", "commissionsMTD", "depositsYTD"):
                assert row.attrib[name] == other.attrib[name]


def test_to_date_columns_add_up_flows(daily: Daily) -> None:
    """MTD and YTD restart with their month and year, in each currency and in base."""
    for suffix, length in (("MTD", 6), ("YTD", 4)):
        for account in ACCOUNTS:
            sums: dict[tuple[str, str], Decimal] = {}
            for statement in daily.of(account):
                period = statement.attrib["toDate"][:length]
                for row in statement.findall("CashReport/*"):
                    key = row.attrib["currency"], period
                    sums[key] = sums.get(key, Decimal(0)) + amount(row, "commissions")
                    assert amount(row, f"commissions{suffix}") == sums[key]


def test_traps_of_positions(ten_months: Daily) -> None:
    """Padded option symbols, bonds in percent, futures at notional, shares of the class, lots without a share."""
    symbols, futures = set(), 0
    for statement in ten_months:
        shares: dict[str, Decimal] = {}
        for row in statement.findall("OpenPositions/*"):
            category = row.attrib["assetCategory"]
            if row.attrib["levelOfDetail"] == "LOT":
                assert (row.attrib["percentOfNAV"], bool(row.attrib["openDateTime"])) == ("", True)
                continue
            assert row.attrib["openDateTime"] == ""
            shares[category] = shares.get(category, Decimal(0)) + amount(row, "percentOfNAV")
            if category == "OPT":
                symbols.add(row.attrib["symbol"])
            if category == "FUT":
                futures += abs(amount(row, "positionValue")) > 20_000
        assert all(abs(share - 100) < Decimal("0.05") for share in shares.values())
    assert futures > 300
    assert len(symbols) > 8
    assert all(re.fullmatch(r"[A-Z]{4}  \d{6}[CP]\d{8}", symbol) for symbol in symbols)


def test_conversion_rates_run_from_sunday_to_friday(ten_months: Daily) -> None:
    """A day's own rates, Monday's also Sunday's; -1 before a currency was offered; IBKR's odd code; no base to base."""
    seen: list[str] = []
    missing = set()
    for statement in ten_months.of("U1000002"):
        rows = statement.findall("ConversionRates/*")
        seen += dict.fromkeys(row.attrib["reportDate"] for row in rows)
        currencies = {row.attrib["fromCurrency"] for row in rows}
        assert {row.attrib["toCurrency"] for row in rows} == {"EUR"}
        assert {"RUS", "CNH", "USD"} <= currencies
        assert "EUR" not in currencies
        assert 29 <= len(currencies) <= 33
        for row in rows:
            if row.attrib["rate"] == "-1":
                missing.add((row.attrib["fromCurrency"], row.attrib["reportDate"]))
            else:
                assert amount(row, "rate") > 0
    expected = [
        day
        for day in (date.fromordinal(n) for n in range(date(2025, 1, 2).toordinal(), END_OF_TEN_MONTHS.toordinal() + 1))
        if day.weekday() != 5
    ]
    assert seen == [f"{day:%Y%m%d}" for day in expected]
    assert ("BGN", "20250530") in missing
    assert not any(day >= "20250602" for _, day in missing)


def test_summary_rows_repeat_the_detail(ten_months: Daily) -> None:
    """Each cash transaction is there twice; the second names no account and no id."""
    for statement in ten_months:
        rows = statement.findall("CashTransactions/*")
        detail, summary = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        for first, second in zip(detail, summary, strict=True):
            assert dict(second.attrib) == dict(first.attrib) | {
                "accountId": "-",
                "acctAlias": "-",
                "transactionID": "",
                "levelOfDetail": "SUMMARY",
            }


def test_trades_have_siblings_that_repeat_them(ten_months: Daily) -> None:
    """Trade, Order, SymbolSummary and AssetSummary have the same figures; summaries have MULTI dates."""
    for statement in ten_months:
        trades = statement.findall("Trades/Trade")
        for tag in ("Order", "SymbolSummary", "AssetSummary"):
            rows = statement.findall(f"Trades/{tag}")
            assert sum(amount(row, "proceeds") for row in rows) == sum(amount(row, "proceeds") for row in trades)
            assert tag != "SymbolSummary" or all(row.attrib["tradeDate"] == "MULTI" for row in rows)
        for row in trades:
            known = {info.attrib["conid"] for info in statement.findall("SecuritiesInfo/*")}
            assert row.attrib["assetCategory"] == "CASH" or row.attrib["conid"] in known


def test_personal_data_are_served(household: Household) -> None:
    """Name, address and e-mail are there, so that a reader can prove that it does not keep them."""
    info = one(guide(household, date(2025, 5, 1), date(2025, 5, 2)), ".//FlexStatement[1]/AccountInformation").attrib
    assert all(info[name] for name in ("name", "street", "city", "postalCode", "primaryEmail"))


def test_a_window_begins_with_the_account(household: Household) -> None:
    """Earlier days are cut off; there is no statement of a window without a weekday of the account."""
    statement = Statement(household, GUIDE, date(2024, 12, 1), date(2025, 1, 10), period="", generated=GENERATED)
    assert statement.first == household.first_day
    for first, last in ((date(2024, 1, 1), date(2025, 1, 1)), (date(2025, 3, 1), date(2025, 3, 2))):
        with pytest.raises(ValueError, match="no statement"):
            Statement(household, GUIDE, first, last, period="", generated=GENERATED)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("105.50", "105.5"),
        ("0E-7", "0"),
        ("-0.00", "0"),
        ("1E+3", "1000"),
        ("-12", "-12"),
        ("1E-9", "0.000000001"),
    ],
)
def test_numbers_are_written_plainly(value: str, text: str) -> None:
    """No exponent, no trailing zeros, no negative zero."""
    assert number(Decimal(value)) == text
