"""A conversion rate counts whichever account's statement brings it, and whenever it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest

from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.books import Flow
from wealth_pipeline_tests.returns.statements import FlexFile, files
from wealth_pipeline_tests.returns.test_household import DAYS, account, books

#: What 50 euros are that come in on the day, in dollars.
COMING = Flow(kind="deposit", day=DAYS[2], currency="EUR", amount=Decimal(50), rate=Decimal("1.1"))


def statements() -> dict[str, FlexFile]:
    """Of A, whose euros come without a rate; of B, which has the rates; and of B later, with another one of the day."""
    made = books(account("A", (0, 0, 0), COMING), account("B", (0, 0, 0)))
    made.shape = "plain"
    made.rates = dict.fromkeys(made.rates, COMING.rate)
    a, b = (replace(one, sections=dict(one.sections)) for file in files(made) for one in file.statements)
    a.sections["ConversionRates"] = []
    # A balance in euros would be valued again with the rate, and its day with it.
    a.sections["CashReport"] = [row for row in a.sections["CashReport"] if row["currency"] != "EUR"]
    a.sections["CashTransactions"] = [{**row, "fxRateToBase": None} for row in a.sections["CashTransactions"]]
    other = [{**row, "rate": Decimal("1.2")} for row in b.sections["ConversionRates"]]
    later = replace(b, generated=b.generated + timedelta(days=9), sections={**b.sections, "ConversionRates": other})
    return {name: FlexFile([one]) for name, one in (("A", a), ("B", b), ("later", later))}


def shown(folder: Path, loaded: Sequence[str]) -> list[tuple[str, float | None]]:
    """Status and return of A's days after these files."""
    made = statements()
    with opened(folder) as house:
        for name in loaded:
            assert house.load(made[name].data()).status == "loaded"
        return house.con.execute(
            "SELECT status, return_percent FROM returns_daily WHERE account_id = 'A' ORDER BY report_date"
        ).fetchall()


@pytest.mark.parametrize("order", [("A", "B"), ("B", "A")], ids="-".join)
def test_a_flow_is_known_once_the_rate_is_there_whichever_came_first(order: Sequence[str], tmp_path: Path) -> None:
    assert shown(tmp_path, order) == [("none", None), ("shown", 0), ("shown", 0), ("shown", 0)]


@pytest.mark.parametrize("order", list(permutations(("A", "B", "later"))), ids="-".join)
def test_a_flow_at_a_corrected_rate_is_compared_with_the_period_again(order: Sequence[str], tmp_path: Path) -> None:
    """50 euros at 1.2 are not the 55 dollars that the Cash Report states."""
    assert [status for status, _ in shown(tmp_path, order)] == ["none", "withheld", "withheld", "withheld"]
