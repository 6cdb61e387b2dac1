"""Reading an Activity Flex statement: from XML to typed columns, streaming, whatever its size.

The reader knows the statement's form and the declared tables, and nothing else: no rule about which rows count.
Every attribute of a declared element is either a column, an amount by name (for the elements whose set of amounts
is open), or noted by its name; every section that is not loaded is noted too.

What cannot be read exactly: in the core (what the NAV rests on) it refuses the file; a row of a side section is set
aside; a description, or a figure on which no NAV rests, is NULL and noted with its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, cast

from lxml import etree

from wealth_pipeline.statement.frame import Statement, StatementError
from wealth_pipeline.statement.notes import Notes
from wealth_pipeline.statement.root import SAFE, WRONG_CHARACTER, WRONG_ENCODING, chunks
from wealth_pipeline.statement.rows import Batch, Reading, RowGroup, SetAside
from wealth_pipeline.statement.structure import Structure

__all__ = ["Batch", "Notes", "SetAside", "Statement", "StatementError", "StatementReader"]

#: Attribute texts that are held before they are typed and handed on: bounds memory, whatever the file's size.
BATCH_TEXTS = 125_000


class StatementReader:
    """Reads one file. Iterate over it for the batches; then `statements` and `notes` are complete.

    Raises StatementError where the file is no Activity statement, is malformed or cut off, or holds a value that
    cannot be read exactly; the error names the element, its row and the attribute.
    date_format: what its dates with slashes mean, see `values.parse_day`. now: by which time (UTC, without zone) a
    statement must have been generated; None: it is not asked.
    """

    def __init__(
        self,
        stream: BinaryIO,
        date_format: str | None = None,
        batch_texts: int = BATCH_TEXTS,
        now: datetime | None = None,
    ) -> None:
        self._stream = stream
        self._collector = _Collector(Reading(date_format), now)
        self._batch_texts = batch_texts

    @property
    def statements(self) -> list[Statement]:
        """The FlexStatements read so far."""
        return self._collector.statements

    @property
    def messages(self) -> list[tuple[int, str]]:
        """IBKR's messages so far: the ordinal of the FlexStatement they stand in, 0 outside of any, and their words."""
        return self._collector.messages

    @property
    def notes(self) -> Notes:
        """What was seen and not loaded, so far."""
        return self._collector.reading.notes

    @property
    def set_aside(self) -> list[SetAside]:
        """The rows that could not be read exactly and are not in the batches, so far."""
        return self._collector.reading.set_aside

    @property
    def two_digit_years(self) -> bool:
        """Whether the file writes its years with two digits."""
        return self._collector.two_digit_years

    def __iter__(self) -> Iterator[Batch]:
        collector = self._collector
        parser = etree.XMLParser(target=cast(Any, collector), **SAFE)
        try:
            for chunk in chunks(self._stream):
                parser.feed(chunk)
                if collector.held >= self._batch_texts:
                    yield collector.drain_largest()
            parser.close()
        except etree.XMLSyntaxError as error:
            raise _broken(error.lineno, cast(Any, error).code) from None
        # What the parser repairs by itself: a prefix without a namespace loses it, and makes another attribute.
        if repaired := parser.feed_error_log.filter_from_errors():
            raise _broken(repaired[0].line)
        if not collector.statements:
            raise StatementError("It holds no FlexStatement", "Look at the query in IBKR's Client Portal.")
        collector.compare_count()
        yield from collector.drain()


class _Collector(Structure):
    """Gathers attribute texts by element and set of attributes, and types them in batches."""

    def __init__(self, reading: Reading, now: datetime | None = None) -> None:
        super().__init__(reading, now)
        self.held = 0
        self._groups: dict[tuple[str, ...], RowGroup] = {}

    def row(self, tag: str, attributes: dict[str, str]) -> None:
        # lxml gives the attributes in the file's order, which is the same for nearly all rows of an element.
        names = (tag, *attributes)
        group = self._groups.get(names)
        if group is None:
            group = self._groups[names] = RowGroup(tag, tuple(attributes), self.reading)
        self.held += len(attributes)
        # All values at once, in C: picking the ones that are read out of each row takes three times as long.
        group.rows.append((len(self.statements) + 1, self._rows[tag], *attributes.values()))

    def drain_largest(self) -> Batch:
        """Type the largest part of what is held, and let go of it; a batch of few rows costs as much as a full one."""
        group = max(self._groups.values(), key=lambda group: group.held)
        self.held -= group.held
        return group.batch()

    def drain(self) -> Iterator[Batch]:
        """Type all that is held, and let go of it."""
        for group in self._groups.values():
            if group.rows:
                yield group.batch()
        self.held = 0


def _broken(line: int | None, code: int = 0) -> StatementError:
    if code in WRONG_ENCODING:
        return StatementError(
            f"Line {line or 1} holds bytes that are not of the encoding which the file declares (UTF-8 if none)",
            "Download the statement again, and don't save it through an editor or a spreadsheet.",
        )
    if code == WRONG_CHARACTER:
        return StatementError(
            f"Line {line or 1} holds a character that XML forbids",
            "Download the statement again; if it is there again, report it to IBKR.",
        )
    return StatementError(
        f"The XML is broken or cut off at line {line or 1}",
        "Download the statement again; if it breaks at the same place, ask IBKR.",
    )
