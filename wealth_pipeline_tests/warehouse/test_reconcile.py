# ruff: noqa: DTZ001 - the sandbox takes New York time without a zone
"""Each proof passes on books that balance and fails on one cent, and it is the right proof that fails."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from lxml import etree

from wealth_pipeline.sandbox.household import Household
from wealth_pipeline.sandbox.statement import FULL, GUIDE, Statement
from wealth_pipeline_tests.flexml import FRIDAY, cash, file, flex, nav, position

from .conftest import House

DAY = date(2026, 3, 18)
PROOFS = {"positions", "cash", "dividends", "parts", "bridge", "cash_flow", "lots"}


def sandbox(query: str, first: date, last: date) -> bytes:
    return b"".join(Statement(Household(), query, first, last, "", datetime(2026, 8, 1, 6)).render())


@pytest.fixture(scope="module")
def one_day() -> bytes:
    """The first account's day, of the query with every section."""
    tree = etree.fromstring(sandbox(FULL, DAY, DAY))
    statements = tree[0]
    statements.remove(statements[1])
    return etree.tostring(tree)


def failed(house: House) -> set[str]:
    return {name for (name,) in house.rows("SELECT check_name FROM reconciliation WHERE status = 'failed'")}


def test_all_proofs_pass_on_books_that_balance(house: House) -> None:
    """Every account, every day, every proof; the first day has no day before it."""
    house.loaded(sandbox(FULL, date(2026, 3, 16), date(2026, 4, 3)))
    assert failed(house) == set()
    told = house.rows("SELECT check_name, count(*)::INT FROM reconciliation WHERE status = 'passed' GROUP BY ALL")
    # The row of the day before the window has its parts, and nothing else to compare them with.
    assert dict(told) == dict.fromkeys(PROOFS, 30) | {"parts": 32}
    assert {row[0] for row in house.rows("SELECT proof FROM nav_history WHERE report_date >= '2026-03-16'")} == {
        "passed"
    }


def test_a_plain_query_proves_its_last_day_and_says_why_not_the_others(house: House) -> None:
    """Positions and cash exist at the end of the window only."""
    house.loaded(sandbox(GUIDE, date(2026, 3, 16), DAY))
    assert failed(house) == set()
    reasons = house.rows(
        "SELECT DISTINCT reason FROM reconciliation WHERE check_name = 'positions' AND status = 'not_evaluable'"
    )
    assert [reason.split(":")[0] for (reason,) in reasons] == ["no positions for this day"]


NAV_ROW = f"//EquitySummaryByReportDateInBase[@reportDate='{DAY:%Y%m%d}']"
SUMMARY = "//OpenPosition[@levelOfDetail='SUMMARY' and @assetCategory='{}']"


@pytest.mark.parametrize(
    ("path", "attribute", "proofs"),
    [
        (NAV_ROW, "total", {"parts", "bridge"}),
        (NAV_ROW, "interestAccruals", {"parts"}),
        (NAV_ROW, "stock", {"parts", "positions"}),
        (NAV_ROW, "cash", {"parts", "cash"}),
        (NAV_ROW, "dividendAccruals", {"parts", "dividends"}),
        (SUMMARY.format("STK"), "positionValue", {"positions", "lots"}),
        (SUMMARY.format("BOND"), "positionValue", {"positions", "lots"}),
        (SUMMARY.format("STK"), "position", {"lots"}),
        ("//OpenPosition[@levelOfDetail='LOT']", "positionValue", {"lots"}),
        ("//OpenPosition[@levelOfDetail='LOT']", "position", {"lots"}),
        ("//OpenPosition[@levelOfDetail='LOT']", "costBasisMoney", {"lots"}),
        ("//CashReportCurrency[@currency='BASE_SUMMARY']", "endingCash", {"cash", "cash_flow"}),
        ("//CashReportCurrency[@currency='EUR']", "endingCash", {"cash", "cash_flow"}),
        ("//CashReportCurrency[@currency='EUR']", "startingCash", {"cash_flow"}),
        ("//CashReportCurrency[@currency='USD']", "dividends", {"cash_flow"}),
        ("//OpenDividendAccrual", "netAmount", {"dividends"}),
        ("//ChangeInNAV", "mtm", {"bridge"}),
        ("//ChangeInNAV", "startingValue", {"bridge"}),
        ("//ChangeInNAV", "endingValue", {"bridge"}),
    ],
)
def test_one_cent_makes_the_right_proofs_fail(
    house: House, one_day: bytes, path: str, attribute: str, proofs: set[str]
) -> None:
    """A figure that two proofs cover fails both; the others still pass."""
    tree = etree.fromstring(one_day)
    found = tree.xpath(path)
    assert isinstance(found, list)
    row = found[0]
    assert isinstance(row, etree._Element)
    row.set(attribute, str(Decimal(row.get(attribute, "")) + Decimal("0.01")))
    house.loaded(etree.tostring(tree))
    assert failed(house) == proofs
    differences = house.rows("SELECT abs(difference), check_name FROM reconciliation WHERE status = 'failed'")
    assert all(Decimal("0.001") < difference < Decimal("0.1") for difference, _ in differences)


def test_both_ways_of_the_market_result_are_not_added(house: House) -> None:
    """mtm and realized + changeInUnrealized are alternatives; both filled cannot be proved."""
    changes = {"startingValue": "90", "endingValue": "100", "mtm": "10", "realized": "4", "changeInUnrealized": "6"}
    house.loaded(file(flex(EquitySummaryInBase=[nav()], ChangeInNAV=changes)))
    assert house.proofs()["bridge"] == "not_evaluable"
    house.loaded(
        file(flex(generated="20250402;060000", EquitySummaryInBase=[nav()], ChangeInNAV={**changes, "mtm": "0"}))
    )
    assert house.proofs()["bridge"] == "passed"


@pytest.mark.parametrize(
    ("before", "status", "reason"),
    [
        (FRIDAY, "failed", "starting value against the NAV before 2025-03-10"),
        (date(2025, 3, 6), "passed", "starting value not compared: no NAV for the weekday before"),
    ],
)
def test_a_starting_value_is_compared_with_the_weekday_before_and_no_older_one(
    house: House, before: date, status: str, reason: str
) -> None:
    """Over a hole in the history the NAV changes without anybody's mistake."""
    changes = {"startingValue": "90", "endingValue": "100", "mtm": "10"}
    house.loaded(file(flex(EquitySummaryInBase=[nav(before, "80"), nav()], ChangeInNAV=changes)))
    ((found, why),) = house.rows(
        "SELECT status, reason FROM reconciliation WHERE check_name = 'bridge' AND report_date = '2025-03-10'"
    )
    assert (found, reason in why) == (status, True)


def test_a_nav_row_with_a_total_alone_proves_nothing(house: House) -> None:
    """Which columns arrive depends on the fields that are ticked."""
    house.loaded(
        file(flex(EquitySummaryInBase=[{**nav(), "cash": None}], OpenPositions=[position()], CashReport=[cash()]))
    )
    assert set(house.proofs().values()) == {"not_evaluable", "passed"}
    assert {name for name, status in house.proofs().items() if status == "passed"} <= {"cash_flow"}


def test_one_accounts_failure_is_not_anothers(house: House) -> None:
    """The proof stands in each account's row."""
    house.loaded(
        file(
            flex(EquitySummaryInBase=[nav(stock="1")], OpenPositions=[], CashReport=[cash()]),
            flex(
                "U2",
                EquitySummaryInBase=[{**nav(stock="0"), "accountId": "U2"}],
                OpenPositions=[],
                CashReport=[{**cash(), "accountId": "U2"}],
            ),
        )
    )
    assert house.rows("SELECT account_id, proof FROM nav_history ORDER BY 1") == [("U1", "failed"), ("U2", "passed")]


def test_the_golden_day_of_a_real_statement_is_proved(house: House) -> None:
    """Figures of a published, sanitised statement: 7609.09 in stock a day before, nine decimals in cash."""
    before, day = date(2023, 3, 1), date(2023, 3, 2)
    first = nav(
        before, "7674.265297533", cash="62.905297533", stock="7609.09", options="-14.46", dividendAccruals="16.73"
    )
    second = nav(day, "7678.155297533", cash="57.505297533", stock="7612.42", options="-9.48", dividendAccruals="17.71")
    house.loaded(
        file(
            flex(
                day=day,
                generated="20230416;030420",
                EquitySummaryInBase=[first, second],
                ChangeInNAV={
                    "startingValue": "7674.265297533",
                    "mtm": "8.31",
                    "changeInDividendAccruals": "0.98",
                    "otherFees": "-4.5",
                    "salesTax": "-0.9",
                    "endingValue": "7678.155297533",
                    "twr": "0.050688891",
                },
                CashReport=[
                    {
                        **cash(ending="57.505297533"),
                        "startingCash": "62.905297533",
                        "otherFees": "-4.5",
                        "salesTax": "-0.9",
                    }
                ],
                OpenPositions=[
                    position(reportDate=day, positionValue="7612.42"),
                    position(reportDate=day, conid="2", assetCategory="OPT", positionValue="-9.48"),
                ],
                OpenDividendAccruals=[
                    {"symbol": s, "currency": "USD", "fxRateToBase": "1", "grossAmount": "99", "netAmount": n}
                    for s, n in (("A", "11.53"), ("B", "5.2"), ("C", "0.98"))
                ],
            )
        )
    )
    proofs = house.proofs()
    assert {name for name, status in proofs.items() if status == "passed"} == PROOFS - {"lots"}
    assert house.texts("SELECT total, day_change, proof FROM nav_history ORDER BY report_date DESC LIMIT 1") == [
        ("7678.155297533", "3.89", "passed")
    ]
