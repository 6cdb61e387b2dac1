"""How rows fit into a terminal: as a table in which texts fold, or else each row in a block of its own.

A figure or a day is never folded in a table whose rows were there when its layout was chosen, and nothing is ever cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rich.cells import cell_len

#: A frame takes three cells of each column (a space on both sides, a line), and one for the last line.
_OF_A_COLUMN, _OF_A_TABLE = 3, 1
#: No text folds into fewer cells than this, unless it is shorter, nor into more lines.
_NARROWEST, _TALLEST = 16, 8
#: A part of a name, which folds behind an underscore or a space.
_PIECE = re.compile(r"[^_ ]+[_ ]*|[_ ]+")


@dataclass(frozen=True)
class Column:
    """A column of a block of rows. solid: whether its cells stay in one line. right: whether they are aligned so."""

    name: str
    cells: Sequence[str]
    solid: bool
    right: bool

    @cached_property
    def widest(self) -> int:
        """The cells that its longest line takes on the terminal."""
        return max((cell_len(line) for cell in self.cells for line in cell.split("\n")), default=0)

    @property
    def natural(self) -> int:
        """The width at which nothing folds."""
        return max(self.widest, cell_len(self.name), 1)

    @cached_property
    def least(self) -> int:
        """The width below which a figure would fold, or a text look bad."""
        words = [piece.rstrip() for piece in _PIECE.findall(self.name)]
        words += [] if self.solid else [word for cell in self.cells for word in cell.split()]
        longest = max(map(cell_len, words), default=0)
        return max(min(longest, _NARROWEST), self.widest if self.solid else 1)

    def head(self, width: int) -> str:
        """The name in lines of at most `width` cells, folded behind an underscore or a space where that is possible."""
        lines = [""]
        for piece in _PIECE.findall(self.name):
            if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
        return "\n".join(line.rstrip() for line in lines)


def widths(columns: Sequence[Column], width: int, *, chosen: bool = False) -> list[int] | None:
    """The columns' widths in a table that is at most `width` cells wide, None where it would be no good table.

    That is where a figure would fold, or a text would fold into a tower. chosen: whether it was a table before these
    rows came: then all of them fold where they have to.
    """
    if chosen and (fit := widths(columns, width)):
        return fit
    columns = [replace(column, solid=column.solid and not chosen) for column in columns]
    found = [column.least for column in columns]
    room = width - _OF_A_COLUMN * len(columns) - _OF_A_TABLE - sum(found)
    if room < 0:
        return None
    # What needs little more than the least gets it; the rest is shared evenly.
    by_need = sorted(range(len(columns)), key=lambda n: columns[n].natural - found[n])
    for served, n in enumerate(by_need):
        more = min(columns[n].natural - found[n], room // (len(columns) - served))
        found[n] += more
        room -= more
    tallest = max((-(-column.widest // max(given, 1)) for column, given in zip(columns, found, strict=True)), default=0)
    return found if chosen or tallest <= _TALLEST else None
