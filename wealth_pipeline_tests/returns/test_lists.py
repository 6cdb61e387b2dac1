"""When the rows of Cash Transactions and Transfers are all of a period's flows, and when nobody can know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.flexml import Value
from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.small import cash_report, change, days, moved, paid, statement

#: A NAV that rises by 50 on the second day of its period; one that rises on the first and falls on the third.
RISING: dict[int, Value] = {0: "100", 1: "100", 2: "150", 3: "150"}
THERE_AND_BACK: dict[int, Value] = {0: "100", 1: "150", 2: "150", 3: "100"}
FALLING: dict[int, Value] = {0: "100", 1: "100", 2: "70", 3: "70"}
WITHHELD = ["withheld", None]
ALL_WITHHELD = {1: WITHHELD, 2: WITHHELD, 3: WITHHELD}


def found(folder: Path, navs: Mapping[int, Value], **sections: Any) -> dict[int, Any]:
    """The days of an account whose statement over three days has these sections."""
    given: dict[str, Any] = {"CashTransactions": [], "Transfers": [], **sections}
    with opened(folder) as house:
        loaded = house.load(flexml.file(statement("A", navs, **given)))
        assert loaded.status == "loaded", loaded.reason
        return days(house.con, "A")


@pytest.mark.parametrize(
    "row",
    [
        moved("A", 2),
        moved("A", 2, positionAmount="0", positionAmountInBase="0", cashTransfer="0"),
        moved("A", 2, quantity=None),
    ],
    ids=["not ticked", "zero", "nor the quantity"],
)
def test_a_position_that_was_moved_without_a_value_leaves_the_flow_unknown(tmp_path: Path, row: Any) -> None:
    report = cash_report("A", "100", "100", 1, 3)
    assert found(tmp_path, RISING, CashReport=report, Transfers=[row]) == ALL_WITHHELD


def test_a_position_that_was_moved_at_its_value_is_a_flow_whichever_of_the_two_values_is_there(tmp_path: Path) -> None:
    row = moved("A", 2, positionAmount="0", positionAmountInBase="50")
    report = cash_report("A", "100", "100", 1, 3)
    assert found(tmp_path, RISING, CashReport=report, Transfers=[row])[2] == ["shown", 0.0]


def test_cash_that_was_moved_without_an_amount_leaves_the_flow_unknown(tmp_path: Path) -> None:
    cash = {"assetCategory": "CASH", "symbol": None, "conid": None, "quantity": "0", "type": "INTERNAL"}
    rows = [moved("A", 1, **cash), moved("A", 3, **cash)]
    report = cash_report("A", "100", "100", 1, 3)
    assert found(tmp_path, THERE_AND_BACK, CashReport=report, Transfers=rows) == ALL_WITHHELD


def test_what_came_in_and_went_out_within_a_period_without_a_row_of_it_leaves_the_flows_unknown(tmp_path: Path) -> None:
    report = cash_report("A", "100", "100", 1, 3, deposits="50", withdrawals="-50")
    assert found(tmp_path, THERE_AND_BACK, CashReport=report) == ALL_WITHHELD


def test_a_cash_report_that_shows_more_beats_a_change_in_nav_in_which_it_adds_up_to_nothing(tmp_path: Path) -> None:
    report = cash_report("A", "100", "100", 1, 3, deposits="50", withdrawals="-50")
    beside = change("A", "100", "100", 1, 3)
    assert found(tmp_path, THERE_AND_BACK, CashReport=report, ChangeInNAV=beside) == ALL_WITHHELD


def test_kinds_that_add_up_to_nothing_leave_the_flows_unknown(tmp_path: Path) -> None:
    beside = change("A", "100", "100", 1, 3, internalCashTransfers="50", billPay="-50")
    assert found(tmp_path, THERE_AND_BACK, ChangeInNAV=beside) == ALL_WITHHELD


def test_a_deposit_that_was_reversed_is_no_contradiction(tmp_path: Path) -> None:
    report = cash_report("A", "100", "150", 1, 3, deposits="50", withdrawals="0", depositWithdrawals="50")
    rows = [paid("A", 2, "50"), paid("A", 2, "-50"), paid("A", 2, "50")]
    assert found(tmp_path, RISING, CashReport=report, CashTransactions=rows)[1] == ["shown", 0.0]


def test_a_cash_transaction_of_an_unknown_type_leaves_the_flows_of_its_period_unknown(tmp_path: Path) -> None:
    rows = [paid("A", 1, "50", "Gift"), paid("A", 3, "-50", "Gift")]
    report = cash_report("A", "100", "100", 1, 3)
    assert found(tmp_path, THERE_AND_BACK, CashReport=report, CashTransactions=rows) == ALL_WITHHELD


@pytest.mark.parametrize(
    "lacking", [("debitCardActivity", "billPay"), ("withdrawals", "depositWithdrawals")], ids=["kinds", "withdrawals"]
)
def test_a_cash_report_that_lacks_kinds_and_does_not_add_up_says_nothing_of_the_flows(
    tmp_path: Path, lacking: tuple[str, ...]
) -> None:
    report = cash_report("A", "100", "70", 1, 3, **dict.fromkeys(lacking))
    assert found(tmp_path, FALLING, CashReport=report) == ALL_WITHHELD


def test_a_kind_that_is_not_ticked_in_a_cash_report_that_adds_up_is_nothing(tmp_path: Path) -> None:
    report = cash_report("A", "100", "70", 1, 3, debitCardActivity=None, billPay=None, otherFees="-30")
    assert found(tmp_path, FALLING, CashReport=report)[2] == ["shown", pytest.approx(-30)]
