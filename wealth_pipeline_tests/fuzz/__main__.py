"""The long run: `python -m wealth_pipeline_tests.fuzz [--statements N] [--damaged N] [--seed N]`.

With files: `python -m wealth_pipeline_tests.fuzz FILE ...` compares statements of yours with another reading.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from wealth_pipeline.tables.figures import TABLES

from .house import opened
from .proofs import every_cent, whole_history
from .runs import SHARED, every_damage, every_form
from .second_reading import strays, unnoted


def main() -> int:
    """Run every property on all cores, print the counts; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m wealth_pipeline_tests.fuzz", description=__doc__)
    parser.add_argument("--statements", type=int, default=10_000, help="undamaged statements (default: 10000)")
    parser.add_argument("--damaged", type=int, default=5_000, help="damaged files (default: 5000)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeat a run")
    parser.add_argument("files", nargs="*", type=Path, help="compare these statements instead, figure by figure")
    asked = parser.parse_args()
    if asked.files:
        return max([_compare(file) for file in asked.files])
    _say(f"seed {asked.seed}")
    # Not forked: the parent's threads of Arrow and DuckDB would be missing in the children.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        wrong = _proofs(pool), _forms(pool, asked.statements, asked.seed), _damage(pool, asked.damaged, asked.seed)
    for lines in wrong:
        # So many of each property: 98 lines of one once hid the only one of another.
        for line in lines[:50]:
            _say(f"WRONG  {line}")
    _say(f"{sum(map(len, wrong))} wrong")
    return 1 if any(wrong) else 0


def _proofs(pool: Executor) -> list[str]:
    history = pool.submit(whole_history)
    cents = [pool.submit(every_cent, account, income=income) for account in (0, 1) for income in (False, True)]
    proved, wrong = history.result()
    _say(f"{proved} days of accounts, the sandbox's whole history, are proved")
    seen = sum(future.result()[0] for future in cents)
    _say(f"{seen} figures that a proof covers: one cent on each made its proofs fail, and no other")
    return [*wrong, *(line for future in cents for line in future.result()[1])]


def _forms(pool: Executor, examples: int, seed: int) -> list[str]:
    wrong: list[str] = []
    started, whole = time.monotonic(), 0
    for came_back, differ in pool.map(every_form, *_shares(examples, seed)):
        whole += came_back
        wrong += differ
        _say(f"{whole} statements in every form gave back their figures ({time.monotonic() - started:.0f} s)")
    return wrong


def _damage(pool: Executor, examples: int, seed: int) -> list[str]:
    wrong: list[str] = []
    started, outcomes = time.monotonic(), Counter[str]()
    for became, found in pool.map(every_damage, *_shares(examples, seed)):
        outcomes += became
        wrong += found
        _say(f"{outcomes.total()} damaged files ({time.monotonic() - started:.0f} s)")
    for kind, times in outcomes.most_common():
        _say(f"{times:>7}  {kind}")
    return wrong


def _shares(examples: int, seed: int) -> tuple[list[int], list[int]]:
    """How many examples each warehouse takes, and their seeds."""
    firsts = range(0, examples, SHARED)
    return [min(SHARED, examples - first) for first in firsts], [seed + first for first in firsts]


def _compare(file: Path) -> int:
    """Load a statement into a new warehouse and tell where it differs from another reading; 1 if it does."""
    data = file.read_bytes()
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as house:
        loaded = house.load(data)
        if loaded.status != "loaded":
            _say(f"{file.name}: {loaded.status}: {loaded.reason}")
            return 1
        wrong = strays(house.con, loaded.sha256, data, moments=True)
        wrong += [f"neither loaded nor noted: {name}" for name in unnoted(house.con, loaded.sha256, data)]
        counts = {table.name: house.con.execute(f"SELECT count(*) FROM {table.name}").fetchone() for table in TABLES}
    _say(f"{file.name}: " + ", ".join(f"{name} {count[0]}" for name, count in counts.items() if count and count[0]))
    for line in wrong:
        _say(f"WRONG  {line}")
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
