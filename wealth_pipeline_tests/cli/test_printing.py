"""Rows on a terminal of any width and encoding: no digit and no character is lost."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from wealth_pipeline.cli.printing import print_table, print_tables
from wealth_pipeline.published.query import BLOCK_ROWS

DAY = date(2026, 11, 27)
LARGE = Decimal("-1234567890123456789012345678.123456789012")
SHA = "0123456789abcdef" * 4
NAMES = ["report_date", "account_id", "nav_value_base", "description", "currency"]
ROW = (DAY, "U1234567", Decimal("-480928.241806144"), "SPDR S&P 500 ETF TRUST, distributing", "USD")


def shown(
    capsys: pytest.CaptureFixture[str], width: int, names: Sequence[str], *blocks: Sequence[Sequence[Any]]
) -> str:
    print_tables(names, blocks, width=width)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [20, 33, 40, 60, 72, 80, 81, 100, 200])
@pytest.mark.parametrize(
    "names, row",
    [
        (NAMES, ROW),
        (["x"], (LARGE,)),
        (["a_name_that_is_much_longer_than_its_figure", "n"], (Decimal("1.5"), 7)),
        (["sha256", "bytes", "fetched"], (SHA, 123456789, DAY)),
        ([f"column_{n}" for n in range(12)], tuple(Decimal(f"{n}23456.789") for n in range(12))),
        (["name", "total"], ("三菱UFJ ＥＴＦ " * 9, LARGE)),
        (["text"], ("word " * 400,)),
    ],
)
def test_nothing_is_cut_and_no_line_is_wider_than_the_terminal(
    names: list[str], row: tuple[Any, ...], width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shown(capsys, width, names, [row])
    assert max(map(cell_len, out.splitlines())) <= width
    assert "…" not in out
    for value in row:
        figure = isinstance(value, int | Decimal | date)
        text = str(value) if figure else "".join(value.split())
        if figure and len(text) + 9 <= width / 2:  # beyond that, it folds beside the name of its column
            assert text in out
        letters = iter(out)
        assert all(letter in letters for letter in text), text


def test_where_the_figures_fit_the_texts_fold(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, 80, NAMES, [ROW])
    lines = [re.split("[│┃]", line)[1:-1] for line in out.splitlines() if line[0] in "│┃"]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["report_date", "account_id", "nav_value_base", "description", "currency"],
        ["2026-11-27", "U1234567", "-480928.241806144", "SPDR S&P 500 ETF", "USD"],
        ["", "", "", "TRUST,", ""],
        ["", "", "", "distributing", ""],
    ]


def test_where_they_do_not_each_row_stands_in_a_block_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, 40, NAMES, [ROW, ROW])
    first, second = out.split("2 ─")
    assert first.splitlines()[0].startswith("1 ─")
    lines = [
        "report_date     2026-11-27",
        "account_id      U1234567",
        "nav_value_base  -480928.241806144",
        "description     SPDR S&P 500 ETF TRUST,",
        "                distributing",
        "currency        USD",
    ]
    assert [line.rstrip() for line in first.splitlines()[1:]] == lines
    assert [line.rstrip() for line in second.splitlines()[1:]] == lines


def test_a_name_folds_behind_its_underscores(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, 20, ["position_value_base"], [(Decimal("12345.678"),)])
    assert [line.strip("┃ ") for line in out.splitlines() if line.startswith("┃")] == ["position_value_", "base"]


def test_the_first_rows_choose_the_layout_and_later_ones_fold(capsys: pytest.CaptureFixture[str]) -> None:
    short = [(Decimal(1), "short")] * BLOCK_ROWS
    out = shown(capsys, 40, ["n", "text"], short, [(LARGE, "word " * 30)])
    assert "1 ─" not in out
    later = out[out.rindex("┏") :]
    figure = re.findall(r"^│ *([\d.-]*) │", later, re.MULTILINE)
    assert "".join(figure) == str(LARGE)
    assert later.count("word") == 30
    assert max(map(cell_len, out.splitlines())) <= 40


def test_a_later_figure_that_fits_does_not_fold(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, 80, ["i"], [(i,) for i in range(BLOCK_ROWS)], [(1_000_000,)])
    assert "│ 1000000 │" in out


def test_no_rows_are_no_rows_in_either_layout(capsys: pytest.CaptureFixture[str]) -> None:
    assert "report_date" in shown(capsys, 100, NAMES)
    assert shown(capsys, 20, NAMES) == "No rows.\n"


def test_figures_as_text_stand_to_the_right_and_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["account", "NAV"], [("U1", "1,234.50"), ("U2", "5.00")], right=["NAV"])
    assert "│     5.00 │" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252", "koi8-r", "shift-jis"])
@pytest.mark.parametrize("width", [100, 24])
def test_the_frame_is_straight_in_every_encoding(encoding: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.TextIOWrapper(io.BytesIO(), encoding, errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", written)
    print_tables(["name", "total"], [[("Zürich — 三菱", Decimal("1.5")), ("plain", LARGE)]], width=width)
    written.flush()
    lines = written.buffer.getvalue().decode(encoding).splitlines()
    assert max(map(cell_len, lines)) <= width
    if width == 100:
        assert len({cell_len(line) for line in lines}) == 1
