"""`make bench`: every promise on speed and memory, measured side by side, each figure beside its bound.

Everything is written to a temporary folder and removed at the end. A ratio is the median over several rounds in which
both sides ran in turn.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks import history, statements
from benchmarks.measure import Cost, Table, action, alternating, command, fresh, ratio, seconds
from benchmarks.returns import returns
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.settings import Settings

MB = 1_000_000


def imports(root: Path, quick: bool) -> None:
    """Import against the empty iterparse and the peers, and memory by the size of the file."""
    table, memory = Table("Import"), Table("Memory of an import")
    peaks: dict[int, int] = {}
    for size, rounds in ((1, 5), (10, 5), (100, 5), (1000, 3)):
        if quick and size == 1000:
            continue
        path = statements.write(root / f"{size}.xml", size)
        costs = alternating(
            2 if quick else rounds,
            {
                "iterparse": action("iterparse", path),
                "import": fresh(root / "imported", None, "imported", path),
            },
        )
        times = ratio(costs["import"], costs["iterparse"])
        cpu = ratio(costs["import"], costs["iterparse"], lambda cost: cost.cpu)
        taken, limit = seconds(costs["import"]), seconds(costs["iterparse"])
        table.add(
            f"{size} MB, x the empty iterparse",
            f"{times:.2f} ({taken:.2f} s : {limit:.2f} s; processor time {cpu:.2f})",
            times,
            3.0 if size >= 100 else None,
        )
        peaks[size] = max(cost.peak for cost in costs["import"])
        memory.add(f"{size} MB", f"{peaks[size] / MB:.0f} MB", peaks[size] / MB, 400 if size >= 100 else None)
        if size == 100:
            _peers(root, path, table, quick)
        path.unlink()
    table.show()
    largest = max(peaks)
    memory.add(
        f"{largest} MB, x the peak at 10 MB", f"{peaks[largest] / peaks[10]:.2f}", peaks[largest] / peaks[10], 1.3
    )
    memory.show()


def _peers(root: Path, path: Path, table: Table, quick: bool) -> None:
    venv = root / "ib_async"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin" / "pip", "install", "--quiet", "ib_async"], check=True, stderr=subprocess.DEVNULL)
    costs = alternating(
        1 if quick else 3,
        {
            "import": fresh(root / "imported", None, "imported", path),
            "ibflex, parsing only": action("ibflex", path),
            "ib_async, parsing only": action("ib_async", path, python=str(venv / "bin" / "python")),
        },
    )
    own = costs.pop("import")
    for peer, cost in costs.items():
        share = ratio(own, cost)
        table.add(
            f"100 MB, x {peer}", f"{share:.2f} ({seconds(own):.2f} s : {seconds(cost):.2f} s)",
            share, 0.333 if "ibflex" in peer else None,
        )  # fmt: skip


def days(root: Path, quick: bool) -> None:
    """A day's load by the history there is, and by the number of accounts."""
    table = Table("A day's load: 2 accounts, 100 positions and 100 lots each; the copy of the published file apart")
    files = [history.day_file(root, 2, number) for number in range(1, 4)]
    none = {accounts: history.build(root, accounts, 0) for accounts in (2, 100)}
    actions = {0: fresh(root / "day", none[2], "imported", *files)}
    for years in (1, 5, 10):
        actions[years] = fresh(root / "day", history.build(root, 2, years), "imported", *files)
    costs = alternating(2 if quick else 7, actions)  # type: ignore[arg-type]

    def apart(cost: Cost) -> float:
        return (cost.wall - cost.publish) / len(files)

    for years in actions:
        of = costs[years]  # type: ignore[index]
        publish = seconds([Cost(cost.publish / len(files), 0) for cost in of])
        times = ratio(of, costs[0], apart)  # type: ignore[index]
        table.add(
            f"{years} years of history, x none", f"{times:.2f} ({seconds([Cost(apart(c), 0) for c in of]):.3f} s,"
            f" and {publish:.3f} s for the copy)", times, 1.3 if years else None,
        )  # fmt: skip
    many = [history.day_file(root, 100, number) for number in range(1, 4)]
    costs = alternating(
        1 if quick else 3,
        {
            "2": fresh(root / "day", none[2], "imported", *files),
            "100": fresh(root / "day", none[100], "imported", *many),
        },
    )
    times = ratio(costs["100"], costs["2"], apart)
    table.add("100 accounts, x 2 accounts (50 x the rows)", f"{times:.1f}", times, 50)
    table.show()


def replays(root: Path, quick: bool) -> None:
    """Replay against the sum of its imports."""
    table = Table("Replay")
    paths = []
    for number, day in zip(range(10 if quick else 40), statements.weekdays(), strict=False):
        path = root / f"replay-{number}.xml"
        path.write_bytes(b"".join(statements.statement(2, [day])))
        paths.append(path)
    size = sum(path.stat().st_size for path in paths) / MB
    folder = root / "replayed"
    costs = alternating(
        1 if quick else 3,
        {
            "imports": fresh(folder.with_name("imported"), None, "imported", *paths),
            "replay": fresh(folder, _archive_of(root, paths), "replayed"),
        },
    )
    times = ratio(costs["replay"], costs["imports"])
    taken = seconds(costs["replay"])
    table.add(f"{len(paths)} statements, x the sum of their imports", f"{times:.2f}", times, 1.2)
    table.add("statements a second", f"{len(paths) / taken:.1f}")
    table.add("MB a second", f"{size / taken:.1f}")
    table.show()


def _archive_of(root: Path, paths: list[Path]) -> Path:
    folder = root / "archived"
    action("imported", folder, *paths)()
    for name in ("warehouse.duckdb", "wealth.duckdb"):
        (folder / name).unlink()
    return folder


NAV = "report_date, account_id, total, day_change, proof"
NEWEST = "(SELECT max(report_date) FROM nav_versions)"


def _read(table: str, columns: str) -> str:
    """A scan of these columns that makes no rows of them."""
    return f"SELECT {', '.join(f'max({name})' for name in columns.split(', '))} FROM {table}"


#: What is asked; a plain scan of the columns that it needs (which gives every row, where the question does); and a
#: bound in seconds.
QUERIES = {
    "NAV history of all accounts": (
        f"SELECT {NAV} FROM nav_history ORDER BY report_date, account_id", f"SELECT {NAV} FROM nav_history", 0.05,
    ),
    "latest positions": (
        "SELECT account_id, symbol, quantity, position_value_base FROM positions_latest ORDER BY ALL",
        _read("positions_versions", "account_id, report_date, known_to, symbol, quantity, position_value_base"), 0.05,
    ),
    "allocation by month": (
        "SELECT report_date, asset_class, sum(nav_value_base) FROM positions WHERE report_date IN"
        " (SELECT max(report_date) FROM nav GROUP BY date_trunc('month', report_date)) GROUP BY ALL ORDER BY ALL",
        _read("positions_versions", "report_date, known_to, asset_class, nav_value_base"), 1.0,
    ),
    "positions of a day as known then": (
        f"SELECT account_id, symbol, quantity, position_value_base FROM positions_asof({NEWEST})"
        f" WHERE report_date = {NEWEST} - 7",
        _read("positions_versions",
              "account_id, report_date, known_from, known_to, symbol, quantity, position_value_base"), None,
    ),
    "NAV history as known then": (
        f"SELECT report_date, account_id, total FROM nav_asof({NEWEST})",
        _read("nav_versions", "report_date, account_id, total, known_from, known_to"), None,
    ),
}  # fmt: skip


def queries(root: Path, quick: bool) -> None:
    """What people ask, of 100 accounts with ten years of daily positions."""
    folder = history.build(root, 100, 1 if quick else 9.6)
    database = folder / "wealth.duckdb"
    with duckdb.connect(str(database), read_only=True) as con:
        (rows,) = con.execute("SELECT count(*) FROM positions_versions").fetchone() or (0,)
    table = Table(f"Queries at {rows:,} position rows ({database.stat().st_size / MB:,.0f} MB)")
    for what, (query, scan, bound) in QUERIES.items():
        costs = alternating(
            3 if quick else 7,
            {
                "query": action("queried", database, query),
                "scan": action("queried", database, scan),
            },
        )
        taken, times = seconds(costs["query"]), ratio(costs["query"], costs["scan"])
        table.add(f"{what}, ms", f"{taken * 1000:.0f}", taken * 1000, bound and bound * 1000)
        table.add(f"{what}, x a plain scan of the same columns", f"{times:.2f}", times, 2)
    table.show()
    shutil.rmtree(folder)


def runs(root: Path, quick: bool) -> None:
    """A nightly run through Dagster against trivial assets."""
    table = Table("A nightly run through Dagster, without the pauses that IBKR's limits ask for")
    assets = len(definitions(Settings.load()).resolve_asset_graph().get_all_asset_keys())
    costs = alternating(
        2 if quick else 5,
        {
            "nightly": fresh(root / "nightly", None, "nightly"),
            "trivial": fresh(root / "trivial", None, "trivial_run", assets),
        },
    )
    times = ratio(costs["nightly"], costs["trivial"])
    table.add(
        f"x a run of {assets} trivial assets",
        f"{times:.2f} ({seconds(costs['nightly']):.2f} s : {seconds(costs['trivial']):.2f} s)", times, 1.5,
    )  # fmt: skip
    table.show()


def starts(root: Path, quick: bool) -> None:
    """Start-up of the commands."""
    table = Table("Start-up")
    wealth = str(Path(sys.executable).with_name("wealth"))
    folder = root / "started"
    action("imported", folder, history.day_file(root, 2, 0))()
    os.environ["WEALTH_DATA_DIR"] = str(folder)
    pairs = {
        "wealth --help": ((wealth, "--help"), "import click", 3.0),
        "wealth sql": ((wealth, "sql", "select 1"), "import duckdb", 3.0),
        "dagster definitions validate": (
            (str(Path(wealth).with_name("dagster")), "definitions", "validate", "-w", "workspace.yaml"),
            "import dagster",
            None,
        ),
    }
    for what, (words, statement, bound) in pairs.items():
        costs = alternating(
            3 if quick else 11,
            {"command": command(*words), "import": command(sys.executable, "-c", statement)},
        )
        times = ratio(costs["command"], costs["import"])
        table.add(
            f'{what}, x python -c "{statement}"', f"{times:.2f} ({seconds(costs['command']):.2f} s)", times, bound
        )
    table.show()


SECTIONS = {f.__name__: f for f in (starts, imports, days, returns, replays, queries, runs)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller files and fewer rounds: a few minutes")
    parser.add_argument("--against", type=Path, help="another tree of the code, whose day's load `returns` compares")
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], help="only these")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wealth-bench-") as folder:
        # Nothing of the user's own settings, and no file outside the temporary folder.
        for name in [n for n in os.environ if n.startswith(("IBKR_", "WEALTH_", "DAGSTER_"))]:
            del os.environ[name]
        os.environ |= {"WEALTH_DATA_DIR": folder, "DAGSTER_DISABLE_TELEMETRY": "1"}
        print(
            f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
        )
        for name in options.sections or SECTIONS:
            more = {"against": options.against.resolve()} if name == "returns" and options.against else {}
            SECTIONS[name](Path(folder), options.quick, **more)


if __name__ == "__main__":
    main()
