"""The form of a statement: what stands in what. Whatever does not belong there is noted, or refuses the file."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from wealth_pipeline.statement.frame import AGAIN, Frame, Statement, StatementError, read_frame
from wealth_pipeline.statement.root import not_a_statement
from wealth_pipeline.statement.rows import Reading
from wealth_pipeline.statement.values import has_two_digit_year
from wealth_pipeline.statement.vocabulary import FRAME, LOADED_SECTIONS, declared, known_names
from wealth_pipeline.tables.sections import SECTION_OF
from wealth_pipeline.text import inline

#: Characters of a message of IBKR's that are kept; those that were seen have 70.
_LONGEST_MESSAGE = 500
_DOCTYPE = (
    "It declares a document type, which no statement of IBKR's does",
    "Download the statement again from IBKR; don't use this file.",
)


class Structure:
    """The parser's target: follows the elements, and hands each row of a declared one to `row`.

    statements: those read so far. messages: IBKR's so far, with the ordinal of the FlexStatement they stand in (0
    outside of any). two_digit_years: whether the file writes its years with two digits. now: see `read_frame`.
    """

    def __init__(self, reading: Reading, now: datetime | None = None) -> None:
        self.reading = reading
        self.statements: list[Statement] = []
        self.messages: list[tuple[int, str]] = []
        self.two_digit_years = False
        self._now = now
        self._notes = reading.notes
        self._declared = declared()
        #: How many rows of each element there were.
        self._rows: Counter[str] = Counter()
        #: The words of the Message that is being read.
        self._words: list[str] | None = None
        #: The number of FlexStatements that the file announces.
        self._count: str | None = None
        self._depth = 0
        self._statement_depth = 0
        self._frame: Frame | None = None
        self._sections: list[str] = []

    def row(self, tag: str, attributes: dict[str, str]) -> None:
        """Take a row of a declared element."""
        raise NotImplementedError

    def read_frame(self, attributes: dict[str, str]) -> Frame:
        """The attributes that frame the FlexStatement that begins."""
        which = f"FlexStatement {len(self.statements) + 1}"
        frame = read_frame(attributes, which, self.reading.date_format, self._now)
        self.two_digit_years |= has_two_digit_year(attributes["toDate"])
        return frame

    def doctype(self, *_: Any) -> None:
        """Refuse the file (lxml calls this and the next four)."""
        raise StatementError(*_DOCTYPE)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        self._depth += 1
        if tag == "Message" and self._depth > 1:
            self._words = []
        elif self._statement_depth:
            self._start_inside(tag, attributes)
        elif self._depth == 1:
            self._start_root(tag, attributes)
        elif tag == "FlexStatement":
            self._note_unknown(tag, attributes, FRAME[tag])
            self._statement_depth = self._depth
            self._frame, self._sections = self.read_frame(attributes), []
            self.reading.last_days.append(self._frame.last_day)
        elif tag in self._declared:
            raise StatementError(f"A row of {tag} stands outside of a FlexStatement", AGAIN)
        elif tag == "FlexStatements":
            self._note_unknown(tag, attributes, FRAME[tag])
            self._count = attributes.get("count")
        else:
            self._notes.add("row_not_loaded", tag)

    def data(self, text: str) -> None:
        """Take text, of which only that of messages is kept."""
        if self._words is not None:
            self._words.append(text)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        if tag == "Message" and self._words is not None:
            ordinal = len(self.statements) + 1 if self._statement_depth else 0
            words = " ".join("".join(self._words).split())
            self.messages += [(ordinal, words[:_LONGEST_MESSAGE])] if words else []
            self._words = None
        if self._depth == self._statement_depth:
            self._statement_depth = 0
            self._close_statement()
        self._depth -= 1

    def close(self) -> None:
        """Take the end of the file."""

    def compare_count(self) -> None:
        """Note it where the file announces another number of FlexStatements than it holds."""
        if self._count and self._count != str(len(self.statements)):
            self._notes.add("wrong_count", "FlexStatements", f"count={self._count}, there are {len(self.statements)}")

    def _start_inside(self, tag: str, attributes: dict[str, str]) -> None:
        """An element within a FlexStatement."""
        if self._depth == self._statement_depth + 1:
            self._sections.append(tag)
            if attributes and tag in LOADED_SECTIONS:
                self._note_unknown(tag, attributes, frozenset())
        if tag in self._declared and self._sections[-1] in (tag, SECTION_OF.get(tag)):
            self._rows[tag] += 1
            self.row(tag, attributes)
        elif tag == "FlexStatement":
            raise StatementError(f"FlexStatement {len(self.statements) + 1} holds another one", AGAIN)
        elif self._depth > self._statement_depth + 1:
            self._notes.add("row_not_loaded", f"{self._sections[-1]}/{tag}")

    def _start_root(self, tag: str, attributes: dict[str, str]) -> None:
        if tag != "FlexQueryResponse":
            raise StatementError(*not_a_statement(tag))
        if attributes.get("type", "AF") != "AF":
            raise StatementError(
                f"It is a statement of type '{inline(attributes['type'][:40])}', not of an Activity Flex query",
                "Use the id of an Activity Flex query (not Trade Confirmation).",
            )
        self._note_unknown(tag, attributes, FRAME[tag])

    def _note_unknown(self, tag: str, attributes: dict[str, str], known: frozenset[str]) -> None:
        for name in attributes.keys() - known:
            self._notes.add("unknown_attribute", f"{tag}.{name}")

    def _close_statement(self) -> None:
        assert self._frame is not None  # its beginning was read
        sections = tuple(dict.fromkeys(self._sections))
        self.statements.append(
            Statement(
                ordinal=len(self.statements) + 1,
                account_id=self._frame.account_id,
                from_date=self._frame.from_date,
                to_date=self._frame.to_date,
                when_generated=self._frame.when_generated,
                sections=sections,
            )
        )
        for section in sections:
            if section not in LOADED_SECTIONS and section not in self._declared:
                known = section in known_names()["FlexStatement"]
                self._notes.add("section_not_loaded" if known else "unknown_section", section)
