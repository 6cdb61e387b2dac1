"""Rows on standard output: as tables for people, as CSV and as JSON; each as it comes, so that no answer is too large.

Texts come from statements and show as plain text. Decimals keep every digit.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from wealth_pipeline.text import csv_cell, json_value, plain, terminal

Rows = Sequence[Sequence[Any]]


def print_csv(names: Sequence[str], blocks: Iterable[Rows]) -> None:
    """Comma-separated values, with the columns' names in the first line."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([csv_cell(name) for name in names])
    for rows in blocks:
        for row in rows:
            writer.writerow([csv_cell(plain(value)) for value in row])


def print_json(names: Sequence[str], blocks: Iterable[Rows]) -> None:
    """A list of objects, one a line: decimals as text, also in nested values."""
    before = "["
    for rows in blocks:
        for row in rows:
            sys.stdout.write(f"{before}\n {json.dumps(json_value(dict(zip(names, row, strict=True))))}")
            before = ","
    sys.stdout.write("[]\n" if before == "[" else "\n]\n")


def print_table(names: Sequence[str], rows: Rows) -> None:
    """A table with a frame, numbers to the right."""
    print_tables(names, [rows])


def print_tables(names: Sequence[str], blocks: Iterable[Rows], *, plan: bool = False) -> None:
    """A table with a frame for each block, one without rows if there is none.

    plan: whether the texts are DuckDB's own, in several lines.
    """
    from rich.console import Console

    # In a pipe or a file nothing is cut off.
    console = Console(width=None if sys.stdout.isatty() else 1000)
    printed = False
    for rows in blocks:
        console.print(_framed(names, rows, plan))
        printed = True
    if not printed:
        console.print(_framed(names, [], plan))


def _framed(names: Sequence[str], rows: Rows, plan: bool) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name in names:
        table.add_column(Text(terminal(name)))  # not as markup: a description may hold brackets
    for column, values in zip(table.columns, zip(*rows, strict=True), strict=False):
        column.justify = "right" if any(isinstance(v, int | Decimal | float) for v in values) else "left"
    for row in rows:
        cells = (plain(value) for value in row)
        table.add_row(*(Text("\n".join(map(terminal, cell.split("\n"))) if plan else terminal(cell)) for cell in cells))
    return table
