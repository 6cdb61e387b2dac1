"""What an account cost in a year: where Change in NAV says so, where the rows do, and where nobody can know."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from wealth_pipeline.sandbox.household.household import Household
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, TUESDAY, Row, file, flex, nav

from .conftest import House

NEW_YEAR, NEW_YEARS_EVE = date(2025, 1, 1), date(2024, 12, 31)


def changes(**parts: Any) -> Row:
    return {"startingValue": "100", "endingValue": "100", "commissions": "0", "otherFees": "0", **parts}


def fee(amount: str, kind: str = "Other Fees", **other: Any) -> Row:
    return {"type": kind, "currency": "USD", "fxRateToBase": "1", "amount": amount, "reportDate": MONDAY, **other}


def year(first: date, last: date, *days: date, **sections: Any) -> str:
    """A FlexStatement of a period with the NAV of some of its days."""
    about: dict[str, Any] = {
        "AccountInformation": {"currency": "USD"},
        "EquitySummaryInBase": [nav(day) for day in days],
    }
    return flex(day=last, first=first, **about, **sections)


def costs(house: House) -> dict[str, tuple[str | None, ...]]:
    """Amount, percent, source and reason of each kind in 2025."""
    rows = house.texts("SELECT kind, amount_base, percent, source, reason FROM costs_yearly WHERE year = 2025")
    return {str(kind): tuple(figures) for kind, *figures in rows}


def test_a_years_statement_tells_its_costs_in_percent_of_the_average_nav(house: House) -> None:
    """The row of the day before the period needs no cover: it is the account's first."""
    parts = changes(commissions="-2", forexCommissions="-1", otherFees="-3", advisorFees="-1", brokerFees="0.5",
                    transactionTax="-0.4", salesTax="-0.1", withholdingTax="-1.5", withholding871m="-0.5")  # fmt: skip
    house.loaded(file(year(NEW_YEAR, TUESDAY, NEW_YEARS_EVE, FRIDAY, MONDAY, TUESDAY, ChangeInNAV=parts)))
    found = costs(house)
    assert {kind: figures[:3] for kind, figures in found.items() if kind != "interest_paid"} == {
        "commissions": ("-3", "-3.0", "nav_changes"),
        "fees": ("-3.5", "-3.5", "nav_changes"),
        "taxes": ("-0.5", "-0.5", "nav_changes"),
        "withholding_tax": ("-2", "-2.0", "nav_changes"),
    }
    assert found["interest_paid"] == (None, None, None, "CashTransactions of the whole year are not there")


@pytest.mark.parametrize(
    ("periods", "amount"),
    [
        ([(FRIDAY, FRIDAY), (MONDAY, MONDAY)], "-2"),
        ([(FRIDAY, FRIDAY), (MONDAY, MONDAY), (FRIDAY, MONDAY)], "-2"),
        ([(NEW_YEAR, FRIDAY), (date(2025, 3, 8), MONDAY)], "-2"),
        ([(NEW_YEAR, MONDAY), (FRIDAY, MONDAY)], "-1"),
        ([(NEW_YEAR, FRIDAY), (FRIDAY, MONDAY)], None),
        ([(MONDAY, MONDAY)], None),
        ([(NEW_YEARS_EVE, FRIDAY), (MONDAY, MONDAY)], None),
    ],
    ids=["days", "days first", "months", "the longest", "an overlap", "a hole", "over the new year"],
)
def test_periods_count_where_they_cover_the_year_once(
    house: House, periods: list[tuple[date, date]], amount: str | None
) -> None:
    first = year(NEW_YEAR, MONDAY, date(2025, 3, 6), FRIDAY, MONDAY)
    house.loaded(file(first, *(year(a, b, ChangeInNAV=changes(otherFees="-1")) for a, b in periods)))
    assert costs(house)["fees"][0] == amount


def test_else_the_rows_tell_unless_one_is_lacking(house: House) -> None:
    trade = {"currency": "USD", "fxRateToBase": "1", "reportDate": MONDAY, "proceeds": "9", "transactionID": "7"}
    rows = [
        fee("-3"), fee("-1", "Advisor Fees"), fee("-2", "Broker Interest Paid"), fee("5", "Broker Interest Received"),
        fee("-4", "Withholding Tax", currency="CHF", fxRateToBase=None), fee("0.5", "Commission Adjustments"),
    ]  # fmt: skip
    sections: dict[str, Any] = {
        "CashTransactions": rows,
        "Trades": [trade | {"ibCommission": "-1.5", "ibCommissionCurrency": "USD", "taxes": "-0.2"}],
    }
    house.loaded(file(year(NEW_YEAR, MONDAY, NEW_YEARS_EVE, FRIDAY, MONDAY, **sections)))
    assert costs(house) == {
        "commissions": ("-1", "-1.0", "trades", None),
        "fees": ("-4", "-4.0", "cash_transactions", None),
        "interest_paid": ("-2", "-2.0", "cash_transactions", None),
        "taxes": (None, None, None, "sales tax has no rows"),
        "withholding_tax": (None, None, None, "a row has no rate"),
    }


def test_that_no_interest_was_paid_is_known_where_the_rows_are_all_the_interest_there_is(house: House) -> None:
    sections: dict[str, Any] = {
        "CashTransactions": [fee("5", "Broker Interest Received")],
        "ChangeInNAV": changes(interest="5"),
    }
    house.loaded(file(year(NEW_YEAR, MONDAY, NEW_YEARS_EVE, MONDAY, **sections)))
    assert costs(house)["interest_paid"] == ("0", "0.0", "nav_changes", None)
    other = flex("U2", MONDAY, first=NEW_YEAR, **sections | {"ChangeInNAV": changes(interest="4")})
    navs = [{**nav(day), "accountId": "U2"} for day in (NEW_YEARS_EVE, MONDAY)]
    house.loaded(file(other, flex("U2", EquitySummaryInBase=navs)))
    assert house.rows(
        "SELECT amount_base, reason FROM costs_yearly"
        " WHERE account_id = 'U2' AND kind = 'interest_paid' AND year = 2025"
    ) == [(None, "no row says so: the type may not be ticked")]


def test_in_the_sandbox_the_rows_say_what_change_in_nav_says(house: House) -> None:
    """To the last digit, wherever they can."""
    generated = datetime(2026, 8, 1, 6)  # noqa: DTZ001 - the sandbox takes New York time without a zone
    house.loaded(b"".join(Statement(Household(), FULL, date(2026, 3, 16), date(2026, 4, 3), "", generated).render()))
    query = "SELECT account_id, kind, amount_base, source FROM costs_yearly WHERE kind <> 'interest_paid' ORDER BY ALL"
    stated = {(account, kind): amount for account, kind, amount, source in house.rows(query) if source == "nav_changes"}
    assert len(stated) == 8
    house.con.execute("DELETE FROM nav_changes")
    listed = {(account, kind): amount for account, kind, amount, source in house.rows(query) if source}
    assert listed
    assert all(stated[key] == amount < Decimal(0) for key, amount in listed.items())
