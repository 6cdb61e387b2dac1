"""Readers and the pipeline don't block one another: rounds of load and publish while many read."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from wealth_pipeline.published.reading import reading
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse
from wealth_pipeline_tests.flexml import MONDAY, cash, file, flex, nav, position

_DAYS = [MONDAY + timedelta(days=number) for number in range(5)]
#: In every round each day's NAV is 1000 + the round, in the NAV, the cash and the positions: cash + stock = total, and
#: nothing of another round or of another hand is beside it.
_STAMP = """
SELECT count(*), min(total), max(total), bool_and(total IS NOT DISTINCT FROM ending_cash + position_value),
    count(*) FILTER (account_id = 'FOREIGN')
FROM nav FULL JOIN cash_totals USING (account_id, report_date) FULL JOIN positions USING (account_id, report_date)
"""
_FOREIGN = """
INSERT INTO nav_versions BY NAME SELECT 'FOREIGN' AS account_id, * EXCLUDE (account_id) FROM nav_versions LIMIT 1
"""


def statement(round_number: int) -> bytes:
    """The statement of a round: the same days, restated."""
    total, moment = 1000 + round_number, f"{date(2025, 4, 1) + timedelta(days=round_number):%Y%m%d};060000"
    return file(
        *(
            flex(
                day=day,
                generated=moment,
                EquitySummaryInBase=[nav(day, total, cash=total - 50, stock="50")],
                CashReport=[cash(ending=total - 50)],
                OpenPositions=[position(reportDate=day)],
            )
            for day in _DAYS
        )
    )


def run(rounds: int, dagster_rounds: int, readers: int, tell: Callable[[str], None]) -> None:
    """So many rounds, some of them as Dagster runs, under so many readers, a holder and a vandal."""
    with TemporaryDirectory() as root:
        folder = DataFolder(Path(root) / "data")
        _load(folder, 0)
        with _watching(folder, readers) as results:
            for number in range(1, rounds + 1):
                if number % max(1, rounds // max(1, dagster_rounds)) == 0 and dagster_rounds:
                    _load_by_dagster(folder, number)
                else:
                    _load(folder, number)
        told = [json.loads(path.read_text()) for path in sorted(results.glob("*.json"))]
        reads = [one["reads"] for one in told if one["who"] == "reader"]
        (holder,) = (one["reads"] for one in told if one["who"] == "holder")
        (vandal,) = (one for one in told if one["who"] == "vandal")
        assert [one["wrong"] for one in told if one["wrong"]] == []
        assert len(reads) == readers
        assert min(reads) > 0
        assert _read(folder) == 1000 + rounds
        tell(
            f"{rounds} rounds, {dagster_rounds} of them Dagster runs: none failed. {sum(reads)} reads by {readers}"
            f" readers: none failed, none saw two nights or a foreign row. The holder of a transaction read {holder}"
            f" times the same. Opened read-write as user {os.getuid()} and killed: {vandal['reads']} times;"
            f" committed: {vandal['committed']}."
        )


def _load(folder: DataFolder, number: int) -> None:
    warehouse = Warehouse(folder)
    with warehouse.writing():
        entry = folder.archive.add(io.BytesIO(statement(number)), source="import")
        assert [loaded.status for loaded in warehouse.load([entry.sha256])] == ["loaded"]


def _load_by_dagster(folder: DataFolder, number: int) -> None:
    from wealth_pipeline.defs.code_location import definitions
    from wealth_pipeline.defs.runs import instance
    from wealth_pipeline.settings import Settings

    folder.inbox.mkdir(exist_ok=True)
    (folder.inbox / f"{number}.xml").write_bytes(statement(number))
    with instance(folder) as dagster_instance:
        job = definitions(Settings(data_dir=folder.root)).resolve_job_def("load_inbox")
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        assert job.execute_in_process(instance=dagster_instance, run_config=quiet).success


@contextmanager
def _watching(folder: DataFolder, readers: int) -> Iterator[Path]:
    """The other processes, at work until the body ends; yields the folder with what each of them saw."""
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), folder.root.parent / "results"
    results.mkdir()
    told = [(_read_on, f"reader{number}") for number in range(readers)] + [(_hold, "holder"), (_vandalise, "vandal")]
    processes = [
        context.Process(target=who, args=(folder.root, stop, results / f"{name}.json"), daemon=True)
        for who, name in told
    ]
    for process in processes:
        process.start()
    try:
        yield results
    finally:
        stop.set()
        for process in processes:
            process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def _read(folder: DataFolder) -> int:
    """What one reader sees; raises AssertionError for anything but one round, whole."""
    with reading(folder.published) as con:
        return _stamp(con)


def _stamp(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute(_STAMP).fetchone()
    assert row is not None
    count, least, most, adds_up, foreign = row
    assert (count, adds_up, foreign, least) == (len(_DAYS), True, 0, most), row
    return int(least)


def _read_on(root: Path, stop: Any, result: Path) -> None:
    told: dict[str, Any] = {"who": "reader", "reads": 0, "wrong": None}
    newest = 0
    while not stop.is_set():
        try:
            seen = _read(DataFolder(root))
            assert seen >= newest, f"{seen} after {newest}"
            newest = seen
            told["reads"] += 1
        except Exception as error:
            told["wrong"] = repr(error)
            break
        time.sleep(Random().random() / 5)
    result.write_text(json.dumps(told))


def _hold(root: Path, stop: Any, result: Path) -> None:
    told: dict[str, Any] = {"who": "holder", "reads": 0, "wrong": None}
    with duckdb.connect(str(DataFolder(root).published), read_only=True) as con:
        con.begin()
        first = _stamp(con)
        while not stop.is_set():
            if _stamp(con) != first:
                told["wrong"] = "the transaction saw another night"
                break
            told["reads"] += 1
            time.sleep(0.2)
    result.write_text(json.dumps(told))


def _vandalise(root: Path, stop: Any, result: Path) -> None:
    """Open the published file read-write, put a foreign row in, and be killed; again and again."""
    told: dict[str, Any] = {"who": "vandal", "reads": 0, "committed": 0, "wrong": None}
    path = DataFolder(root).published
    while not stop.is_set():
        wrote, opened = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                con = duckdb.connect(str(path))
                os.write(opened, b"o")
                con.execute(_FOREIGN)
                os.write(opened, b"w")
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        os.close(opened)
        os.waitpid(child, 0)
        with os.fdopen(wrote, "rb") as pipe:
            seen = pipe.read()
        told["reads"] += b"o" in seen
        told["committed"] += b"w" in seen
        time.sleep(0.2)
    result.write_text(json.dumps(told))
