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
