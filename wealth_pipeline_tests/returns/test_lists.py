"""When the rows of Cash Transactions and Transfers are all of a period's flows, and when nobody can know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.flexml import Value
from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.small import cash_report, days, moved, statement

#: A NAV that rises by 50 on the second day of its period; one that rises on the first and falls on the third.
RISING: dict[int, Value] = {0: "100", 1: "100", 2: "150", 3: "150"}
THERE_AND_BACK: dict[int, Value] = {0: "100", 1: "150", 2: "150", 3: "100"}
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
