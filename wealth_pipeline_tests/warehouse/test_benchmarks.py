"""Benchmarks: the owner's files, the prices of what is held, and returns beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from wealth_pipeline.published.published import Published
from wealth_pipeline.published.standing import notices
from wealth_pipeline.warehouse.benchmark_files import read_benchmarks
from wealth_pipeline_tests.flexml import Row, file, flex, nav, position
from wealth_pipeline_tests.lives import Folder

FRIDAY, MONDAY, TUESDAY, WEDNESDAY = (date(2026, 1, day) for day in (2, 5, 6, 7))
#: What there is of a position on each day, besides what `position` says.
Held = dict[date, list[dict[str, str]]]
DAYS = (FRIDAY, MONDAY, TUESDAY, WEDNESDAY)
GOOD = "date,level\n2026-01-02,100\n2026-01-05,101.5\n2026-01-07,110\n"
QUERY = "FROM compared_with('{}', '2026-01-05', '{}') WHERE scope = 'U1'"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def write(root: Path, name: str, content: str | bytes) -> Path:
    (root / "benchmarks").mkdir(exist_ok=True)
    target = root / "benchmarks" / name
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    return target


def compared(
    folder: Folder, benchmark: str, last: date = WEDNESDAY
) -> tuple[float | None, str | None, str, str | None]:
    """What is said of the account from Monday to a day."""
    columns = "benchmark_percent, currency, status, reason"
    (row,) = folder.rows(f"SELECT {columns} {QUERY.format(benchmark, last)}")
    assert (row[0] is None) == (row[2] == "withheld")
    return row[0] if row[0] is None else round(row[0], 9), *row[1:]


def held(days: Held, trades: Sequence[Row] = ()) -> bytes:
    """An account whose NAV stays, with its positions of each day, and its trades."""
    return file(
        *(
            flex(
                day=day,
                AccountInformation={"currency": "USD"},
                EquitySummaryInBase=[nav(day)],
                ChangeInNAV={"startingValue": "100", "endingValue": "100", "twr": "0"},
                OpenPositions=[position(reportDate=day, **row) for row in rows],
                Trades=[trade for trade in trades if trade["reportDate"] == day],
            )
            for day, rows in days.items()
        )
    )


def marks(*prices: str, **other: str) -> Held:
    return {day: [{"markPrice": price, **other}] for day, price in zip(DAYS, prices, strict=True)}


def trade(day: date, quantity: str, **other: str) -> Row:
    return {
        "accountId": "U1", "currency": "USD", "assetCategory": "STK", "symbol": "ACME", "conid": "1", "tradeID": "7",
        "transactionID": "8", "reportDate": day, "tradeDate": day, "quantity": quantity, "levelOfDetail": "EXECUTION",
        **other,
    }  # fmt: skip


WRONG: dict[str, tuple[str, str | bytes, str]] = {
    "no header": ("X.USD.csv", "2026-01-02,100\n", "X.USD.csv, line 1 is not date,level"),
    "nothing in it": ("X.USD.csv", "", "line 1 is not date,level"),
    "another order": ("X.USD.csv", "level,date\n", "line 1 is not date,level"),
    "a word for a date": ("X.USD.csv", "date,level\nsoon,1\n", "line 2 has the date 'soon'"),
    "a date with slashes": ("X.USD.csv", GOOD + "01/08/2026,1\n", "line 5 has the date '01/08/2026'"),
    "a day that there is not": ("X.USD.csv", "date,level\n2026-02-30,1\n", "line 2 has the date '2026-02-30'"),
    "a date without dashes": ("X.USD.csv", "date,level\n20260102,1\n", "line 2 has the date '20260102'"),
    "a date twice": ("X.USD.csv", GOOD + "2026-01-05,1\n", "line 5 has the date 2026-01-05 again, after line 3"),
    "a level of 0": ("X.USD.csv", "date,level\n2026-01-02,0.00\n", "line 2 has the level '0.00'"),
    "a level below 0": ("X.USD.csv", "date,level\n2026-01-02,-1\n", "line 2 has the level '-1'"),
    "no number": ("X.USD.csv", "date,level\n2026-01-02,nan\n", "line 2 has the level 'nan'"),
    "a decimal comma": ("X.USD.csv", "date,level\n2026-01-02,1,5\n", "line 2 is not a date, a comma and a level"),
    "too many decimals": ("X.USD.csv", "date,level\n2026-01-02,1.0000000000001\n", "with at most 12 decimals"),
    "too many digits": ("X.USD.csv", f"date,level\n2026-01-02,{'9' * 17}\n", "line 2 has the level"),
    "an empty line": ("X.USD.csv", "date,level\n\n2026-01-02,1\n", "line 2 is not a date, a comma and a level"),
    "another encoding": ("X.USD.csv", b"date,level\n2026-01-02,1\n\xff\xfe", "line 3 is not text in UTF-8"),
    "no currency": ("X.csv", GOOD, "benchmarks/X.csv is not called NAME.CUR.csv"),
    "a currency in small letters": ("X.usd.csv", GOOD, "is not called NAME.CUR.csv"),
    "no name": ("USD.csv", GOOD, "is not called NAME.CUR.csv"),
    "a name that is not UTF-8": ("\udcff.USD.csv", GOOD, "is not called NAME.CUR.csv"),
    "a second currency": ("SP.EUR.csv", GOOD, "SP.USD.csv is a second file for SP, beside SP.EUR.csv"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_file_is_refused_by_name_and_line(name: str, tmp_path: Path) -> None:
    bad, content, sentence = WRONG[name]
    write(tmp_path, "SP.USD.csv", GOOD)
    write(tmp_path, bad, content)
    levels, (refused,) = read_benchmarks(tmp_path)
    assert sentence in str(refused)
    assert refused.advice
    assert len(levels) == 3  # the good file's, or of two for one benchmark the first one's


def test_a_bad_file_is_no_benchmark_and_everything_else_is_loaded(folder: Folder) -> None:
    root = folder.warehouse.folder.root
    write(root, "SP.USD.csv", GOOD)
    folder.load(held(marks("5", "5", "5", "5")))
    write(root, "World.EUR.csv", GOOD)
    write(root, "SP.USD.csv", GOOD + "soon,1\n")
    folder.load()
    assert folder.rows("SELECT DISTINCT name FROM benchmark_levels") == [("World",)]
    assert len(folder.rows("FROM nav")) == len(DAYS)
    said = [str(notice.sentence) for notice in notices(Published(folder.warehouse.folder.published), root)]
    assert [one for one in said if "SP.USD.csv, line 5" in one and one.endswith("there is no such benchmark.")]
    write(root, "SP.USD.csv", GOOD)
    folder.load()
    assert folder.rows("SELECT name, count(*) FROM benchmark_levels GROUP BY ALL ORDER BY 1") == [
        ("SP", 3),
        ("World", 3),
    ]


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "benchmarks" / "X.USD.csv").mkdir(parents=True)
    (refused,) = read_benchmarks(tmp_path)[1]
    assert "benchmarks/X.USD.csv cannot be read: it is not a regular file" in str(refused)


def test_levels_are_exact_however_the_file_was_saved(tmp_path: Path) -> None:
    write(tmp_path, "World.Index.EUR.csv", b"\xef\xbb\xbfdate,level\r\n2026-01-05, 101.50\r\n2026-01-02,0.1\r\n\r\n")
    write(tmp_path, ".hidden.csv", "nothing")
    write(tmp_path, "notes.txt", "nothing")
    found = [(one.name, one.report_date, one.level, one.currency) for one in read_benchmarks(tmp_path)[0]]
    assert found == [
        ("World.Index", FRIDAY, Decimal("0.1"), "EUR"),
        ("World.Index", MONDAY, Decimal("101.50"), "EUR"),
    ]


def test_a_return_is_compared_over_its_own_days_and_not_converted(folder: Folder) -> None:
    write(folder.warehouse.folder.root, "SP.EUR.csv", GOOD)
    folder.load(held(marks("5", "5", "5", "5")))
    assert folder.rows(QUERY.format("SP", WEDNESDAY)) == [
        ("U1", FRIDAY, WEDNESDAY, 0.0, pytest.approx(10), "EUR", "shown", None)
    ]
    assert compared(folder, "SP", TUESDAY) == (None, "EUR", "withheld", "SP has no level of 2026-01-06")
    assert compared(folder, "None") == (None, None, "withheld", "there is no benchmark called None")
    (household,) = folder.rows("FROM compared_with('SP', '2026-01-05', '2026-01-07') WHERE scope = 'household'")
    assert household[1:3] == (FRIDAY, WEDNESDAY)


def test_a_file_counts_from_the_next_load_on_and_ends_with_it(folder: Folder) -> None:
    folder.load(held(marks("5", "5", "5", "6")))
    assert compared(folder, "ACME") == (20, "USD", "shown", None)
    own = write(folder.warehouse.folder.root, "ACME.EUR.csv", GOOD)
    folder.load()
    assert compared(folder, "ACME") == (10, "EUR", "shown", None)
    with folder.warehouse.writing():
        list(folder.warehouse.replay())
    assert compared(folder, "ACME") == (10, "EUR", "shown", None)
    own.unlink()
    folder.load()
    assert compared(folder, "ACME") == (20, "USD", "shown", None)


def test_a_symbol_of_two_contracts_is_no_benchmark(folder: Folder) -> None:
    days = marks("5", "5", "5", "6")
    days[MONDAY] = [{"markPrice": "5"}, {"markPrice": "7", "conid": "2"}]
    folder.load(held(days))
    assert folder.rows("FROM benchmarks") == []


#: What happens to ten shares, the statement's trades, and what is said of the price.
HELD: dict[str, tuple[Held, list[Row], str | None]] = {
    "bought and sold": (
        marks("4", "4", "4", "5") | {MONDAY: [{"markPrice": "4", "position": "15"}]},
        [trade(MONDAY, "5"), trade(TUESDAY, "-5", tradeID="9", transactionID="9")],
        None,
    ),
    "split": (
        marks("10", "5", "5", "5", position="20") | {FRIDAY: [{"markPrice": "10", "position": "10"}]},
        [],
        "ACME, 2026-01-05: its quantity changed by more or less than trades and transfers say, as in a split",
    ),
    "split, and half of it sold on the same day": (
        marks("10", "5", "5", "5"),
        [trade(MONDAY, "-10")],
        "ACME, 2026-01-05: its quantity changed by more or less than trades and transfers say, as in a split",
    ),
    "sold and bought again": (
        marks("10", "5", "5", "5") | {MONDAY: []},
        [trade(MONDAY, "-10"), trade(TUESDAY, "10", tradeID="9", transactionID="9")],
        "ACME, 2026-01-05: it was not held",
    ),
    "sold at last": (
        marks("10", "5", "5", "5") | {WEDNESDAY: []},
        [trade(WEDNESDAY, "-10")],
        "ACME has no level of 2026-01-07",
    ),
}


@pytest.mark.parametrize("name", HELD)
def test_a_held_security_is_compared_unless_a_split_may_lie_between(name: str, folder: Folder) -> None:
    days, trades, reason = HELD[name]
    folder.load(held(days, trades))
    expected = (None, "USD", "withheld", reason) if reason else (25, "USD", "shown", None)
    assert compared(folder, "ACME") == expected


def test_after_the_split_the_price_can_be_compared_again(folder: Folder) -> None:
    folder.load(held(HELD["split"][0] | {WEDNESDAY: [{"markPrice": "6", "position": "20"}]}))
    (found,) = folder.rows("FROM compared_with('ACME', '2026-01-06', '2026-01-07') WHERE scope = 'U1'")
    assert found[1:] == (MONDAY, WEDNESDAY, 0.0, pytest.approx(20), "USD", "shown", None)
