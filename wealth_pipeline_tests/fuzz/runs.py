"""The two properties, for as many examples as one warehouse holds without growing slow."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from .damage import damaged, outcome
from .figures import Household
from .forms import OLDER, files, outdated, plain_files
from .house import House, differences, opened

#: Statements a file: what a load costs hardly depends on them.
BATCH = 50
#: Statements, or damaged files, a warehouse: a full one is slower.
SHARED = 500


def _settings(examples: int) -> settings:
    # Nothing is shrunk: the differences name the account and the figure.
    return settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def every_form(statements: int, start: int) -> tuple[int, list[str]]:
    """Load files of undamaged statements in all forms; how many statements came back, and what did not."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as house:
        return _forms(house, statements, start)


def _forms(house: House, statements: int, start: int) -> tuple[int, list[str]]:
    wrong: list[str] = []
    whole = 0

    @seed(start)
    @_settings(-(-statements // BATCH))
    @given(files(BATCH))
    def check(drawn: tuple[list[Household], bytes, str]) -> None:
        nonlocal whole
        told, data, date_format = drawn
        found = _differs(house, told, data, date_format)
        wrong.extend(found)
        whole += 0 if found else len(told)

    check()
    return whole, wrong


def _differs(house: House, told: list[Household], data: bytes, date_format: str) -> list[str]:
    try:
        old = house.load(outdated(told))
        if old.status != "loaded":
            return [f"the older one is {old.status}: {old.reason}"]
        loaded = house.load(data, date_format)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return (
        differences(house.con, told, older=OLDER)
        if loaded.status == "loaded"
        else [f"{loaded.status}: {loaded.reason}"]
    )


def every_damage(examples: int, start: int) -> tuple[Counter[str], list[str]]:
    """Load damaged files; how often each outcome came, and what is wrong with one."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as house:
        return _damage(house, examples, start)


def _damage(house: House, examples: int, start: int) -> tuple[Counter[str], list[str]]:
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    # Hypothesis likes to repeat itself; damage had better not.
    seeds = random.Random(start)

    @seed(start)
    @_settings(examples)
    @given(plain_files())
    def check(data: bytes) -> None:
        how = seeds.randrange(2**32)
        kind, found = outcome(house, damaged(how, data))
        outcomes[kind] += 1
        wrong.extend(f"{kind} (damage {how}): {line}" for line in found)

    check()
    return outcomes, wrong
