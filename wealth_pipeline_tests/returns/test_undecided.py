"""What may be a flow and is not always one: the twr decides, or the account's other days, or nothing is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.small import DAYS, by_day, cash_report, change, days, reason, statement

WITHHELD = ["withheld", None]
GRANT = {"grantActivity": "50"}


def test_an_undecided_component_of_a_day_is_withheld_unless_something_shows_what_it_is(tmp_path: Path) -> None:
    parts = {
        "NOTHING": {1: GRANT},
        "UNHEARD": {1: {"somethingNew": "50"}},
        "FLOW": {1: GRANT | {"twr": "0"}, 2: GRANT},
        "GAIN": {1: GRANT | {"twr": "50"}, 2: GRANT},
        "BOTH": {1: GRANT | {"twr": "0"}, 2: GRANT | {"twr": "33.333333333"}, 3: GRANT},
    }
    navs = ["100", "150", "200", "250"]
    with opened(tmp_path) as house:
        made = [by_day(account, navs[: 1 + len(one)], one) for account, one in parts.items()]
        assert house.load(flexml.file(*(one for each in made for one in each))).status == "loaded"
        assert days(house.con, "NOTHING", "status, return_percent, flow_in") == {1: [*WITHHELD, None]}
        assert reason(house.con, "NOTHING", 1) == "it is not known whether grantActivity is a flow"
        assert reason(house.con, "UNHEARD", 1) == "it is not known whether somethingNew is a flow"
        assert days(house.con, "FLOW") == {1: ["shown", 0.0], 2: ["shown", 0.0]}
        assert days(house.con, "GAIN") == {1: ["shown", 50.0], 2: ["shown", pytest.approx(100 / 3)]}
        assert days(house.con, "BOTH")[3] == WITHHELD
        rules = house.con.execute("SELECT account_id, components, no_flows FROM flow_rules ORDER BY ALL").fetchall()
        assert rules == [("BOTH", [], []), ("FLOW", ["grantActivity"], []), ("GAIN", [], ["grantActivity"])]
        assert house.con.execute("SELECT sum(amount_base) FROM flows WHERE account_id = 'NOTHING'").fetchone() == (100,)


def test_what_a_later_file_shows_of_a_component_counts_for_the_days_before(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        one, two = by_day("A", ["100", "150", "200"], {1: GRANT, 2: GRANT | {"twr": "33.333333333"}})
        house.load(flexml.file(one))
        assert days(house.con, "A")[1] == WITHHELD
        house.load(flexml.file(two))
        assert days(house.con, "A")[1] == ["shown", 50.0]


def test_the_return_of_a_period_shows_that_a_component_of_its_days_is_no_flow(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        of_days = by_day("A", ["100", "150", "150"], {1: GRANT}, DAYS[9])
        whole = change("A", "100", "150", 1, 2, grantActivity="50", twr="50")
        period = statement("A", {0: "100", 1: "150", 2: "150"}, ChangeInNAV=whole)
        house.load(flexml.file(period))
        house.load(flexml.file(*of_days))
        assert days(house.con, "A") == {1: ["shown", 50.0], 2: ["shown", 0.0]}


@pytest.mark.parametrize("listed", [False, True], ids=["plain", "with a Change in NAV of the period"])
def test_an_undecided_component_of_the_cash_report_withholds_the_days_of_its_period(
    tmp_path: Path, listed: bool
) -> None:
    names = ("linkingAdjustments", "paxosTransfers", "donations", "excessFundSweep", "other", "somethingNew")
    navs = {0: "100", 1: "100", 2: "150", 3: "150"}
    statements = []
    for name in names:
        beside: dict[str, Any] = {"ChangeInNAV": change(name, "100", "150", 1, 3, **{name: "50"})} if listed else {}
        report = cash_report(name, "100", "150", 1, 3, **{name: "50"})
        statements.append(statement(name, navs, CashReport=report, CashTransactions=[], Transfers=[], **beside))
    with opened(tmp_path) as house:
        house.load(flexml.file(*statements))
        for name in names:
            assert days(house.con, name) == {1: WITHHELD, 2: WITHHELD, 3: WITHHELD}
            assert reason(house.con, name, 2) == f"it is not known whether {name} is a flow"


def test_an_account_that_begins_with_an_undecided_component_withholds_the_household(tmp_path: Path) -> None:
    with opened(tmp_path) as house:
        first = change("NEW", "0", "100", 2, linkingAdjustments="100", twr="0")
        new = statement("NEW", {2: "100"}, first=2, ChangeInNAV=first)
        house.load(flexml.file(*by_day("OLD", ["100", "100", "100"], {}), new))
        found = house.con.execute(
            "SELECT status, return_percent, reason FROM household_daily WHERE report_date = ?", [DAYS[2]]
        ).fetchone()
        assert found == ("withheld", None, "NEW: its flows are not known")
