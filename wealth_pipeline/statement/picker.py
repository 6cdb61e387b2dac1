"""Some rows of a statement with their attributes as the file states them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, BinaryIO, cast

from lxml import etree

from wealth_pipeline.statement.frame import Frame
from wealth_pipeline.statement.notes import is_plain
from wealth_pipeline.statement.root import SAFE, chunks
from wealth_pipeline.statement.rows import Reading
from wealth_pipeline.statement.structure import Structure
from wealth_pipeline.statement.vocabulary import is_personal

#: Stands for the frame of a FlexStatement, which is not asked for.
_ANY_FRAME = Frame(
    account_id="",
    from_date=date.min,
    to_date=date.min,
    when_generated=datetime.min,  # noqa: DTZ901
    last_day=date.min,
)


def attributes_of(stream: BinaryIO, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], dict[str, str]]:
    """The attributes of some rows, by element and number, of a file that was read before; without personal ones.

    A text that doesn't have the form of a figure or a date where one is due, or that stands in an unknown attribute,
    may be personal too: it is only said that there is one.
    """
    picker = _Picker(wanted)
    parser = etree.XMLParser(target=cast(Any, picker), **SAFE)
    for chunk in chunks(stream):
        parser.feed(chunk)
    parser.close()
    return picker.found


class _Picker(Structure):
    """Keeps the attributes of the wanted rows, and nothing else."""

    def __init__(self, wanted: Collection[tuple[str, int]]) -> None:
        super().__init__(Reading())
        self._wanted = frozenset(wanted)
        self.found: dict[tuple[str, int], dict[str, str]] = {}

    def row(self, tag: str, attributes: dict[str, str]) -> None:
        place = (tag, self._rows[tag])
        if place in self._wanted:
            self.found[place] = {
                name: text if is_plain(tag, name, text) else "(a text)"
                for name, text in attributes.items()
                if not is_personal(tag, name)
            }

    def read_frame(self, attributes: dict[str, str]) -> Frame:
        return _ANY_FRAME
