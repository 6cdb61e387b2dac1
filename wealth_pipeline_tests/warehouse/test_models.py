"""A query that shows models: the account's figure is the sum of its models' rows, or none where one of them is odd."""

from __future__ import annotations

import pytest

from wealth_pipeline_tests.flexml import FRIDAY, MONDAY, Row, element, file, flex, nav

from .conftest import House

A: Row = {"model": "A", "startingValue": "200", "endingValue": "206", "mtm": "6", "twr": "3"}
B: Row = {"model": "B", "startingValue": "800", "endingValue": "804", "mtm": "4", "twr": "0.5"}
EARNED = "SELECT return_percent, reason FROM returns_daily WHERE report_date = '2025-03-10'"


def of_models(*changes: Row) -> bytes:
    """An account that earned 1 %, with a Change in NAV of each model."""
    rows = [nav(FRIDAY, "1000"), nav(MONDAY, "1010")]
    return file(flex(EquitySummaryInBase=rows, ChangeInNAV="".join(element("ChangeInNAV", row) for row in changes)))


def accrual(model: str | None, balance: str, currency: str = "USD", **other: str) -> Row:
    return {"model": model, "currency": currency, "endingAccrualBalance": balance, **other}


def test_the_returns_of_models_are_not_added_up(house: House) -> None:
    house.loaded(of_models(A, B))
    assert house.texts("SELECT component, amount FROM nav_changes ORDER BY 1") == [
        ("endingValue", "1010"), ("mtm", "10"), ("startingValue", "1000"),
    ]  # fmt: skip
    assert house.texts("SELECT status, ibkr_twr FROM returns_daily WHERE report_date = '2025-03-10'") == [
        ("shown", None)
    ]
    assert house.rows("SELECT round(return_percent, 9)::VARCHAR FROM nav_history ORDER BY report_date") == [
        (None,), ("1.0",),
    ]  # fmt: skip
    assert house.rows("SELECT check_name FROM reconciliation WHERE status = 'failed'") == []


@pytest.mark.parametrize("odd", [{"twr": "word"}, {"mtm": "4.0000000000001"}, {"fromDate": "soon"}])
def test_where_a_models_row_is_set_aside_the_other_models_do_not_stand_for_the_account(house: House, odd: Row) -> None:
    house.loaded(of_models(A, {**B, **odd}))
    assert house.rows("FROM nav_changes") == []
    reason = "the row of another model of its account was set aside"
    assert house.rows("SELECT row, reason = ? FROM rows_set_aside ORDER BY row", reason) == [(1, True), (2, False)]
    assert house.rows(EARNED)[0][0] is None
    assert "was set aside" in house.rows(EARNED)[0][1]


def test_only_what_an_odd_row_could_belong_to_is_set_aside_with_it(house: House) -> None:
    """Its currency's rows; all rows of the models where it has none."""
    rows = [accrual("A", "3"), accrual("B", "word"), accrual("A", "5", "EUR"), accrual("B", "6", "EUR")]
    house.loaded(file(flex(InterestAccruals=rows)))
    assert house.texts("SELECT currency, ending_accrual_balance FROM interest_accruals") == [("EUR", "11")]
    assert house.rows("SELECT row FROM rows_set_aside ORDER BY 1") == [(1,), (2,)]


def test_a_models_row_without_a_currency_may_belong_to_any(house: House) -> None:
    house.loaded(file(flex(InterestAccruals=[accrual("A", "3"), accrual("B", "4", ""), accrual("A", "5", "EUR")])))
    assert house.rows("FROM interest_accruals") == []
    assert house.rows("SELECT row FROM rows_set_aside ORDER BY 1") == [(1,), (2,), (3,)]


def test_an_odd_row_outside_of_models_takes_no_other_with_it(house: House) -> None:
    house.loaded(file(flex(InterestAccruals=[accrual(None, "3"), accrual(None, "word", "EUR")])))
    assert house.texts("SELECT currency FROM interest_accruals") == [("USD",)]
