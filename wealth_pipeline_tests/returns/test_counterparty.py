"""Who is named in `flows`: one of the accounts that are known, whichever of them came first; nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.statements import FlexFile, files
from wealth_pipeline_tests.returns.test_household import account, books, moved


@pytest.mark.parametrize("first", ["A", "B"])
def test_the_other_account_of_a_transfer_is_named_if_it_is_known_whichever_came_first(
    tmp_path: Path, first: str
) -> None:
    made = books(
        account("A", (5, 0), moved(-50, 1, "B"), moved(-20, 2, "U999")), account("B", (0, 0), moved(50, 1, "A"))
    )
    made.shape = "plain"
    every = [statement for file in files(made) for statement in file.statements]
    with opened(tmp_path) as house:
        for name in (first, *({"A", "B"} - {first})):
            file = FlexFile([statement for statement in every if statement.account == name])
            assert house.load(file.data()).status == "loaded"
        found = house.con.execute(
            "SELECT account_id, amount_base, source, counterparty_account FROM flows"
            " WHERE source = 'transfers' ORDER BY ALL"
        ).fetchall()
    assert found == [("A", -50, "transfers", "B"), ("A", -20, "transfers", None), ("B", 50, "transfers", "A")]
