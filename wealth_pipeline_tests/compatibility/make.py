"""A small data folder, written by the code of the commit that this is run on, and what later code must find in it.

`python wealth_pipeline_tests/compatibility/make.py OUT` writes OUT/data.tar.xz and OUT/expected.json. It speaks to the
program by its commands alone, so that it runs on any commit: the `wealth` beside the Python that runs it, or --wealth.
The figures are those of the sandbox's household. It takes a minute or two; version_6/ is by the last counted version.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import lzma
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from datetime import date, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import duckdb

#: Dagster stores paths; this one is nobody's.
ROOT = Path("/tmp/wealth")
#: The days of each run.
RUNS = (("2026-11-16", "2026-11-18"), ("2026-11-19", "2026-11-20"))
SCHEDULE = "after_market_close"
#: Sentences for people, whose words may change from commit to commit.
WORDS = {"reconciliation": {"reason"}}
#: What holds no data, where it stands below the data folder: locks, and what the steps printed.
_LEFT_OUT = ("*.lock", "dagster/storage/*")


def main() -> None:
    """Make the folder, and pack it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--wealth", default=str(Path(sys.executable).with_name("wealth")))
    chosen = arguments.parse_args()
    if ROOT.exists():
        sys.exit(f"{ROOT} is there already: remove it first.")
    ROOT.mkdir(mode=0o700)
    try:
        with _sandbox(chosen.wealth) as box:
            environ = _environ(box)
            for first, last in RUNS:
                command = [chosen.wealth, "pull", "--from", first, "--to", last]
                subprocess.run(command, check=True, cwd=ROOT, env=environ)
            green, checks = _switch_on(chosen.wealth, environ)
        named = subprocess.run(
            [chosen.wealth, "digest"], check=True, cwd=ROOT, env=environ, capture_output=True, text=True
        ).stdout
        expected = {
            "program": subprocess.run([chosen.wealth, "--version"], check=True, capture_output=True, text=True).stdout,
            "runs": len(RUNS),
            "digests": digests(ROOT / "wealth.duckdb", [line.split()[1] for line in named.splitlines()]),
            "green": green,
            "checks": checks,
            "schedule": SCHEDULE,
        }
        chosen.out.mkdir(parents=True, exist_ok=True)
        (chosen.out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
        _pack(chosen.out / "data.tar.xz")
    finally:
        shutil.rmtree(ROOT)


def digests(database: Path, tables: list[str]) -> dict[str, dict[str, Any]]:
    """A hash of each table's figures, with the columns that it is made of: a later commit may have more of them."""
    with contextlib.closing(duckdb.connect(str(database), read_only=True)) as con:
        con.execute("SET TimeZone = 'UTC'")
        columns = {
            table: [
                name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall() if name not in WORDS.get(table, ())
            ]
            for table in tables
        }
        return {table: {"columns": names, "digest": digest(con, table, names)} for table, names in columns.items()}


def digest(con: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> str:
    """The hash of these columns of a table, made as `wealth digest` does it."""
    (value,) = con.execute(
        "SELECT hash_of_all(line) FROM (SELECT md5_number(CAST(t AS VARCHAR)) AS line FROM"
        f" (SELECT {', '.join(columns)} FROM {table}) t)"
    ).fetchone() or ("",)
    return str(value)


@contextlib.contextmanager
def _sandbox(wealth: str) -> Iterator[dict[str, Any]]:
    """A sandbox's addresses, while it serves."""
    with subprocess.Popen([wealth, "sandbox", "--json"], stdout=subprocess.PIPE, cwd=ROOT, env=_environ()) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGINT)


def _environ(box: dict[str, Any] | None = None) -> dict[str, str]:
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("IBKR_", "WEALTH_", "DAGSTER_HOME"))}
    ours = {"WEALTH_DATA_DIR": str(ROOT), "WEALTH_REPORTING_CURRENCY": "USD"}
    if box:
        ours |= {
            "IBKR_FLEX_URL": box["flex_url"],
            "IBKR_FLEX_TOKEN": box["token"],
            "IBKR_FLEX_QUERY_ID": box["query_id"],
        }
    return clean | ours


def _switch_on(wealth: str, environ: dict[str, str]) -> tuple[list[str], dict[str, bool]]:
    """Switch the schedule on in the UI; what that shows: the days of nav_history, and how each check came out."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [wealth, "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environ, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if str(port) in line:
                    break
            started = _ask(
                port,
                f'mutation {{startSchedule(scheduleSelector: {{repositoryLocationName: "wealth_pipeline",'
                f' repositoryName: "__repository__", scheduleName: "{SCHEDULE}"}}) {{__typename}}}}',
            )
            assert started["startSchedule"]["__typename"] == "ScheduleStateResult", started
            return _shown(port)
        finally:
            process.send_signal(signal.SIGINT)


def _shown(port: int) -> tuple[list[str], dict[str, bool]]:
    nodes = _ask(
        port,
        "{assetNodes {assetKey {path}"
        " assetPartitionStatuses {... on TimePartitionStatuses {ranges {status startKey endKey}}}"
        " assetChecksOrError {... on AssetChecks {checks {name executionForLatestMaterialization {status}}}}}}",
    )["assetNodes"]
    checks = {
        f"{'/'.join(node['assetKey']['path'])}:{check['name']}": (check["executionForLatestMaterialization"] or {}).get(
            "status"
        )
        == "SUCCEEDED"
        for node in nodes
        for check in node["assetChecksOrError"].get("checks", ())
    }
    (history,) = (node for node in nodes if node["assetKey"]["path"] == ["nav_history"])
    green = [
        day.isoformat()
        for one in history["assetPartitionStatuses"]["ranges"]
        if one["status"] == "MATERIALIZED"
        for day in _weekdays(date.fromisoformat(one["startKey"]), date.fromisoformat(one["endKey"]))
    ]
    return green, checks


def _weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.isoweekday() < 6]


def _ask(port: int, query: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        found = json.load(answer)
    assert "errors" not in found, found
    data: dict[str, Any] = found["data"]
    return data


def _pack(target: Path) -> None:
    """The folder's data, sorted, with nobody's name in it."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        return member

    files = sorted(path for path in ROOT.rglob("*") if path.is_file() and not path.is_symlink())
    best = 9 | lzma.PRESET_EXTREME
    with lzma.open(target, "wb", preset=best) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for path in files:
            inside = path.relative_to(ROOT)
            if not any(fnmatch(str(inside), pattern) for pattern in _LEFT_OUT):
                tar.add(path, str(inside), recursive=False, filter=plain)


if __name__ == "__main__":
    main()
