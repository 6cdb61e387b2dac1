"""`benchmarks/NAME.CUR.csv` in the data folder: levels that its owner wants to compare returns with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from wealth_pipeline.errors import SettingsError
from wealth_pipeline.files.regular import read_regular
from wealth_pipeline.tables.returns import RETURNS_BY_NAME
from wealth_pipeline.warehouse.ddl import insert

FOLDER = "benchmarks"
#: What becomes of a file in which something is wrong.
LEFT_OUT = "Until then there is no such benchmark."
_TABLE = RETURNS_BY_NAME["benchmark_levels"]
_HEADER = "date,level"
_NAMED = re.compile(r"(?P<name>.+)\.(?P<currency>[A-Z]{3})\.csv")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: What a column of amounts holds exactly: 16 digits, and 12 decimals.
_LEVEL = re.compile(r"0*[0-9]{1,16}(\.[0-9]{1,12}0*)?")
_NAMING = "Name it by the benchmark and its currency, as in SP500.USD.csv."
_ELSEWHERE = "Check its permissions, or move it out of the folder."
_ENCODING = "Save it as plain text in UTF-8."
_SHAPE = "A line is a date and a level above zero with a decimal point, as in 2026-03-04,5123.45; each date comes once."


@dataclass(frozen=True)
class BenchmarkLevel:
    """What a benchmark stood at on a day.

    name: as in the file's name. level: not converted, in `currency`.
    """

    name: str
    report_date: date
    level: Decimal
    currency: str


def read_benchmarks(folder: Path) -> tuple[list[BenchmarkLevel], list[SettingsError]]:
    """The levels in the data folder's benchmarks, by name and day, and what is wrong with files that are left out.

    Hidden files, and those that are not called `.csv`, are left alone. A file with a bad line is left out whole, with
    one sentence about the first thing that is wrong; the others count, as nothing else rests on it.
    """
    try:
        files = sorted(file for file in (folder / FOLDER).iterdir() if _is_meant(file))
    except FileNotFoundError:
        return [], []
    except OSError as error:
        advice = "Make it a folder that you can read."
        return [], [SettingsError(f"{folder / FOLDER} cannot be read: {error.strerror}", advice)]
    seen: dict[str, Path] = {}
    levels: list[BenchmarkLevel] = []
    wrong: list[SettingsError] = []
    for file in files:
        try:
            name, currency = _named(file)
            if name in seen:
                raise SettingsError(f"{_shown(file)} is a second file for {name}, beside {seen[name].name}", _NAMING)
            seen[name] = file
            levels += sorted(_levels(file, name, currency), key=lambda level: level.report_date)
        except SettingsError as error:
            wrong.append(error)
    return levels, wrong


def store(con: duckdb.DuckDBPyConnection, levels: Sequence[BenchmarkLevel]) -> None:
    """Make these the levels of `benchmark_levels`."""
    con.execute("DELETE FROM benchmark_levels")
    if levels:
        schema = pa.schema([(column.name, column.type) for column in _TABLE.columns])
        insert(con, _TABLE.name, pa.Table.from_pylist([asdict(level) for level in levels], schema=schema))


def _is_meant(file: Path) -> bool:
    return file.suffix.lower() == ".csv" and not file.name.startswith(".")


def _shown(file: Path) -> str:
    return f"{FOLDER}/{file.name}"


def _named(file: Path) -> tuple[str, str]:
    """The benchmark's name and its currency."""
    named = _NAMED.fullmatch(file.name)
    if not named or not file.name.isprintable():  # what is not UTF-8 in a name is not printable either
        raise SettingsError(f"{_shown(file)} is not called NAME.CUR.csv", _NAMING)
    return named["name"], named["currency"]


def _levels(file: Path, name: str, currency: str) -> Iterator[BenchmarkLevel]:
    header, *lines = _text(file).rstrip().split("\n")
    if header.strip() != _HEADER:
        raise SettingsError(f"{_shown(file)}, line 1 is not {_HEADER}", f"Make {_HEADER} its first line.")
    lines_of: dict[date, int] = {}
    for number, line in enumerate(lines, start=2):
        try:
            day, level = _parsed(line)
            if day in lines_of:
                raise ValueError(f"has the date {day} again, after line {lines_of[day]}")
        except ValueError as error:
            raise SettingsError(f"{_shown(file)}, line {number} {error}", _SHAPE) from None
        lines_of[day] = number
        yield BenchmarkLevel(name, day, level, currency)


def _text(file: Path) -> str:
    try:
        return read_regular(file).decode("utf-8-sig")  # as spreadsheets save it
    except UnicodeDecodeError as error:
        number = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{_shown(file)}, line {number} is not text in UTF-8", _ENCODING) from None
    except OSError as error:
        raise SettingsError(f"{_shown(file)} cannot be read: {error.strerror}", _ELSEWHERE) from None


def _parsed(line: str) -> tuple[date, Decimal]:
    """The day and the level of a line. Raises ValueError with what is wrong with it, as the end of a sentence."""
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != 2:
        raise ValueError("is not a date, a comma and a level")
    day, level = fields
    try:
        if not _DAY.fullmatch(day):
            raise ValueError
        parsed = date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"has the date {day!r}, which is not a date such as 2026-03-04") from None
    if not _LEVEL.fullmatch(level):
        raise ValueError(f"has the level {level!r}, which is not a number above zero with at most 12 decimals")
    if not (exact := Decimal(level)):
        raise ValueError(f"has the level {level!r}, which is not above zero")
    return parsed, exact
