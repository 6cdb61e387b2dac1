"""What the returns cost: all of them from nothing, and their share of a day's load."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from benchmarks import history, statements
from benchmarks.measure import ROOT, Cost, Table, action, alternating, fresh, ratio
from wealth_pipeline.sandbox.household.household import DEFAULT_FIRST_DAY, Household
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse

_SCAN = "SELECT report_date, account_id, total, day_change, proof FROM nav_history"


def returns(root: Path, quick: bool, against: Path | None = None) -> None:
    """All returns from nothing, x a scan of the NAV history; a day's load, x that of another tree of the code."""
    table = Table("Returns, in processor time")
    _from_nothing(root, quick, table)
    if against:
        _of_a_load(root, quick, table, against)
    table.show()


def _from_nothing(root: Path, quick: bool, table: Table) -> None:
    accounts, years = (10, 2) if quick else (100, 10)
    folder = history.build(root, accounts, years, positions=1)
    history.flows(folder)
    Warehouse(DataFolder(folder)).publish()
    database = folder / "wealth.duckdb"
    costs = alternating(
        3 if quick else 5,
        {
            "returns": fresh(root / "returned", folder, "returned"),
            "rows": action("fetched", database, _SCAN),
            "columns": action("queried", database, _SCAN),
        },
    )
    shutil.rmtree(folder)
    what = f"{accounts} accounts and {years} years from nothing, x a plain scan of the NAV history"
    times = ratio(costs["returns"], costs["rows"], _cpu)
    taken, limit = (median(map(_cpu, costs[side])) for side in ("returns", "rows"))
    bound = None if quick else 40
    table.add(f"{what} into Python's rows", f"{times:.1f} ({taken:.2f} s : {limit:.2f} s)", times, bound)
    table.add(f"{what} into an Arrow table", f"{ratio(costs['returns'], costs['columns'], _cpu):.0f}")


def _of_a_load(root: Path, quick: bool, table: Table, against: Path) -> None:
    """A file of one day of the sandbox's household, after its first day and after three months, in both trees."""
    household = Household()
    days = list(islice(statements.weekdays(DEFAULT_FIRST_DAY), 64))
    for what, last in (("a day", 0), ("three months", 60)):
        before = _file(root, household, days[0], days[last])
        files = [_file(root, household, day, day) for day in days[last + 1 : last + 4]]
        trees = {"own": ROOT, "other": against}
        actions: dict[str, Callable[[], Cost]] = {}
        for name, tree in trees.items():
            like = root / f"{name}-{before.stem}"
            action("imported", like, before, root=tree)()
            actions[name] = fresh(root / "day", like, "imported", *files, root=tree)
        costs = alternating(2 if quick else 5, actions)
        times = ratio(costs["own"], costs["other"], _cpu)
        own, other = (median(map(_cpu, of)) / len(files) for of in costs.values())
        table.add(
            f"a day's load of the sandbox after {what}, x {against.name}",
            f"{times:.2f} ({own:.2f} s : {other:.2f} s)", times, 1.2,
        )  # fmt: skip


def _file(root: Path, household: Household, first: date, last: date) -> Path:
    path = root / f"sandbox-{first}-{last}.xml"
    generated = datetime.combine(last + timedelta(days=1), time(6))
    path.write_bytes(b"".join(Statement(household, FULL, first, last, "", generated).render()))
    return path


def _cpu(cost: Cost) -> float:
    return cost.cpu
