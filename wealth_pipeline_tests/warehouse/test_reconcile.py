# ruff: noqa: DTZ001 - the sandbox takes New York time without a zone
"""Each proof passes on books that balance and fails on one cent, and it is the right proof that fails."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.statement.statement import FULL, GUIDE, Statement
from wealth_pipeline.warehouse.proofs.proofs import names
from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, TUESDAY, Row, cash, file, flex, lot, nav, position, rate

from .conftest import House

DAY = date(2026, 3, 18)
PROOFS = set(names())


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
    passed = house.rows("SELECT check_name, count(*)::INT FROM reconciliation WHERE status = 'passed' GROUP BY ALL")
    # The row of the day before the window has its parts, and nothing else to compare them with.
    # Of income, the one day on which dividends were paid.
    assert dict(passed) == dict.fromkeys(PROOFS, 30) | {"parts": 32, "income": 2}
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
        (NAV_ROW, "total", {"parts", "bridge", "return", "flows"}),
        (NAV_ROW, "interestAccruals", {"parts"}),
        (NAV_ROW, "stock", {"parts", "positions"}),
        (NAV_ROW, "cash", {"parts", "cash"}),
        (NAV_ROW, "dividendAccruals", {"parts", "dividends"}),
        (SUMMARY.format("STK"), "positionValue", {"positions", "lots", "cost"}),
        (SUMMARY.format("BOND"), "positionValue", {"positions", "lots"}),
        (SUMMARY.format("STK"), "position", {"lots"}),
        (SUMMARY.format("STK"), "costBasisMoney", {"lots", "cost"}),
        (SUMMARY.format("STK"), "fifoPnlUnrealized", {"lots", "cost"}),
        (SUMMARY.format("OPT"), "fifoPnlUnrealized", {"lots", "cost"}),
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
    # The return differs in percent.
    differences = house.rows(
        "SELECT abs(difference), check_name FROM reconciliation WHERE status = 'failed' AND check_name <> 'return'"
    )
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
    ((found, given),) = house.rows(
        "SELECT status, reason FROM reconciliation WHERE check_name = 'bridge' AND report_date = '2025-03-10'"
    )
    assert (found, reason in given) == (status, True)


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
    assert {name for name, status in proofs.items() if status == "passed"} == PROOFS - {"lots", "cost", "income"}
    assert house.texts("SELECT total, day_change, proof FROM nav_history ORDER BY report_date DESC LIMIT 1") == [
        ("7678.155297533", "3.89", "passed")
    ]


def shown(house: House, check: str, day: date = MONDAY) -> tuple[str, str | None]:
    """The status and the reason of a proof of the account U1."""
    ((status, reason),) = house.rows(
        "SELECT status, reason FROM reconciliation WHERE account_id = 'U1' AND check_name = ? AND report_date = ?",
        check,
        day,
    )
    return status, reason


#: What every account's NAV row has, when the query ticks it.
CORE: dict[str, Any] = {"stock": "0", "options": "0", "bonds": "0", "dividendAccruals": "0", "interestAccruals": "0"}


@pytest.mark.parametrize(
    ("row", "status", "reason"),
    [
        (nav(total="150", cash="100", **{**CORE, "stock": None}), "not_evaluable", "fields of the NAV: stock"),
        (nav(total="150", cash="100"), "not_evaluable", "stock, options, bonds, dividendAccruals, interestAccruals"),
        (nav(total="150", cash="100", **CORE), "failed", None),
        (nav(total="150", cash="100", stock="50"), "passed", None),
    ],
)
def test_parts_that_the_query_lacks_need_not_add_up(house: House, row: Row, status: str, reason: str | None) -> None:
    """With every column that each account has, what does not add up fails; what adds up is proved in any case."""
    house.loaded(file(flex(EquitySummaryInBase=[row])))
    found, given = shown(house, "parts")
    assert found == status
    assert reason is None or reason in (given or "")


@pytest.mark.parametrize(
    ("sides", "status"), [(("60", "-10"), "passed"), (("60", "-11"), "not_evaluable"), (("60", None), "not_evaluable")]
)
def test_a_component_without_a_value_counts_by_its_sides(
    house: House, sides: tuple[str, str | None], status: str
) -> None:
    """IBKR: it is the sum of its Long and its Short; without one of them the query lacks the component."""
    row = nav(total="150", cash="100", **{**CORE, "stock": "", "stockLong": sides[0], "stockShort": sides[1]})
    house.loaded(file(flex(EquitySummaryInBase=[row])))
    assert shown(house, "parts")[0] == status


def test_only_what_is_no_part_of_a_component_is_named_beside_the_parts(house: House) -> None:
    """IBKR: the ...Component attributes are parts of cash and accruals; a new amount must not hide among them."""
    told_apart: dict[str, Any] = {"brokerCashComponent": "", "brokerCashComponentLong": "9", "newComponentFee": "4"}
    house.loaded(file(flex(EquitySummaryInBase=[nav(total="100", cash="100", **CORE, **told_apart)])))
    assert shown(house, "parts") == ("passed", "other components: newComponentFee 4")


CHANGES = {
    "startingValue": "100", "endingValue": "150", "dividends": "0", "withholdingTax": "0", "interest": "0",
    "commissions": "0", "otherFees": "0", "changeInDividendAccruals": "0", "changeInInterestAccruals": "0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"mtm": "0"}, "not_evaluable", "the query lacks fields of the Change in NAV: depositsWithdrawals"),
        ({"depositsWithdrawals": "0"}, "not_evaluable", "the query lacks fields of the Change in NAV: mtm"),
        (
            {"depositsWithdrawals": "0", "realized": "0"},
            "not_evaluable",
            "the query lacks fields of the Change in NAV: changeInUnrealized",
        ),
        ({"depositsWithdrawals": "0", "realized": "0", "changeInUnrealized": "0"}, "failed", "period from 2025-03-10"),
        ({"depositsWithdrawals": "0", "mtm": "0"}, "failed", "period from 2025-03-10"),
        ({"mtm": "0", "endingValue": "140"}, "failed", "ending value"),
        ({"mtm": "50"}, "passed", "period from 2025-03-10"),
    ],
)
def test_changes_that_the_query_lacks_need_not_add_up(house: House, changes: Row, status: str, reason: str) -> None:
    """A deposit of 50 that the query does not show; the NAV at both ends is compared whatever it lacks."""
    row = nav(total="150")
    house.loaded(file(flex(EquitySummaryInBase=[nav(FRIDAY), row], ChangeInNAV={**CHANGES, **changes})))
    found, given = shown(house, "bridge")
    assert (found, (given or "").split(";")[0]) == (status, reason)


FLOWS = dict.fromkeys(
    ("accountTransfers", "brokerInterest", "commissions", "dividends", "internalTransfers", "netTradesPurchases",
     "netTradesSales", "otherFees", "transactionTax", "withholdingTax"),
    "0",
)  # fmt: skip


@pytest.mark.parametrize(
    ("flows", "status", "reason"),
    [
        ({}, "not_evaluable", "the query lacks fields of the Cash Report: deposits, withdrawals"),
        ({"deposits": "70"}, "not_evaluable", "the query lacks fields of the Cash Report: withdrawals"),
        ({"deposits": "70", "depositWithdrawals": "50"}, "passed", None),
        ({"deposits": "70", "withdrawals": "-20", "depositWithdrawals": "50"}, "passed", None),
        ({"deposits": "70", "withdrawals": "-20"}, "passed", None),
        ({"depositWithdrawals": "40"}, "failed", "currency BASE_SUMMARY"),
        ({"deposits": "70", "withdrawals": "-30"}, "failed", "currency BASE_SUMMARY"),
    ],
)
def test_deposits_are_counted_once_and_those_that_the_query_lacks_are_named(
    house: House, flows: Row, status: str, reason: str | None
) -> None:
    """Cash went from 50 to 100."""
    house.loaded(file(flex(CashReport=[{**cash(), "startingCash": "50", **FLOWS, **flows}])))
    assert shown(house, "cash_flow") == (status, reason)


MONDAYS: dict[str, Any] = {
    "OpenPositions": [position()],
    "CashReport": [cash()],
    "OpenDividendAccruals": [{"symbol": "ACME", "currency": "USD", "fxRateToBase": "1", "netAmount": "3"}],
    "ChangeInNAV": {"startingValue": "150", "endingValue": "153", "mtm": "3"},
}


def mondays_nav(stock: str = "50", cash: str = "100", dividends: str = "3") -> Row:
    """Monday's NAV in all parts that something else proves."""
    total = sum(map(Decimal, (stock, cash, dividends)))
    return nav(total=total, cash=cash, stock=stock, dividendAccruals=dividends)


def test_a_nav_that_was_restated_after_the_rest_was_seen_is_not_evaluable_until_it_is_seen_again(house: House) -> None:
    """A plain query states the NAV of every day, and the rest of its last day only."""
    first = file(flex(generated="20250311;060000", EquitySummaryInBase=[mondays_nav()], **MONDAYS))
    restated = mondays_nav("51", "102", "4")
    plain = file(
        flex(
            day=TUESDAY,
            first=FRIDAY,
            generated="20250312;060000",
            EquitySummaryInBase=[restated, nav(TUESDAY)],
        )
    )
    house.loaded(first)
    rests = ("positions", "cash", "dividends", "bridge")
    assert {check: shown(house, check)[0] for check in rests} == dict.fromkeys(rests, "passed")
    house.loaded(plain)
    assert {check: shown(house, check) for check in rests} == {
        "positions": ("not_evaluable", "the positions are known only from an older statement than the NAV"),
        "cash": ("not_evaluable", "the cash is known only from an older statement than the NAV"),
        "dividends": ("not_evaluable", "the dividend accruals are known only from an older statement than the NAV"),
        "bridge": ("not_evaluable", "the changes are known only from an older statement than the NAV"),
    }
    # The newest statement confirms what does not match: versions fold it into the first, but it fails.
    house.loaded(file(flex(generated="20250313;060000", EquitySummaryInBase=[restated], **MONDAYS)))
    assert {check: shown(house, check)[0] for check in rests} == dict.fromkeys(rests, "failed")


def test_a_proof_that_failed_is_not_excused_by_a_newer_statement_with_the_same_nav(house: House) -> None:
    """The next day's statement repeats Monday's NAV."""
    house.loaded(file(flex(generated="20250311;060000", EquitySummaryInBase=[mondays_nav("51")], **MONDAYS)))
    house.loaded(
        file(
            flex(
                day=TUESDAY, generated="20250312;060000", EquitySummaryInBase=[mondays_nav("51"), nav(TUESDAY)],
            )
        )
    )  # fmt: skip
    assert shown(house, "positions") == ("failed", "class stock")
    assert shown(house, "bridge")[0] == "failed"


def test_a_starting_value_is_not_compared_with_a_nav_that_was_restated_since(house: House) -> None:
    changes = {"startingValue": "100", "endingValue": "110", "mtm": "10"}
    house.loaded(
        file(
            flex(generated="20250311;060000", EquitySummaryInBase=[nav(FRIDAY), nav(total="110")], ChangeInNAV=changes)
        )
    )
    assert shown(house, "bridge")[0] == "passed"
    house.loaded(file(flex(day=FRIDAY, generated="20250312;060000", EquitySummaryInBase=[nav(FRIDAY, "101")])))
    assert shown(house, "bridge") == (
        "not_evaluable",
        "the changes are known only from an older statement than the NAV before 2025-03-10",
    )


@pytest.mark.parametrize(
    ("day", "value", "status"),
    [
        (FRIDAY, "1.1", "not_evaluable"),
        (FRIDAY, "1.2", "passed"),
        (MONDAY, "1.1", "failed"),
        (MONDAY, "1.2", "passed"),
    ],
)
@pytest.mark.parametrize("check", ["positions", "cash", "dividends"])
def test_a_rate_of_another_day_proves_what_adds_up_and_makes_nothing_fail(
    house: House, check: str, day: date, value: str, status: str
) -> None:
    """In euros, in an account in dollars; IBKR valued it at 1.2."""
    sections: dict[str, dict[str, Any]] = {
        "positions": {"OpenPositions": [position(currency="EUR", fxRateToBase=None)]},
        "cash": {"CashReport": [cash(ending="60"), cash("EUR", "50")]},
        "dividends": {"OpenDividendAccruals": [{"symbol": "ACME", "currency": "EUR", "netAmount": "50"}]},
    }
    part = {"positions": "stock", "cash": "cash", "dividends": "dividendAccruals"}[check]
    row = {**nav(total="60", cash="0"), part: "60"}
    house.loaded(file(flex(EquitySummaryInBase=[row], ConversionRates=[rate("EUR", value, day)], **sections[check])))
    found, given = shown(house, check)
    assert found == status
    if status == "not_evaluable":
        assert given == "EUR is converted at the rate of 2025-03-07"


def test_a_rate_of_another_day_excuses_no_other_class(house: House) -> None:
    house.loaded(
        file(
            flex(
                EquitySummaryInBase=[nav(total="120", cash="0", stock="60", options="60")],
                ConversionRates=[rate("EUR", "1.1", FRIDAY)],
                OpenPositions=[
                    position(currency="EUR", fxRateToBase=None),
                    position(conid="2", assetCategory="OPT", positionValue="59.99"),
                ],
            )
        )
    )
    assert shown(house, "positions") == ("failed", "class options")


@pytest.mark.parametrize(
    ("position_cost", "lot_cost", "status"), [(None, "40", "passed"), ("40", None, "passed"), ("40", "41", "failed")]
)
def test_a_cost_basis_by_price_is_not_compared_with_the_lots(
    house: House, position_cost: str | None, lot_cost: str | None, status: str
) -> None:
    """A price has fewer decimals than the money: 3.9999999 x 10 is not 40."""
    rows = [
        position(costBasisMoney=position_cost, costBasisPrice="3.9999999"),
        lot(costBasisMoney=lot_cost, costBasisPrice="3.9999999"),
    ]
    house.loaded(file(flex(EquitySummaryInBase=[nav(total="50", cash="0", stock="50")], OpenPositions=rows)))
    assert shown(house, "lots")[0] == status


def test_the_lots_say_how_many_positions_have_none(house: House) -> None:
    rows = [position(), lot(), position(conid="2"), position(conid="3")]
    house.loaded(file(flex(EquitySummaryInBase=[nav(total="150", cash="0", stock="150")], OpenPositions=rows)))
    assert shown(house, "lots") == ("passed", "2 of 3 positions have no lots")
    rows[1] = lot(position="11")
    house.loaded(file(flex(generated="20250402;060000", OpenPositions=rows)))
    assert shown(house, "lots") == ("failed", "quantity of ACME; 2 of 3 positions have no lots")


def test_a_position_made_of_its_lots_proves_nothing(house: House) -> None:
    house.loaded(file(flex(EquitySummaryInBase=[nav(stock="50")], OpenPositions=[lot()])))
    assert shown(house, "lots") == ("not_evaluable", "the positions are made of the lots")
    rows = [lot(), position(conid="2"), lot(conid="2")]
    house.loaded(file(flex(generated="20250402;060000", OpenPositions=rows)))
    assert shown(house, "lots") == ("passed", None)


def test_a_reason_names_five_of_many(house: House) -> None:
    positions = [position(conid=str(n), symbol=f"S{n}", currency="EUR", fxRateToBase=None) for n in range(1, 9)]
    house.loaded(file(flex(EquitySummaryInBase=[nav(stock="50")], OpenPositions=positions)))
    assert shown(house, "positions") == (
        "not_evaluable",
        "no value or no rate in base currency for S1, S2, S3, S4, S5 and 3 more",
    )


def test_a_lacking_figure_is_not_called_a_lacking_rate(house: House) -> None:
    house.loaded(
        file(
            flex(
                EquitySummaryInBase=[nav(dividendAccruals="3")],
                CashReport=[cash(), cash("EUR", None), cash("CHF", "1")],
                OpenDividendAccruals=[
                    {"symbol": "ACME", "currency": "USD", "fxRateToBase": "1"},
                    {"symbol": "OTHER", "currency": "CHF", "netAmount": "1"},
                ],
            )
        )
    )
    assert shown(house, "dividends") == (
        "not_evaluable",
        "no net amount for ACME, no rate in base currency for OTHER",
    )
    assert shown(house, "cash") == (
        "passed",
        "currencies not checked: no ending cash in EUR, no conversion rate for CHF",
    )


@pytest.mark.parametrize(("difference", "status"), [(0, "passed"), (1, "failed")])
@pytest.mark.parametrize(
    ("check", "terms"), [("parts", 6), ("positions", 2), ("cash", 1), ("the currencies of the cash", 3)]
)
def test_a_difference_of_exactly_the_tolerance_passes_and_one_unit_more_fails(
    house: House, check: str, terms: int, difference: int, status: str
) -> None:
    """A unit is the last decimal of the figures; each term may be rounded by one, and the sum."""
    off = (terms + 1 + difference) * Decimal("0.0000001")
    hundred, fifty = Decimal(100), Decimal(50)
    sections: dict[str, dict[str, Any]] = {
        "parts": {"EquitySummaryInBase": [nav(total=hundred + off, cash=hundred, **CORE)]},
        "positions": {
            "EquitySummaryInBase": [nav(cash="0", stock=hundred)],
            "OpenPositions": [position(), position(conid="2", positionValue=fifty + off)],
        },
        "cash": {"EquitySummaryInBase": [nav()], "CashReport": [cash(ending=hundred + off)]},
        "the currencies of the cash": {
            "EquitySummaryInBase": [nav()],
            "ConversionRates": [rate("EUR", "1"), rate("CHF", "1")],
            "CashReport": [cash(), cash("USD", fifty + off), cash("EUR", "40"), cash("CHF", "10")],
        },
    }
    house.loaded(file(flex(**sections[check])))
    name = check.rsplit(maxsplit=1)[-1]
    assert shown(house, name)[0] == status
    failures = house.rows("SELECT abs(difference), tolerance FROM reconciliation WHERE status = 'failed'")
    assert failures == [(off, (terms + 1) * Decimal("0.0000001"))] * difference
