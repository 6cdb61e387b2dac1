"""The simulated year, for three mornings: over a weekend and a clock change, with three kinds of trouble."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from wealth_pipeline.sandbox.flex.faults import SEND
from wealth_pipeline_tests.long_runs.year import Plan, Simulation, new_york, whole_year


@pytest.mark.slow
def test_three_mornings_end_with_every_day_present_and_every_promise_kept(tmp_path: Path) -> None:
    plan = Plan(
        first=date(2025, 3, 7),
        last=date(2025, 3, 11),
        faults={date(2025, 3, 7): ("1001", SEND)},
        late={date(2025, 3, 11): new_york(date(2025, 3, 11), 8)},
        off=[(new_york(date(2025, 3, 7), 13), new_york(date(2025, 3, 8), 10))],
    )
    simulation = Simulation(plan, tmp_path / "data", tell=False)
    simulation.run()
    assert list(simulation.broken_promises()) == []
    assert (simulation.counts["runs that failed"], simulation.counts["runs that succeeded"]) == (2, 3)
    assert simulation.human_actions == []


def test_the_years_plan_has_forty_different_faults_and_both_clock_changes() -> None:
    plan = whole_year()
    assert len(plan.faults) == len(set(plan.faults.values())) == 40
    assert plan.first < date(2025, 3, 9) < date(2025, 11, 2) < plan.last
