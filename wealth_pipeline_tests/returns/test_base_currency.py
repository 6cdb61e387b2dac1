"""An account whose base currency changed: its NAVs are in two currencies."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from wealth_pipeline_tests.returns.statements import FlexFile, files
from wealth_pipeline_tests.returns.test_household import DAYS, House, account, books


def test_a_step_between_two_base_currencies_is_withheld_and_each_nav_counts_in_its_own(tmp_path: Path) -> None:
    """A has 100 euros and then 80 dollars, which is the same at 0.8; B has dollars throughout."""
    made = books(account("A", (0,) * 5, base="EUR"), account("B", (0,) * 5))
    made.rates = {(one, other, day): Decimal("0.8") for one, other, day in made.rates}
    begun = FlexFile([one for file in files(made) for one in file.statements if one.last <= DAYS[2]])
    a = account("A", (0,) * 5)
    for day, row in a.rows.items():
        a.rows[day] = replace(row, start_cash=Decimal(80))
    made.accounts["A"] = a
    rest = FlexFile([one for file in files(made) for one in file.statements if one.last > DAYS[2]])
    for one in rest.statements:
        # No row of the day before: that would be in the new currency.
        if one.account == "A" and one.first == DAYS[3]:
            one.sections["EquitySummaryInBase"] = one.sections["EquitySummaryInBase"][1:]
    house = House(tmp_path)
    house.load(begun, rest)
    days = "SELECT status, return_percent, reason FROM returns_daily WHERE account_id = 'A' ORDER BY report_date"
    changed = ("withheld", None, "the account's base currency changed")
    assert house.rows(days)[1:] == [*[("shown", 0, None)] * 2, changed, *[("shown", 0, None)] * 2]
    values = house.rows("SELECT status, end_value FROM household_daily ORDER BY report_date")
    assert values == [("none", 180), ("shown", 180), ("withheld", 180), ("shown", 180), ("shown", 180)]
