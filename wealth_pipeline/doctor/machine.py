"""The machine: Python, packages, clock, data folder, drive, disk."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from wealth_pipeline.calendar import EARLIEST_NOW, MARKET_TIMEZONE
from wealth_pipeline.doctor.finding import Finding
from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.drive import has_links, keeps_modes, nearest, refuse_without_locks
from wealth_pipeline.files.private import open_to_others
from wealth_pipeline.text import terminal

#: A load needs room for a copy of the database besides the database itself; below this there is no room for anything.
LEAST_SPACE = 1 << 30
#: IBKR states New York's time; in autumn an hour comes twice.
_HOUR_TWICE = timedelta(hours=1)
#: How many of them are named.
_FEW = 3
_REINSTALL = "Install wealth_pipeline again (in a clone: `make clean`, then `make demo`); your data stay."


def python(declared: str, running: str = platform.python_version()) -> Finding:
    """Whether this Python is in the declared range."""
    if SpecifierSet(declared).contains(running, prereleases=True):
        return Finding.fine("Python", running)
    return Finding.problem(
        "Python",
        f"Python {running} runs, {declared} is declared. Install wealth_pipeline again with such a Python (in a clone:"
        " `make clean`, then `make PYTHON=/path/to/python3.11 demo`); your data stay.",
    )


def packages(declared: Sequence[str], installed: Callable[[str], str] = version) -> Finding:
    """Whether every package that is needed is installed, in the declared range."""
    wrong = []
    for text in declared:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = installed(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is not installed")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} is installed, {requirement.specifier} is declared")
    if wrong:
        return Finding.problem("packages", f"{'; '.join(wrong)}. {_REINSTALL}")
    return Finding.fine("packages", f"in the declared ranges, dagster {version('dagster')}, duckdb {version('duckdb')}")


def clock(now: datetime, names: tuple[str, str], newest: datetime | None) -> Finding:
    """Whether the clock can be right, and New York's time zone is known.

    now, newest: aware; newest is the latest time that IBKR stated, by its own clock: what this one wrote down while it
    was wrong says nothing of the present. names: of the machine's time zone. Nobody is asked for the time: only a clock
    that is behind is found.
    """
    try:
        new_york = now.astimezone(ZoneInfo(MARKET_TIMEZONE))
    except ZoneInfoNotFoundError:
        return Finding.problem("clock", f"The time zone {MARKET_TIMEZONE} is not known here. {_REINSTALL}")
    if (newest and now < newest - _HOUR_TWICE) or now < EARLIEST_NOW:
        but = f"IBKR generated a statement at {newest:%Y-%m-%d %H:%M} UTC" if newest else "this software is younger"
        return Finding.problem(
            "clock",
            f"It says {now:%Y-%m-%d %H:%M} UTC, but {but}. Set the clock, best by switching on network time; the"
            " schedule and IBKR's limits go by it.",
        )
    return Finding.fine("clock", f"{now:%Y-%m-%d %H:%M} UTC, {new_york:%H:%M} in New York; time zone {names[0]}")


def data_folder(path: Path) -> Finding:
    """Whether the data folder is there or can be made, and can be written."""
    existing = nearest(path)
    if not existing.is_dir():
        return Finding.problem("data folder", f"{existing} is a file. Name a folder in WEALTH_DATA_DIR.")
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        return Finding.problem(
            "data folder",
            f"{existing} cannot be written: {error.strerror}. Correct its permissions, or name another folder in"
            " WEALTH_DATA_DIR.",
        )
    return Finding.fine("data folder", str(path) if existing == path else f"{path}, not made yet")


def drive(path: Path) -> Iterator[Finding]:
    """What the data folder's drive cannot do: file locks are needed, permissions and symbolic links are safeguards.

    Each is tried, in the folder or the nearest above it that is there; nothing of that stays.
    """
    try:
        refuse_without_locks(path)
    except WealthError as error:
        yield Finding.problem("drive", str(error))
        return
    existing = nearest(path)
    modes, links = keeps_modes(existing), has_links(existing)
    if not modes:
        yield Finding.advice(
            "drive",
            f"The drive of {existing} keeps no permissions, so whoever can reach it can read and change your data. See"
            " to it that nobody else can, or name a folder on another drive in WEALTH_DATA_DIR.",
        )
    if not links:
        yield Finding.advice(
            "drive",
            f"The drive of {existing} has no symbolic links, so the one beside wealth.duckdb is left out that keeps"
            " other programs from writing into it. Open it read-only, as always.",
        )
    if modes and links:
        yield Finding.fine("drive", "it has file locks, permissions and symbolic links")


def privacy(path: Path) -> Finding:
    """Whether nobody else on this machine can look into the data folder; of one that isn't there, its modes."""
    if not path.is_dir():
        return Finding.fine(
            "privacy", f"{path} will be made with mode 700, files in it with 600, the published databases with 400"
        )
    if _reachable(path):
        return Finding.problem(
            "privacy",
            f"{path} can be read by others on this machine. Run `chmod 700 {path}`; the next command that writes there"
            " closes it too, with everything in it.",
        )
    if found := list(islice(open_to_others(path), _FEW + 1)):
        names = ", ".join(terminal(str(one)) for one in found[:_FEW]) + (", ..." if len(found) > _FEW else "")
        foreign = any(one.lstat().st_uid != os.geteuid() for one in found)
        advice = "They are another user's: ask who that is." if foreign else "The next command that writes closes them."
        return Finding.advice("privacy", f"Only a folder above keeps others out of {names}. {advice}")
    return Finding.fine("privacy", "nobody else on this machine can look into the data folder")


def _reachable(path: Path) -> bool:
    """Whether somebody else may enter every folder on the way, and list this one."""
    modes = [folder.stat().st_mode for folder in (path, *path.parents)]
    return any(
        modes[0] & may_list and all(mode & may_enter for mode in modes)
        for may_list, may_enter in ((stat.S_IRGRP, stat.S_IXGRP), (stat.S_IROTH, stat.S_IXOTH))
    )


def disk_space(path: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> Finding:
    """Whether there is room to load and publish: twice the databases, and a gigabyte."""
    existing = nearest(path)
    needed = LEAST_SPACE + 2 * sum(file.stat().st_size for file in path.glob("*.duckdb"))
    left = free(existing)
    free_space = f"{left / 1e9:.1f} GB free on the disk of {existing}"
    if left < needed:
        return Finding.problem(
            "disk",
            f"Only {free_space}, and {needed / 1e9:.1f} are needed. Free some, or move the folder (WEALTH_DATA_DIR).",
        )
    return Finding.fine("disk", free_space)
