"""The long run: `python -m wealth_pipeline_tests.returns [--households N] [--seed N] [--damage]`.

Returns and flows of random households against exact fractions, in any order of the files; --damage: every kind of
damage in every form of statement besides.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

from .damage import kinds
from .quiet import quiet
from .runs import Outcome, damage, household

#: How many seeds the damage has places of its own for.
_PLACES = 60


def main() -> int:
    """Run everything on all cores, print the counts and the first differences; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m wealth_pipeline_tests.returns", description=__doc__)
    parser.add_argument("--households", type=int, default=60, help="of about 2000 account-days each (default: 60)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeat a run")
    parser.add_argument("--damage", action="store_true", help="every kind of damage as well")
    asked = parser.parse_args()
    _say(f"seed {asked.seed}")
    # Not forked: the parent's threads of Arrow and DuckDB would be missing in the children.
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=quiet) as pool:
        seeds = range(asked.seed, asked.seed + asked.households)
        wrong = _all("households", pool.map(household, seeds))
        wrong += _damaged(pool, asked.seed % _PLACES) if asked.damage else []
    for line in wrong[:50]:
        _say(f"WRONG  {line}")
    _say(f"{len(wrong)} wrong")
    return 1 if wrong else 0


def _damaged(pool: Executor, seed: int) -> list[str]:
    todo = [(name, shape, seed) for name, kind in sorted(kinds().items()) for shape in sorted(kind.shapes)]
    return _all("damaged households", pool.map(damage, *zip(*todo, strict=True)))


def _all(what: str, outcomes: Iterable[Outcome]) -> list[str]:
    wrong: list[str] = []
    started, days = time.monotonic(), Counter[str]()
    for count, (seen, found) in enumerate(outcomes, 1):
        days += seen
        wrong += found
        _say(f"{count} {what}, {days.total()} days of accounts ({time.monotonic() - started:.0f} s)")
    for status, times in days.most_common():
        _say(f"{times:>7}  {status}")
    return wrong


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
