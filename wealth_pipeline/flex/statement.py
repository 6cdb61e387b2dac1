"""Reading an Activity Flex statement: from XML to typed columns, streaming, whatever its size.

The reader knows the statement's form and the declared tables, and nothing else: no rule about which rows count.
Every attribute of a declared element is either a column, an amount by name (for the elements whose set of amounts
is open), or noted by its name; every section that is not loaded is noted too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from itertools import product, repeat
from typing import Any, BinaryIO, cast

import pyarrow as pa
from lxml import etree

from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex import values
from wealth_pipeline.tables import TABLES
from wealth_pipeline.text import inline

CHUNK_BYTES = 1 << 18
#: Attribute texts that are held before they are typed and handed on: bounds memory, whatever the file's size.
BATCH_TEXTS = 125_000

AMOUNT = pa.decimal128(28, 12)

#: Elements that have one row a model where the query shows models; the account's figure is their sum.
MODEL_ELEMENTS = (
    "EquitySummaryByReportDateInBase", "CashReportCurrency", "ChangeInNAV", "InterestAccrualsCurrency",
)  # fmt: skip

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
#: The section in which an element's rows stand. IBKR: PriorPeriodPositions and others hold rows of the same names.
_SECTION_OF = {
    "EquitySummaryByReportDateInBase": "EquitySummaryInBase",
    "CashReportCurrency": "CashReport",
    "OpenPosition": "OpenPositions",
    "ConversionRate": "ConversionRates",
    "CashTransaction": "CashTransactions",
    "Trade": "Trades",
    "Transfer": "Transfers",
    "OpenDividendAccrual": "OpenDividendAccruals",
    "InterestAccrualsCurrency": "InterestAccruals",
    "SecurityInfo": "SecuritiesInfo",
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
_DOCTYPE = (
    "It declares a document type, which no statement of IBKR's does",
    "Download the statement again from IBKR; don't use this file.",
)


class StatementReader:
    """Reads one file. Iterate over it for the batches; then `statements` and `notes` are complete.

    Raises StatementError where the file is no Activity statement, is malformed or cut off, or holds a value that
    cannot be read exactly; the error names the element, its row and the attribute.
    slash_format: what its dates with slashes mean, see `values.parse_day`.
    """

    def __init__(self, stream: BinaryIO, slash_format: str | None = None, batch_texts: int = BATCH_TEXTS) -> None:
        self._stream = stream
        self._collector = _Collector(slash_format)
        self._batch_texts = batch_texts

    @property
    def statements(self) -> list[Statement]:
        """The FlexStatements read so far."""
        return self._collector.statements

    @property
    def notes(self) -> Notes:
        """What was seen and not loaded, so far."""
        return self._collector.notes

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
            raise _broken(error.lineno) from None
        # What the parser mends by itself: a prefix without a namespace loses it, and makes another attribute.
        if mended := parser.feed_error_log.filter_from_errors():
            raise _broken(mended[0].line)
        if not collector.statements:
            raise StatementError("It holds no FlexStatement", "Look at the query in IBKR's Client Portal.")
        collector.compare_count()
        yield from collector.drain()


def _broken(line: int | None) -> StatementError:
    return StatementError(
        f"The XML is broken or cut off at line {line or 1}",
        "Download the statement again; if it breaks at the same place, ask IBKR.",
    )


class _Collector:
    """The parser's target: gathers attribute texts by element and set of attributes, and types them in batches."""

    def __init__(self, slash_format: str | None) -> None:
        self.statements: list[Statement] = []
        self.notes = Notes()
        self._slash_format = slash_format
        self._told_count: str | None = None
        self.held = 0
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._rows: Counter[str] = Counter()
        self._declared = declared()
        self._depth = 0
        self._statement_depth = 0
        self._header: dict[str, str] = {}
        self._sections: list[str] = []

    # The four methods that lxml calls.

    def doctype(self, *_: Any) -> None:
        raise StatementError(*_DOCTYPE)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._statement_depth:
            if self._depth == self._statement_depth + 1:
                self._sections.append(tag)
                if attributes and tag in _LOADED_SECTIONS:
                    self._note_unknown(tag, attributes, frozenset())
            if tag in self._declared and self._sections[-1] in (tag, _SECTION_OF.get(tag)):
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
            self._header, self._sections = dict(attributes), []
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

    def end(self, tag: str) -> None:
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
                f"It is a statement of type '{inline(attributes['type'], 40)}', not of an Activity Flex query",
                "Use the id of an Activity Flex query (not Trade Confirmation).",
            )
        self._note_unknown(tag, attributes, _FRAME[tag])

    def _close_statement(self) -> None:
        ordinal = len(self.statements) + 1
        read: dict[str, Any] = {}
        for attribute, parse in _HEADER.items():
            text = self._header.get(attribute, "")
            try:
                read[attribute] = parse(text, self._slash_format) if text else None
            except ValueError as error:
                raise StatementError(
                    f"FlexStatement {ordinal}: {attribute}='{inline(text, 40)}' {error}",
                    "Nothing of this file was loaded.",
                ) from None
            if not read[attribute]:
                raise StatementError(f"FlexStatement {ordinal} has no {attribute}", _AGAIN)
        if read["fromDate"] > read["toDate"]:
            raise StatementError(f"FlexStatement {ordinal} ends before it begins", _AGAIN)
        self.statements.append(
            Statement(
                ordinal=ordinal,
                account_id=read["accountId"],
                from_date=read["fromDate"],
                to_date=read["toDate"],
                when_generated=read["whenGenerated"],
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
            layout = self._layouts[names] = _Layout(tag, tuple(attributes), self.notes, self._slash_format)
        self._rows[tag] += 1
        self.held += len(attributes)
        # All values at once, in C: picking the ones that are read out of each row takes three times as long.
        layout.rows.append((len(self.statements) + 1, self._rows[tag], *attributes.values()))

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

    def __init__(self, element: str, names: tuple[str, ...], notes: Notes, slash_format: str | None) -> None:
        self.element = element
        self.names = names
        self.notes = notes
        self.slash_format = slash_format
        known = known_names().get(element, frozenset())
        columns = declared()[element]
        self.columns = [name for name in names if name in columns]
        self.amounts = []
        self.noted: list[tuple[str, str]] = []
        for name in names:
            personal = name in _PERSONAL or (name not in known and _PERSONAL_WORDS.search(name))
            if personal and name not in columns:
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
        """The held rows, typed; raises StatementError naming the element, row and attribute."""
        ordinals, self.numbers, *by_name = zip(*self.rows, strict=True)
        texts = dict(zip(self.names, by_name, strict=True))
        for kind, name in self.noted:
            sample = next(filter(None, texts[name]), None) if _sampled(self.element, kind) else None
            self.notes.add(kind, f"{self.element}.{name}", sample, len(self.rows))
        place = {"ordinal": pa.array(ordinals, pa.int32()), "row": pa.array(self.numbers, pa.int64())}
        columns = dict(place)
        for name in self.columns:
            column, kind = declared()[self.element][name]
            columns[column] = self._convert(name, texts[name], kind)
        amounts = self._amounts(texts, place)
        self.rows = []
        return Batch(self.element, pa.table(columns), amounts)

    def _convert(self, name: str, texts: Sequence[str], kind: pa.DataType) -> pa.Array:
        try:
            return values.identifiers(texts) if name in _IDENTIFIERS else values.convert(texts, kind, self.slash_format)
        except values.Unreadable as error:
            # Of a person's own section no value is told: a shifted one could be a name.
            told = self.element != "AccountInformation" and _TOLD.fullmatch(error.text[:40])
            text = f"'{inline(error.text, 40)}'" if told else "a value"
            raise StatementError(
                f"{self.element} row {self.numbers[error.index]}: {name}={text} {error.why}",
                "Nothing of this file was loaded. If IBKR really sends this, please report it.",
            ) from None

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
    what = "It is not XML" if root is None else f"It is XML of another kind (<{inline(root, 40)}>)"
    return what, "A Flex statement starts with <FlexQueryResponse>; set the query's format to XML."


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

_LOADED_SECTIONS = frozenset(_SECTION_OF.values())
