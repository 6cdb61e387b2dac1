"""Reading an Activity Flex statement: from XML to typed columns, streaming, whatever its size.

The reader knows the statement's form and the declared tables, and nothing else: no rule about which rows count.
Every attribute of a declared element is either a column, an amount by name (for the elements whose set of amounts
is open), or noted by its name; every section that is not loaded is noted too.

What cannot be read exactly: in the core (what the NAV rests on) it refuses the file; a row of a side section is set
aside; a description, or a figure on which no NAV rests, is NULL and noted with its text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import product, repeat
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from wealth_pipeline.calendar import NEW_YORK
from wealth_pipeline.errors import WealthError
from wealth_pipeline.statement import values
from wealth_pipeline.tables.columns import AMOUNT
from wealth_pipeline.tables.figures import DESCRIPTIVE, TABLES
from wealth_pipeline.tables.sections import MODEL_ELEMENTS, SECTION_OF, SECTIONS, SIDE_ELEMENTS
from wealth_pipeline.text import inline

CHUNK_BYTES = 1 << 18
#: Attribute texts that are held before they are typed and handed on: bounds memory, whatever the file's size.
BATCH_TEXTS = 125_000

#: Characters of a message of IBKR's that are kept; those that were seen have 70.
_LONGEST_MESSAGE = 500

#: Attributes of the open elements that identify or describe a row and are no amounts.
_IDENTITY = frozenset("accountId acctAlias model currency reportDate fromDate toDate levelOfDetail".split())
#: Texts that identify something, where a null marker is no text.
_IDENTIFIERS = frozenset(
    "conid securityID isin cusip figi underlyingConid transactionID tradeID actionID originatingOrderID "
    "originatingTransactionID model levelOfDetail".split()
)
#: The attributes of the elements that frame a statement.
_FRAME = {
    "FlexQueryResponse": frozenset({"queryName", "type"}),
    "FlexStatements": frozenset({"count"}),
    "FlexStatement": frozenset("accountId acctAlias model fromDate toDate period whenGenerated".split()),
}
#: IBKR: parts of an amount by segment, custodian or period, and by side; the unsuffixed attribute is their whole.
_CASH_PARTS = ("Sec", "Com", "Paxos", "IBUKL", "MTD", "YTD")
_NAV_PARTS = ("Long", "Short")

#: Attributes that name or locate a person: listed in the notes without their values, never loaded.
_PERSONAL = frozenset(
    "name masterName accountName primaryEmail accountRepName accountRepPhone registeredRepName registeredRepPhone "
    "street street2 city state country postalCode streetResidentialAddress street2ResidentialAddress "
    "cityResidentialAddress stateResidentialAddress countryResidentialAddress postalCodeResidentialAddress".split()
)
#: The same for attributes that IBKR may add.
_PERSONAL_WORDS = re.compile(
    r"name|street|address|mail|phone|birth|postal|owner|holder|beneficiary|title|taxid|ssn|iban|passport", re.IGNORECASE
)
#: A sample or a value is told only if it looks like a number, a date or a code: no list of personal words is whole.
_SAMPLE = re.compile(r"[-+\d.,:;/ ]{1,24}|[A-Z0-9_.-]{1,12}")
_TOLD = re.compile(r"[-+.\d].{0,39}|[\w.,%/-]{0,20}")

#: IBKR did not report before; a date before it is damage. A lot may be older: its dates are descriptions.
_EARLIEST = date(1990, 1, 1)
#: How far ahead of ours the clock may be by which IBKR generated a statement, or a trade was done.
_CLOCKS = timedelta(days=1)
#: The days that a row reports, and the times at which something was done, which lots have from long ago too.
_REPORTED = frozenset({"reportDate", "fromDate", "toDate"})
_DONE = frozenset({"dateTime", "tradeDate", "date"})
_OPENED = frozenset({"openDateTime", "holdingPeriodDateTime"})
#: How many years after the statement a year of two digits can be: of what is to come, and of what has been.
_YEARS_AHEAD = {"maturity": 94, "expiry": 94}


class StatementError(WealthError):
    """The file is not a statement that can be loaded exactly; nothing of it was loaded."""


@dataclass(frozen=True)
class Statement:
    """One FlexStatement of the file: an account, its period (report dates, inclusive), and what it holds.

    ordinal: its place in the file, from 1. when_generated: UTC. sections: the names of its direct children.
    """

    ordinal: int
    account_id: str
    from_date: date
    to_date: date
    when_generated: datetime
    sections: tuple[str, ...]


@dataclass(frozen=True)
class SetAside:
    """A row of a side section that is not loaded: its element and number in the file, its FlexStatement, and why."""

    element: str
    row: int
    ordinal: int
    reason: str


@dataclass(frozen=True)
class Batch:
    """Rows of one element, typed.

    columns: `ordinal` of the FlexStatement, `row` (the element's number in the file, from 1), then the declared
    columns. amounts: None, or (`ordinal`, `row`, `component`, `amount`) of the open elements.
    """

    element: str
    columns: pa.Table
    amounts: pa.Table | None


@dataclass
class Notes:
    """What was seen and not loaded, by kind and name: how often, and a sample where it is no personal data."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, kind: str, name: str, sample: str | None = None, count: int = 1) -> None:
        """Count one more of `kind` and `name`; the first sample that cannot be personal is kept."""
        self.counts[kind, name] += count
        if sample and _SAMPLE.fullmatch(sample):
            self.samples.setdefault((kind, name), sample)

    def add_unreadable(self, name: str, text: str) -> None:
        """Count one more description that could not be read exactly; the first text is kept if it may be shown."""
        self.counts["unreadable_value", name] += 1
        if _TOLD.fullmatch(text[:40]) and not name.startswith("AccountInformation."):
            self.samples.setdefault(("unreadable_value", name), text[:40])


@cache
def known_names() -> dict[str, frozenset[str]]:
    """Attributes by element, and sections under `FlexStatement`, that IBKR's statements have been seen with."""
    lines = files(__package__).joinpath("known_names.txt").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if line and not line.startswith("#"))
    return {element: frozenset(names.split()) for element, names in pairs}


@cache
def declared() -> dict[str, dict[str, tuple[str, pa.DataType]]]:
    """For each element that is loaded: attribute -> (column, type), over all tables that it fills."""
    elements: dict[str, dict[str, tuple[str, pa.DataType]]] = {}
    for table in TABLES:
        attributes = elements.setdefault(table.element, {})
        for column in table.read:
            attributes[column.attribute or ""] = (column.name, column.type)
    for attributes in elements.values():
        attributes.setdefault("levelOfDetail", ("level_of_detail", pa.string()))
        attributes.setdefault("accountId", ("account_id", pa.string()))
    for element in MODEL_ELEMENTS:
        elements[element].setdefault("model", ("model", pa.string()))
    elements["CashTransaction"].setdefault("acctAlias", ("alias", pa.string()))
    return elements


@cache
def open_elements() -> frozenset[str]:
    """The elements whose undeclared amounts are kept by name."""
    return frozenset(table.element for table in TABLES if table.melt)


def sniff_root(head: bytes) -> str | None:
    """The name of the document's root element, from its first kilobytes; None if that is not XML.

    Where a document type is declared its name counts: the reader refuses the declaration itself.
    """
    sniffer = _Sniffer()
    parser = etree.XMLParser(target=cast(Any, sniffer), **_SAFE)
    head = head.lstrip(_BLANK)
    try:
        for start in range(0, len(head), 64):
            parser.feed(head[start : start + 64])
            if sniffer.root is not None:
                break
    except etree.XMLSyntaxError:
        pass  # what was read up to here tells
    return sniffer.root


class _Sniffer:
    """A parser's target that remembers the first name."""

    def __init__(self) -> None:
        self.root: str | None = None

    def doctype(self, name: str, *_: Any) -> None:
        self.root = name

    def start(self, tag: str, _: dict[str, str]) -> None:
        self.root = self.root or tag

    def close(self) -> None:
        return None


#: Not `resolve_entities=False`: with it lxml gives "&amp;" in an attribute as "&#38;". No entity can be declared, as
#: the document type is refused.
#: White space before the XML declaration, which XML forbids and some servers send all the same.
_BLANK = b" \t\r\n"
_SAFE: dict[str, Any] = {"resolve_entities": "internal", "no_network": True, "load_dtd": False, "huge_tree": False}
_AGAIN = "Download the statement again."
_NOTHING = "Nothing of this file was loaded."
_DOCTYPE = (
    "It declares a document type, which no statement of IBKR's does",
    "Download the statement again from IBKR; don't use this file.",
)


class StatementReader:
    """Reads one file. Iterate over it for the batches; then `statements` and `notes` are complete.

    Raises StatementError where the file is no Activity statement, is malformed or cut off, or holds a value that
    cannot be read exactly; the error names the element, its row and the attribute.
    slash_format: what its dates with slashes mean, see `values.parse_day`. now: by which time (UTC, without zone) a
    statement must have been generated; None: it is not asked.
    """

    def __init__(
        self,
        stream: BinaryIO,
        slash_format: str | None = None,
        batch_texts: int = BATCH_TEXTS,
        now: datetime | None = None,
    ) -> None:
        self._stream = stream
        self._collector = _Collector(slash_format, now)
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
        return self._collector.notes

    @property
    def set_aside(self) -> list[SetAside]:
        """The rows that could not be read exactly and are not in the batches, so far."""
        return self._collector.set_aside

    @property
    def two_digit_years(self) -> bool:
        """Whether the file writes its years with two digits."""
        return self._collector.two_digit_years

    def __iter__(self) -> Iterator[Batch]:
        collector = self._collector
        parser = etree.XMLParser(target=cast(Any, collector), **_SAFE)
        try:
            begun = False
            while chunk := self._stream.read(CHUNK_BYTES):
                # Up to the first character only: UTF-16 begins with a byte order mark and is left as it is.
                chunk = chunk if begun else chunk.lstrip(_BLANK)
                begun = begun or bool(chunk)
                parser.feed(chunk)
                if collector.held >= self._batch_texts:
                    yield collector.drain_largest()
            parser.close()
        except etree.XMLSyntaxError as error:
            raise _broken(error.lineno, cast(Any, error).code) from None
        # What the parser mends by itself: a prefix without a namespace loses it, and makes another attribute.
        if mended := parser.feed_error_log.filter_from_errors():
            raise _broken(mended[0].line)
        if not collector.statements:
            raise StatementError("It holds no FlexStatement", "Look at the query in IBKR's Client Portal.")
        collector.compare_count()
        yield from collector.drain()


def _broken(line: int | None, code: int = 0) -> StatementError:
    if code in _WRONG_ENCODING:
        return StatementError(
            f"Line {line or 1} holds bytes that are not of the encoding which the file declares (UTF-8 if none)",
            "Download the statement again, and don't save it through an editor or a spreadsheet.",
        )
    if code == etree.ErrorTypes.ERR_INVALID_CHAR:
        return StatementError(
            f"Line {line or 1} holds a character that XML forbids",
            "Download the statement again; if it is there again, report it to IBKR.",
        )
    return StatementError(
        f"The XML is broken or cut off at line {line or 1}",
        "Download the statement again; if it breaks at the same place, ask IBKR.",
    )


_WRONG_ENCODING = frozenset(
    {
        etree.ErrorTypes.ERR_INVALID_ENCODING,
        etree.ErrorTypes.ERR_UNKNOWN_ENCODING,
        etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING,
    }
)


class _Collector:
    """The parser's target: gathers attribute texts by element and set of attributes, and types them in batches."""

    def __init__(self, slash_format: str | None, now: datetime | None = None) -> None:
        self.statements: list[Statement] = []
        self.notes = Notes()
        self.set_aside: list[SetAside] = []
        self.two_digit_years = False
        self.messages: list[tuple[int, str]] = []
        #: The words of the Message that is being read.
        self._words: list[str] | None = None
        self._slash_format = slash_format
        self._now = now
        #: The last day that each FlexStatement can report: the one on which it was generated, in New York.
        self._generated: list[date] = []
        self._told_count: str | None = None
        self.held = 0
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._rows: Counter[str] = Counter()
        self._declared = declared()
        self._depth = 0
        self._statement_depth = 0
        self._header: dict[str, Any] = {}
        self._sections: list[str] = []

    # The five methods that lxml calls.

    def doctype(self, *_: Any) -> None:
        raise StatementError(*_DOCTYPE)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if tag == "Message" and self._depth > 1:
            self._words = []
        elif self._statement_depth:
            if self._depth == self._statement_depth + 1:
                self._sections.append(tag)
                if attributes and tag in _LOADED_SECTIONS:
                    self._note_unknown(tag, attributes, frozenset())
            if tag in self._declared and self._sections[-1] in (tag, SECTION_OF.get(tag)):
                self._row(tag, attributes)
            elif tag == "FlexStatement":
                raise StatementError(f"FlexStatement {len(self.statements) + 1} holds another one", _AGAIN)
            elif self._depth > self._statement_depth + 1:
                self.notes.add("row_not_loaded", f"{self._sections[-1]}/{tag}")
        elif self._depth == 1:
            self._root(tag, attributes)
        elif tag == "FlexStatement":
            self._note_unknown(tag, attributes, _FRAME[tag])
            self._statement_depth = self._depth
            self._header, self._sections = self._frame(attributes), []
            self._generated.append(_new_york_day(self._header["whenGenerated"]))
        elif tag in self._declared:
            raise StatementError(f"A row of {tag} stands outside of a FlexStatement", _AGAIN)
        elif tag == "FlexStatements":
            self._note_unknown(tag, attributes, _FRAME[tag])
            self._told_count = attributes.get("count")
        else:
            self.notes.add("row_not_loaded", tag)

    def _note_unknown(self, tag: str, attributes: dict[str, str], known: frozenset[str]) -> None:
        for name in attributes.keys() - known:
            self.notes.add("unknown_attribute", f"{tag}.{name}")

    def data(self, text: str) -> None:
        if self._words is not None:
            self._words.append(text)

    def end(self, tag: str) -> None:
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
        return None

    def compare_count(self) -> None:
        """Note it where the file announces another number of FlexStatements than it holds."""
        if self._told_count and self._told_count != str(len(self.statements)):
            self.notes.add(
                "wrong_count", "FlexStatements", f"count={self._told_count}, there are {len(self.statements)}"
            )

    def _root(self, tag: str, attributes: dict[str, str]) -> None:
        if tag != "FlexQueryResponse":
            raise StatementError(*not_a_statement(tag))
        if attributes.get("type", "AF") != "AF":
            raise StatementError(
                f"It is a statement of type '{inline(attributes['type'][:40])}', not of an Activity Flex query",
                "Use the id of an Activity Flex query (not Trade Confirmation).",
            )
        self._note_unknown(tag, attributes, _FRAME[tag])

    def _frame(self, attributes: dict[str, str]) -> dict[str, Any]:
        """The attributes that frame a FlexStatement, read; raises StatementError where one is not as it can be."""
        ordinal = len(self.statements) + 1
        read: dict[str, Any] = {}
        for attribute, parse in _HEADER.items():
            text = attributes.get(attribute, "")
            try:
                read[attribute] = parse(text, self._slash_format) if text else None
            except ValueError as error:
                raise StatementError(
                    f"FlexStatement {ordinal}: {attribute}='{inline(text[:40])}' {error}", _NOTHING
                ) from None
            if not read[attribute]:
                raise StatementError(f"FlexStatement {ordinal} has no {attribute}", _AGAIN)
        if read["fromDate"] > read["toDate"]:
            raise StatementError(f"FlexStatement {ordinal} ends before it begins", _AGAIN)
        self._refuse_impossible(f"FlexStatement {ordinal}", read)
        self.two_digit_years |= values.has_two_digit_year(attributes["toDate"])
        return read

    def _refuse_impossible(self, which: str, read: dict[str, Any]) -> None:
        generated = _new_york_day(read["whenGenerated"])
        if self._now and read["whenGenerated"] > self._now + _CLOCKS:
            raise StatementError(
                f"{which}: whenGenerated={generated} is in the future",
                "Look at this machine's clock, or download the statement again; nothing of this file was loaded.",
            )
        for attribute, day in (("fromDate", read["fromDate"]), ("toDate", read["toDate"])):
            if why := _impossible(day, generated):
                raise StatementError(f"{which}: {attribute}={day} {why}", _NOTHING)
        if generated < _EARLIEST:
            raise StatementError(f"{which}: whenGenerated={generated} is before {_EARLIEST.year}", _NOTHING)

    def _close_statement(self) -> None:
        self.statements.append(
            Statement(
                ordinal=len(self.statements) + 1,
                account_id=self._header["accountId"],
                from_date=self._header["fromDate"],
                to_date=self._header["toDate"],
                when_generated=self._header["whenGenerated"],
                sections=tuple(dict.fromkeys(self._sections)),
            )
        )
        for section in dict.fromkeys(self._sections):
            if section not in _LOADED_SECTIONS and section not in declared():
                known = section in known_names()["FlexStatement"]
                self.notes.add("section_not_loaded" if known else "unknown_section", section)

    def _row(self, tag: str, attributes: dict[str, str]) -> None:
        # lxml gives the attributes in the file's order, which is the same for nearly all rows of an element.
        names = (tag, *attributes)
        layout = self._layouts.get(names)
        if layout is None:
            layout = self._layouts[names] = _Layout(tag, tuple(attributes), self)
        self._rows[tag] += 1
        self.held += len(attributes)
        # All values at once, in C: picking the ones that are read out of each row takes three times as long.
        layout.rows.append((len(self.statements) + 1, self._rows[tag], *attributes.values()))

    def convert(self, name: str, texts: Sequence[str], kind: pa.DataType, refuse: values.Refuse) -> pa.Array:
        """A column of an attribute's texts, typed."""
        if name in _IDENTIFIERS:
            return values.identifiers(texts)
        last_year = self._generated[0].year + _YEARS_AHEAD.get(name, 1)
        return values.convert(texts, kind, self._slash_format, last_year, refuse=refuse)

    def last_days(self, ordinals: Sequence[int]) -> pa.Array:
        """The last day that each of these FlexStatements can report."""
        return pa.array(self._generated, pa.date32()).take(pa.array([n - 1 for n in ordinals], pa.int64()))

    def drain_largest(self) -> Batch:
        """Type the largest part of what is held, and let go of it; a batch of few rows costs as much as a full one."""
        layout = max(self._layouts.values(), key=lambda layout: layout.held)
        self.held -= layout.held
        return layout.batch()

    def drain(self) -> Iterator[Batch]:
        """Type all that is held, and let go of it."""
        for layout in self._layouts.values():
            if layout.rows:
                yield layout.batch()
        self.held = 0


class _Layout:
    """Rows of one element with the same attributes in the same order."""

    def __init__(self, element: str, names: tuple[str, ...], collector: _Collector) -> None:
        self.element = element
        self.names = names
        self.collector = collector
        self.notes = collector.notes
        known = known_names().get(element, frozenset())
        columns = declared()[element]
        self.columns = [name for name in names if name in columns]
        self.amounts = []
        self.noted: list[tuple[str, str]] = []
        for name in names:
            if is_personal(element, name) and name not in columns:
                self.noted.append(("personal_attribute", name))
            elif element in open_elements() and name not in _IDENTITY and not _is_cash_part(element, name):
                self.amounts.append(name)
            elif name not in columns:
                self.noted.append(("attribute_not_loaded" if name in known else "unknown_attribute", name))
        #: Amounts that are parts of another one here, by name.
        self.wholes = {
            name: whole
            for name, suffix in product(self.amounts, _NAV_PARTS if element != "CashReportCurrency" else ())
            if name.endswith(suffix) and (whole := name.removesuffix(suffix)) in self.amounts
        }
        #: A row's place (`ordinal` and `row`) and its attributes' texts.
        self.rows: list[tuple[Any, ...]] = []

    @property
    def held(self) -> int:
        """How many texts are held."""
        return len(self.rows) * len(self.names)

    def batch(self) -> Batch:
        """The held rows, typed, without those that are set aside; raises StatementError for what refuses the file."""
        self.ordinals, self.numbers, *by_name = zip(*self.rows, strict=True)
        self.texts = dict(zip(self.names, by_name, strict=True))
        self.odd: dict[int, str] = {}
        for kind, name in self.noted:
            sample = next(filter(None, self.texts[name]), None) if _sampled(self.element, kind) else None
            self.notes.add(kind, f"{self.element}.{name}", sample, len(self.rows))
        place = {"ordinal": pa.array(self.ordinals, pa.int32()), "row": pa.array(self.numbers, pa.int64())}
        columns = dict(place)
        for name in self.columns:
            column, kind = declared()[self.element][name]
            columns[column] = self._convert(name, self.texts[name], kind)
        table, amounts = pa.table(columns), self._amounts(self.texts, place)
        if self.odd:
            odd = pa.array([self.numbers[index] for index in self.odd], pa.int64())
            table = table.filter(pc.invert(pc.is_in(table["row"], odd)))
            amounts = amounts and amounts.filter(pc.invert(pc.is_in(amounts["row"], odd)))
            self.collector.set_aside += [
                SetAside(self.element, self.numbers[index], self.ordinals[index], reason)
                for index, reason in self.odd.items()
            ]
        self.rows = []
        return Batch(self.element, table, amounts)

    def _convert(self, name: str, texts: Sequence[str], kind: pa.DataType) -> pa.Array:
        column = self.collector.convert(name, texts, kind, lambda error: self._refuse(name, error))
        if name in _REPORTED | _DONE | _OPENED:
            self._refuse_impossible(name, texts, column)
        return column

    def _is_side(self, index: int) -> bool:
        """Whether the NAV does not rest on the row at `index`, so that it can be set aside."""
        if self.element == "OpenPosition":
            return "levelOfDetail" in self.texts and self.texts["levelOfDetail"][index] == "LOT"
        return self.element in SIDE_ELEMENTS

    def _refuse_impossible(self, name: str, texts: Sequence[str], column: pa.Array) -> None:
        """Refuse the days that cannot be: before IBKR reported any, or after the statement was generated."""
        days = column.cast(pa.date32()) if pa.types.is_timestamp(column.type) else column
        latest = self.collector.last_days(self.ordinals)
        if name not in _REPORTED:
            latest = pc.add(latest, pa.scalar(_CLOCKS)).cast(pa.date32())
        late = pc.greater(days, latest)
        wrong = late if name in _OPENED else pc.or_(late, pc.less(days, pa.scalar(_EARLIEST)))
        for index in pc.indices_nonzero(wrong).to_pylist():
            if name in _OPENED and not self._is_side(index):
                self.notes.add_unreadable(f"{self.element}.{name}", texts[index])
                continue
            why = _impossible(days[index].as_py(), latest[index].as_py()) or ""
            self._refuse(name, values.Unreadable(index, texts[index], why), described=False)

    def _refuse(self, name: str, error: values.Unreadable, described: bool = True) -> None:
        """Note a description, set a row of a side aside, or raise StatementError naming the row and the attribute."""
        if described and name in DESCRIPTIVE:
            self.notes.add_unreadable(f"{self.element}.{name}", error.text)
            return
        # Of a person's own section no value is told: a shifted one could be a name.
        told = self.element != "AccountInformation" and _TOLD.fullmatch(error.text[:40])
        text = f"'{inline(error.text[:40])}'" if told else "a value"
        if self._is_side(error.index):
            self.odd.setdefault(error.index, f"{name}={text} {error.why}")
            return
        raise StatementError(
            f"{self.element} row {self.numbers[error.index]}: {name}={text} {error.why}",
            f"{_NOTHING} If IBKR really sends this, please report it.",
        )

    def _amounts(self, texts: dict[str, tuple[str, ...]], place: dict[str, pa.Array]) -> pa.Table | None:
        if not self.amounts:
            return None
        parts = []
        known = known_names().get(self.element, frozenset())
        for name in self.amounts:
            column: Sequence[str] = texts[name]
            if name not in known:
                self.notes.add("unknown_attribute", f"{self.element}.{name}", column[0], len(column))
                # What is no number is no amount; a number that cannot be kept exactly must not hide.
                column = [text if values.is_number(text) else "" for text in column]
            if name in self.wholes:
                column = self._without_whole(name, column, texts[self.wholes[name]])
            amount = self._convert(name, column, AMOUNT)
            component = pa.array(repeat(name, len(amount)), pa.string())
            part = pa.table({**place, "component": component, "amount": amount})
            parts.append(part.filter(amount.is_valid()) if amount.null_count else part)
        return pa.concat_tables(parts) if parts else None

    def _without_whole(self, name: str, column: Sequence[str], whole: Sequence[str]) -> list[str]:
        """A part's texts, emptied where its whole has a value; in the other rows its amount must not hide."""
        stated = {text for text in set(whole) if values.is_number(text)}
        if name in known_names()[self.element] and (left_out := sum(text in stated for text in whole)):
            self.notes.add("attribute_not_loaded", f"{self.element}.{name}", count=left_out)
        return ["" if total in stated else text for text, total in zip(column, whole, strict=True)]


def not_a_statement(root: str | None) -> tuple[str, str]:
    """What to say of a file whose root element is not FlexQueryResponse (None: not XML at all)."""
    if root == "FlexStatementResponse":
        return (
            "It is an error reply of the Flex Web Service, not a statement",
            "Look at its ErrorMessage, and download the statement again.",
        )
    what = "It is not XML" if root is None else f"It is XML of another kind (<{inline(root[:40])}>)"
    return what, "A Flex statement starts with <FlexQueryResponse>; set the query's format to XML."


def is_personal(element: str, name: str) -> bool:
    """Whether an attribute names or locates a person, as far as its name tells."""
    known = name in known_names().get(element, frozenset())
    return name in _PERSONAL or (not known and _PERSONAL_WORDS.search(name) is not None)


def attributes_of(stream: BinaryIO, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], dict[str, str]]:
    """The attributes of some rows, by element and number, as the file states them; without personal ones.

    A text that has not the form of a figure or a date where one is due, or that stands in an unknown attribute, may be
    personal too: it is only said that there is one.
    """
    picker = _Picker(wanted)
    parser = etree.XMLParser(target=cast(Any, picker), **_SAFE)
    begun = False
    while chunk := stream.read(CHUNK_BYTES):
        chunk = chunk if begun else chunk.lstrip(_BLANK)
        begun = begun or bool(chunk)
        parser.feed(chunk)
    parser.close()
    return picker.found


class _Picker(_Collector):
    """Keeps the attributes of the wanted rows of a file that was read before, and nothing else."""

    def __init__(self, wanted: Collection[tuple[str, int]]) -> None:
        super().__init__(None)
        self._wanted = frozenset(wanted)
        self.found: dict[tuple[str, int], dict[str, str]] = {}

    def _row(self, tag: str, attributes: dict[str, str]) -> None:
        self._rows[tag] += 1
        if (tag, self._rows[tag]) in self._wanted:
            self.found[tag, self._rows[tag]] = {
                name: text if _is_plain(tag, name, text) else "(a text)"
                for name, text in attributes.items()
                if not is_personal(tag, name)
            }

    def _frame(self, attributes: dict[str, str]) -> dict[str, Any]:
        return {name: _EPOCH if name == "whenGenerated" else attributes[name] for name in _HEADER}


def _is_plain(element: str, name: str, text: str) -> bool:
    """Whether a text may be kept: a text where one is due, or what looks like a figure, a date or a code."""
    kind = declared()[element].get(name, (name, None))[1]
    if kind is not None and pa.types.is_string(kind):
        return True
    return text == "" or (_TOLD if kind or name in known_names()[element] else _SAMPLE).fullmatch(text) is not None


def reported_day(text: str, statement: Statement, slash_format: str | None) -> date | None:
    """The day that an attribute states; None where it states none, or none that a row of the statement can report."""
    generated = _new_york_day(statement.when_generated)
    try:
        day = values.parse_day(text, slash_format, generated.year + 1)
    except ValueError:
        return None
    return None if day is None or _impossible(day, generated) else day


def _impossible(day: date, generated: date) -> str | None:
    """Why a reported day cannot be; None if it can."""
    if day < _EARLIEST:
        return f"is before {_EARLIEST.year}"
    return f"is after the statement was generated ({generated})" if day > generated else None


def _new_york_day(moment: datetime) -> date:
    return moment.replace(tzinfo=UTC).astimezone(NEW_YORK).date()


def _is_cash_part(element: str, name: str) -> bool:
    return element == "CashReportCurrency" and name.endswith(_CASH_PARTS)


def _sampled(element: str, kind: str) -> bool:
    return kind == "unknown_attribute" and element != "AccountInformation"


_HEADER: dict[str, Callable[[str, str | None], Any]] = {
    "accountId": lambda text, _: text,
    "fromDate": values.parse_day,
    "toDate": values.parse_day,
    "whenGenerated": values.parse_moment,
}

#: A moment that stands for one that is not asked for.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
#: The sections that stand around their rows.
_LOADED_SECTIONS = frozenset(section.name for section in SECTIONS if section.name != section.element)
