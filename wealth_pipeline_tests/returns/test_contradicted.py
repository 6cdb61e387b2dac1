"""Where IBKR's own return of a day is another one than ours: it is used and named, and no flow that it contradicts."""

from __future__ import annotations

from pathlib import Path

from wealth_pipeline_tests import flexml
from wealth_pipeline_tests.fuzz.house import opened
from wealth_pipeline_tests.returns.small import by_day, days


def test_a_loss_of_everything_is_shown_only_where_the_return_of_ibkr_does_not_contradict_it(tmp_path: Path) -> None:
    parts = {"OTHER": {1: {"twr": "0"}}, "SAME": {1: {"twr": "-100"}}, "SILENT": {}}
    emptied = {1: {"depositsWithdrawals": "-100", "twr": "0"}}
    with opened(tmp_path) as house:
        made = [by_day(account, ["100", "0"], one) for account, one in {**parts, "EMPTIED": emptied}.items()]
        house.load(flexml.file(*(one for each in made for one in each)))
        assert days(house.con, "OTHER")[1] == ["ibkr", 0.0]
        assert days(house.con, "SAME")[1] == ["shown", -100.0]
        assert days(house.con, "SILENT")[1] == ["shown", -100.0]
        assert days(house.con, "EMPTIED")[1] == ["none", None]


def test_a_flow_that_the_return_of_ibkr_contradicts_counts_nowhere(tmp_path: Path) -> None:
    parts = {1: {"depositsWithdrawals": "100", "twr": "110"}, 2: {"twr": "0"}}
    with opened(tmp_path) as house:
        house.load(flexml.file(*by_day("A", ["100", "210", "210"], parts)))
        shown = days(house.con, "A", "status, return_percent, flow_in, flow_out, gain")
        assert shown[1] == ["ibkr", 110.0, None, None, None]
        assert house.con.execute("SELECT count(*) FROM flows WHERE kind = 'deposit'").fetchone() == (0,)
        periods = house.con.execute(
            "SELECT scope, gain, net_flows FROM returns_periods WHERE period = 'since_start' ORDER BY scope"
        ).fetchall()
        assert periods == [("A", 110, 0), ("household", 110, 0)]
        said = "SELECT reason FROM reconciliation WHERE check_name = 'return' AND status = 'failed'"
        assert house.con.execute(said).fetchall() == [("it would fit if this counted otherwise: depositsWithdrawals",)]
