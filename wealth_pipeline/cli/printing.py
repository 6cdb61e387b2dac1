"""Rows on standard output: as tables for people, as CSV and as JSON; each as it comes, so that no answer is too large.

Texts come from statements and show as plain text. Decimals keep every digit, and no form cuts anything off.
"""

from __future__ import annotations

import csv
import itertools
import json
import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wealth_pipeline.text import csv_cell, json_value, plain, terminal

if TYPE_CHECKING:
    from rich.console import Console

    from wealth_pipeline.cli.layout import Column

Rows = Sequence[Sequence[Any]]

#: The width of a table in a pipe or a file.
_PIPE = 1000
#: Of a narrower terminal no account is taken: its own lines break.
_NARROWEST = 20
#: Where each row stands in a block of its own: the line above it, and the gap between a column's name and its value.
_RULE, _GAP = 60, 2


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


def print_table(names: Sequence[str], rows: Rows, *, right: Collection[str] = ()) -> None:
    """One table, as `print_tables` prints it. right: the columns whose texts are figures."""
    print_tables(names, [rows], right=right)


def print_tables(
    names: Sequence[str],
    blocks: Iterable[Rows],
    *,
    plan: bool = False,
    right: Collection[str] = (),
    width: int | None = None,
) -> None:
    """A table with a frame for each block, one without rows if there is none; or a block of lines for each row.

    Which of the two follows from the first block: a table whose figures would not fit is none. What is too long in a
    later one folds. plan: whether the texts are DuckDB's own, in several lines, which are never folded. right: the
    columns whose texts are figures. width: of the terminal; by default what it says, and in a pipe or a file enough.
    """
    from rich.console import Console

    from wealth_pipeline.cli.layout import widths

    console = Console(width=width if width or sys.stdout.isatty() else _PIPE)
    room = max(console.width, _NARROWEST)
    rest = (_columns(names, rows, plan=plan, right=right, encoding=console.encoding) for rows in blocks)
    first = next(rest, None) or _columns(names, [], plan=plan, right=right, encoding=console.encoding)
    fitting = widths(first, room)
    if fitting is None:
        _print_records(console, itertools.chain([first], rest), room, plan)
        return
    console.print(_framed(first, fitting))
    for columns in rest:
        console.print(_framed(columns, widths(columns, room, chosen=True) or fitting))


def _columns(names: Sequence[str], rows: Rows, *, plan: bool, right: Collection[str], encoding: str) -> list[Column]:
    """The rows by column, as the texts that are printed."""
    from wealth_pipeline.cli.layout import Column

    columns = []
    for n, name in enumerate(names):
        values = [row[n] for row in rows]
        figures = name in right or any(isinstance(value, int | Decimal | float) for value in values)
        days = any(isinstance(value, date) for value in values)
        columns.append(
            Column(
                _printable(terminal(name), encoding),
                [_printable(_cell(value, plan), encoding) for value in values],
                solid=figures or days,
                right=figures,
            )
        )
    return columns


def _cell(value: Any, plan: bool) -> str:
    text = plain(value)
    return "\n".join(map(terminal, text.split("\n"))) if plan else terminal(text)


def _printable(text: str, encoding: str) -> str:
    """The text with a number for each character that the terminal's encoding lacks, before its width is measured."""
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def _framed(columns: Sequence[Column], widths: Sequence[int]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            Text(column.head(width)),  # not as markup: a description may hold brackets
            width=width,
            overflow="fold",
            justify="right" if column.right else "left",
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*map(Text, row))
    return table


def _print_records(console: Console, blocks: Iterable[Sequence[Column]], width: int, plan: bool) -> None:
    """Each row in a block of its own, a line for each column: its name and its value, folded where it is too long."""
    from rich.cells import cell_len
    from rich.rule import Rule
    from rich.table import Table
    from rich.text import Text

    number = 0
    for columns in blocks:
        names = min(max(cell_len(column.name) for column in columns), width // 2)
        for row in zip(*(column.cells for column in columns), strict=True):
            number += 1
            console.print(Rule(str(number), align="left"), width=min(width, _RULE))
            if plan:
                console.print(*map(Text, row), sep="\n", no_wrap=True, overflow="ignore", crop=False)
                continue
            lines = Table.grid(padding=(0, _GAP, 0, 0))
            lines.add_column(width=names, overflow="fold")
            lines.add_column(width=width - names - _GAP, overflow="fold")
            for column, cell in zip(columns, row, strict=True):
                lines.add_row(Text(column.name), Text(cell))
            console.print(lines)
    if not number:
        console.print("No rows.")
