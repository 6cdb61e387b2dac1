"""A NAV, the flow and IBKR's return of a day are those of the newest statement that covers it, or nothing is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.flexml import Value
from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.small import DAYS, by_day, cash_report, change, days, moved, paid, statement

WITHHELD = ["withheld", None]
LATER = DAYS[19]


def test_the_flow_of_an_older_statement_is_not_used_with_a_nav_that_a_newer_one_states(tmp_path: Path) -> None:
    old = by_day("A", ["100", "100", "150"], {2: {"depositsWithdrawals": "50"}})
    with opened(tmp_path) as house:
        house.load(flexml.file(*old))
        house.load(flexml.file(statement("A", {0: "100", 1: "100", 2: "200"}, LATER)))
        assert days(house.con, "A") == {1: ["shown", 0.0], 2: WITHHELD}
        then = "SELECT status, return_percent FROM returns_asof(?) WHERE report_date = ?"
        assert house.con.execute(then, [DAYS[9], DAYS[2]]).fetchone() == ("shown", 0.0)
        assert house.con.execute(then, ["2026-05-01", DAYS[2]]).fetchone() == ("withheld", None)


@pytest.mark.parametrize("restated", [{0: "100", 1: "105", 2: "110"}, {0: "100", 1: "100", 2: "121"}])
def test_the_return_of_an_older_statement_is_not_used_with_navs_that_a_newer_one_states(
    tmp_path: Path, restated: dict[int, Value]
) -> None:
    with opened(tmp_path) as house:
        house.load(flexml.file(*by_day("A", ["100", "100", "110"], {2: {"twr": "10"}})))
        assert days(house.con, "A")[2] == ["shown", pytest.approx(10)]
        house.load(flexml.file(statement("A", restated, LATER)))
        assert days(house.con, "A")[2] == WITHHELD


@pytest.mark.parametrize("end", ["110", "121"])
def test_an_older_return_is_not_used_where_the_newest_change_in_nav_was_set_aside(tmp_path: Path, end: Value) -> None:
    with opened(tmp_path) as house:
        house.load(flexml.file(*by_day("A", ["100", "100", "110"], {2: {"twr": "10"}})))
        unreadable = change("A", "100", end, 2) | {"dividends": "abc"}
        house.load(flexml.file(statement("A", {1: "100", 2: end}, LATER, ChangeInNAV=unreadable)))
        assert days(house.con, "A")[2] == WITHHELD


def test_a_newer_statement_with_transfers_or_a_cash_report_can_say_otherwise_of_the_flow(tmp_path: Path) -> None:
    report = cash_report("REPORT", "100", "150", 2, 2, deposits="50", depositWithdrawals="50")
    row = moved("MOVED", 2, positionAmount="50", positionAmountInBase="50")
    with opened(tmp_path) as house:
        house.load(flexml.file(*(one for a in ("MOVED", "REPORT") for one in by_day(a, ["100", "100", "150"], {}))))
        house.load(
            flexml.file(
                statement("MOVED", {1: "100", 2: "150"}, LATER, Transfers=[row]),
                statement("REPORT", {1: "100", 2: "150"}, LATER, CashReport=report),
            )
        )
        assert days(house.con, "MOVED")[2] == WITHHELD
        assert days(house.con, "REPORT")[2] == WITHHELD


def test_a_change_in_nav_that_ends_with_another_nav_says_nothing_of_the_day(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        off = change("A", "100", "110", 1, depositsWithdrawals="10")
        house.load(flexml.file(statement("A", {0: "100", 1: "130"}, ChangeInNAV=off)))
        assert days(house.con, "A")[1] == WITHHELD


@pytest.mark.parametrize("section", ["ChangeInNAV", "CashReport"])
def test_the_flows_of_an_older_period_are_not_used_for_the_steps_about_a_nav_that_was_restated(
    tmp_path: Path, section: str
) -> None:
    stated = {
        "ChangeInNAV": change("A", "100", "150", 1, 4, depositsWithdrawals="50"),
        "CashReport": cash_report("A", "100", "150", 1, 4, deposits="50", depositWithdrawals="50"),
    }[section]
    navs: dict[int, Value] = {0: "100", 1: "100", 2: "150", 3: "150", 4: "150"}
    rows: dict[str, Any] = {"CashTransactions": [paid("A", 2, "50")], "Transfers": [], section: stated}
    with opened(tmp_path) as house:
        house.load(flexml.file(statement("A", navs, **rows)))
        house.load(flexml.file(statement("A", navs | {2: "200"}, LATER, Transfers=[])))
        assert days(house.con, "A") == {1: ["shown", 0.0], 2: WITHHELD, 3: WITHHELD, 4: ["shown", 0.0]}
        again = DAYS[19].replace(day=DAYS[19].day + 1)
        house.load(flexml.file(statement("A", navs | {2: "200"}, again, **rows)))
        assert days(house.con, "A")[2] == ["shown", pytest.approx(100 / 3)]
