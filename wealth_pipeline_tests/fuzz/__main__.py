"""The long run: `python -m wealth_pipeline_tests.fuzz [--statements N] [--damaged N] [--seed N]`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from .runs import SHARED, every_damage, every_form

T = TypeVar("T")


def main() -> int:
    """Run both properties on all cores, print the counts; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m wealth_pipeline_tests.fuzz", description=__doc__)
    parser.add_argument("--statements", type=int, default=10_000, help="undamaged statements (default: 10000)")
    parser.add_argument("--damaged", type=int, default=5_000, help="damaged files (default: 5000)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeat a run")
    asked = parser.parse_args()
    _say(f"seed {asked.seed}")
    wrong: list[str] = []
    started, whole = time.monotonic(), 0
    for came_back, differ in _in_parallel(every_form, asked.statements, asked.seed):
        whole += came_back
        wrong += differ
        _say(f"{whole} statements in every form gave back their figures ({time.monotonic() - started:.0f} s)")
    started, outcomes = time.monotonic(), Counter[str]()
    for became, strays in _in_parallel(every_damage, asked.damaged, asked.seed):
        outcomes += became
        wrong += strays
        _say(f"{outcomes.total()} damaged files ({time.monotonic() - started:.0f} s)")
    for kind, times in outcomes.most_common():
        _say(f"{times:>7}  {kind}")
    for line in wrong[:50]:
        _say(f"WRONG  {line}")
    _say(f"{len(wrong)} wrong")
    return 1 if wrong else 0


def _in_parallel(run: Callable[[int, int], T], examples: int, seed: int) -> Iterator[T]:
    firsts = range(0, examples, SHARED)
    # Not forked: the parent's threads of Arrow and DuckDB would be missing in the children.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield from pool.map(
            run, [min(SHARED, examples - first) for first in firsts], [seed + first for first in firsts]
        )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
