"""What is measured, one action a process: `python -m benchmarks.actions NAME ARGUMENT...` prints its cost as JSON.

Each action imports what it needs first and returns the work to be timed, so that imports don't count; the peak of the
process's memory counts everything. This module must load without wealth_pipeline: the peers run in their own venv.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

Work = Callable[[], None]
#: Seconds of the work that the benchmark counts apart, by what they are spent on.
APART = {"publish": 0.0}


def iterparse(path: str) -> Work:
    """The limit: read every element of the XML and do nothing with it."""
    from lxml import etree

    def work() -> None:
        for _, element in etree.iterparse(path):
            element.clear()

    return work


def ibflex(path: str) -> Work:
    """Parse into ibflex's objects."""
    from ibflex import parser

    def work() -> None:
        parser.parse(path)

    return work


def ib_async(path: str) -> Work:
    """Parse with ib_async, and take out the positions: it reads values only then."""
    from ib_async import FlexReport

    return lambda: FlexReport(path=path).extract("OpenPosition")


def imported(folder: str, *paths: str) -> Work:
    """`wealth import`, with each file published before the next one: archive, parse, type, validate, load, publish."""
    from wealth_pipeline.pull import inbox
    from wealth_pipeline.tables.figures import TABLES
    from wealth_pipeline.warehouse.folder import DataFolder
    from wealth_pipeline.warehouse.warehouse import Warehouse

    assert all(table.rules is not None for table in TABLES)  # declares Pandera's schemas
    warehouse = Warehouse(DataFolder(Path(folder)))
    publish = warehouse.publish

    def timed_publish() -> None:
        begun = time.perf_counter()
        publish()
        APART["publish"] += time.perf_counter() - begun

    def work() -> None:
        for path in paths:
            with warehouse.writing():
                taken = list(inbox.take(warehouse, [Path(path)], "import"))
            assert [t.status for t in taken] == ["loaded"], taken

    warehouse.publish = timed_publish  # type: ignore[method-assign]
    return work


def replayed(folder: str) -> Work:
    """`wealth replay`."""
    from wealth_pipeline.warehouse.folder import DataFolder
    from wealth_pipeline.warehouse.warehouse import Warehouse

    warehouse = Warehouse(DataFolder(Path(folder)))

    def work() -> None:
        with warehouse.writing():
            assert {loaded.status for loaded in warehouse.replay()} == {"loaded"}

    return work


def queried(database: str, query: str) -> Work:
    """A query of the published database, its result as an Arrow table; the second of two, as the file is cached."""
    import duckdb

    con = duckdb.connect(database, read_only=True)
    con.sql(query).to_arrow_table()
    return lambda: con.sql(query).to_arrow_table()


def fetched(database: str, query: str) -> Work:
    """The same, its rows as Python's own objects."""
    import duckdb

    con = duckdb.connect(database, read_only=True)
    con.execute(query).fetchall()

    def work() -> None:
        con.execute(query).fetchall()

    return work


def returned(folder: str) -> Work:
    """All returns of a warehouse, their proofs, the household's and all periods, by the rules of a load, from nothing.

    A load finds out before which days it changed, and puts its own rows into temporary tables: here all days changed,
    and the tables are empty.
    """
    from wealth_pipeline.files.duck import connect
    from wealth_pipeline.warehouse import merge, rules, stage
    from wealth_pipeline.warehouse.folder import DataFolder
    from wealth_pipeline.warehouse.proofs import proofs

    con = connect(DataFolder(Path(folder)).warehouse)
    for table in ("returns_daily", "flows", "flow_rules_seen", "household_daily", "household_members"):
        con.execute(f"DELETE FROM {table}")
    con.execute("DELETE FROM returns_periods; DELETE FROM returns_monthly")
    con.execute("DELETE FROM reconciliation WHERE check_name IN ('return', 'flows')")
    con.execute(stage.stage_tables())
    con.execute("CREATE TEMP TABLE stage_base (ordinal INTEGER, account_id VARCHAR, base_currency VARCHAR)")
    con.execute("CREATE TEMP TABLE rate_changes AS SELECT report_date FROM fx_rates LIMIT 0")
    con.execute("CREATE TEMP TABLE bases AS SELECT account_id, base_currency FROM account_descriptions")
    con.execute("CREATE TEMP TABLE bases_before AS FROM bases")
    con.execute("CREATE TEMP TABLE days_to_prove AS SELECT account_id, report_date FROM nav")
    con.execute("CHECKPOINT")

    def work() -> None:
        con.begin()
        merge.returns(con)
        con.execute(proofs.verdicts("return", "flows"))
        con.execute(rules.script(rules.KEPT_RETURNS))
        con.execute(rules.script(rules.HOUSEHOLD_TOUCHED))
        merge.household(con)
        con.commit()
        con.close()

    return work


def nightly(folder: str) -> Work:
    """The main job for one day, with a month of history, from the run's start to the published database."""
    from contextlib import ExitStack
    from datetime import datetime, timedelta
    from functools import partial

    import wealth_pipeline.defs.resources
    from wealth_pipeline.calendar import Clock, last_weekdays
    from wealth_pipeline.flex.ledger import RequestLedger
    from wealth_pipeline.sandbox.flex.server import Sandbox

    closing = ExitStack()
    box = closing.enter_context(Sandbox(rate_limits=False))
    os.chdir(folder)
    os.environ |= {
        "WEALTH_DATA_DIR": folder,
        "IBKR_FLEX_URL": box.flex_url,
        "IBKR_FLEX_TOKEN": box.token,
        "IBKR_FLEX_QUERY_ID": box.query_id,
    }

    # The pauses that IBKR's limits ask for are left out: the clock moves on instead.
    class Ahead(Clock):
        slept = timedelta(0)

        def now(self) -> datetime:
            return super().now() + self.slept

        def sleep(self, seconds: float) -> None:
            self.slept += timedelta(seconds=seconds)

    wealth_pipeline.defs.resources.RequestLedger = partial(  # type: ignore[attr-defined, assignment]
        RequestLedger, clock=Ahead()
    )

    from wealth_pipeline.defs.runs import pull
    from wealth_pipeline.settings import Settings

    settings = Settings.load()
    days = last_weekdays(30, datetime.now().astimezone())

    def run(first: int, last: int) -> None:
        for result in pull(settings, settings.connection(None), days[first], days[last]):
            assert result.error is None, result.error

    run(0, -2)

    def work() -> None:
        run(-1, -1)
        closing.close()

    return work


def trivial_run(folder: str, assets: str) -> Work:
    """A Dagster run of so many assets that do nothing, in one chain like the pipeline's, for one day."""
    import dagster as dg

    os.environ["DAGSTER_HOME"] = folder
    (Path(folder) / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    partitions = dg.DailyPartitionsDefinition("2026-01-01")

    def asset(number: int) -> dg.AssetsDefinition:
        @dg.asset(name=f"asset_{number}", deps=[f"asset_{number - 1}"] if number else [], partitions_def=partitions)
        def nothing() -> None:
            return None

        return nothing

    definitions = dg.Definitions([asset(n) for n in range(int(assets))], executor=dg.in_process_executor)
    job = definitions.resolve_implicit_global_asset_job_def()
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

    def run(day: str) -> None:
        with dg.DagsterInstance.get() as instance:
            assert job.execute_in_process(instance=instance, partition_key=day, run_config=quiet).success

    run("2026-01-01")
    return lambda: run("2026-01-02")


ACTIONS = {
    f.__name__: f
    for f in (iterparse, ibflex, ib_async, imported, replayed, queried, fetched, returned, nightly, trivial_run)
}


def main() -> None:
    name, *arguments = sys.argv[1:]
    work = ACTIONS[name](*arguments)
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, **APART}))


if __name__ == "__main__":
    main()
