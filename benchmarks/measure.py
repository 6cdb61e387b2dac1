"""Running actions side by side, each in a process of its own, and showing what came out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cost:
    """What an action took: seconds by the clock, seconds of all processors, bytes at the most; publish: seconds."""

    wall: float
    cpu: float
    peak: int = 0
    publish: float = 0.0


def action(name: str, *arguments: object, python: str = sys.executable, root: Path = ROOT) -> Callable[[], Cost]:
    """A measurement of `benchmarks.actions` in a tree of the code."""

    def run() -> Cost:
        command = [python, "-m", "benchmarks.actions", name, *map(str, arguments)]
        env = os.environ | {"PYTHONPATH": str(root)}
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command[2:])} failed:\n{done.stderr[-2000:]}")
        return Cost(**json.loads(done.stdout.splitlines()[-1]))

    return run


def fresh(folder: Path, like: Path | None, name: str, *arguments: object, root: Path = ROOT) -> Callable[[], Cost]:
    """An action on a data folder of its own, its first argument: an empty one, or a copy of `like`."""

    def once() -> Cost:
        shutil.rmtree(folder, ignore_errors=True)
        if like:
            shutil.copytree(like, folder, symlinks=True)
        else:
            folder.mkdir()
        try:
            return action(name, folder, *arguments, root=root)()
        finally:
            shutil.rmtree(folder)

    return once


def command(*words: str, cwd: Path = ROOT) -> Callable[[], Cost]:
    """A measurement of a command from its start to its end."""

    def run() -> Cost:
        begun = time.perf_counter()
        subprocess.run(words, cwd=cwd, capture_output=True, check=True)
        return Cost(time.perf_counter() - begun, 0)

    return run


def alternating(rounds: int, actions: Mapping[str, Callable[[], Cost]]) -> dict[str, list[Cost]]:
    """Every action once a round, so that a busy moment of the machine meets all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, run in actions.items():
            costs[name].append(run())
    return costs


def seconds(costs: Sequence[Cost]) -> float:
    """The median by the clock."""
    return median(cost.wall for cost in costs)


def ratio(costs: Sequence[Cost], base: Sequence[Cost], of: Callable[[Cost], float] = lambda cost: cost.wall) -> float:
    """The median of the rounds' ratios."""
    return median(of(cost) / of(other) for cost, other in zip(costs, base, strict=True))


class Table:
    """Figures beside their bounds, printed as a Markdown table when the section is complete."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._rows: list[tuple[str, str, str]] = []

    def add(self, what: str, figure: str, value: float | None = None, bound: float | None = None) -> None:
        """A row; with `value` and `bound` (at most), whether it is kept."""
        told = f"at most {bound:g}" if bound is not None else ""
        if bound is not None and value is not None and value > bound:
            told += " (missed)"
        self._rows.append((what, figure, told))

    def show(self) -> None:
        """Print it."""
        print(f"\n### {self._title}\n\n| what | figure | bound |\n|---|---|---|")
        for what, figure, bound in self._rows:
            print(f"| {what} | {figure} | {bound} |")
        sys.stdout.flush()
