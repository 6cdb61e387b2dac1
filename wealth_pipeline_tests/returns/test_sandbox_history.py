"""Every return of the sandbox's households is IBKR's own, as an independent piece of code makes that in fractions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from wealth_pipeline.sandbox.household.flows import EURO, FLOWS, JOINING, LEAVING, MAIN
from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, Household
from wealth_pipeline.sandbox.household.scenario import DEFAULT, Scenario
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline_tests.fuzz.house import opened

LAST_DAY = date(2025, 5, 9)
#: The days without a return, and why: an account's first NAV; one that left, with a NAV of zero since; one that is
#: emptied, stays empty, and is funded again.
WITHOUT = {
    (MAIN, "2025-01-02"), (EURO, "2025-01-02"), (LEAVING, "2025-01-02"), (JOINING, "2025-02-05"),
    *((LEAVING, f"2025-03-{day}") for day in (27, 28, 31)),
    *((JOINING, f"2025-04-{day:02}") for day in (9, 10, 11, 14, 15, 16, 17, 18)),
}  # fmt: skip


def history(scenario: Scenario) -> bytes:
    """The whole history as one statement, broken out by day."""
    known = scenario.known_at(DEFAULT_FIRST_DAY, LAST_DAY)
    household = Household(scenario=scenario) if known is None else Household(scenario=scenario, known=known)
    generated = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 23, 0)  # noqa: DTZ001 - New York time
    return b"".join(Statement(household, FULL, DEFAULT_FIRST_DAY, LAST_DAY, period="", generated=generated).render())


@pytest.mark.parametrize(
    "scenario, timing, components",
    [
        (replace(FLOWS, grants_are_flows=False), "start", []),
        (replace(FLOWS, flow_timing="end", position_fx="fxTranslation"), "end", ["grantActivity"]),
    ],
    ids=["outflows at the start", "outflows at the end"],
)
def test_every_return_of_the_household_with_flows_is_that_of_ibkr(
    scenario: Scenario, timing: str, components: list[str], tmp_path: Path
) -> None:
    with opened(tmp_path) as house:
        house.load(history(scenario), "yyyyMMdd")
        rows = house.con.execute(
            "SELECT account_id, CAST(report_date AS VARCHAR), r.status, proof, p.status, f.status FROM returns_daily r"
            " JOIN (FROM reconciliation WHERE check_name = 'return') p USING (account_id, report_date)"
            " JOIN (FROM reconciliation WHERE check_name = 'flows') f USING (account_id, report_date)"
        ).fetchall()
        rules = house.con.execute("SELECT account_id, timing, components FROM flow_rules").fetchall()
    assert {row[:2] for row in rows if row[2] == "none"} == WITHOUT
    shown = [row for row in rows if row[:2] not in WITHOUT]
    assert len(shown) == 300
    assert {row[2:] for row in shown} == {("shown", "passed", "passed", "passed")}
    assert sorted(rules) == [(MAIN, timing, components), (EURO, timing, []), (LEAVING, timing, [])]


def test_every_return_of_the_default_household_is_that_of_ibkr(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        house.load(history(DEFAULT), "yyyyMMdd")
        rows = house.con.execute(
            "SELECT r.status, p.status, count(*) FROM returns_daily r JOIN (FROM reconciliation"
            " WHERE check_name = 'return') p USING (account_id, report_date) GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    assert rows == [("none", "not_evaluable", 2), ("shown", "passed", 182)]
