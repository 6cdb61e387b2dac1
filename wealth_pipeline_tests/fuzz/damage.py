"""Damaged statements, and an independent look at whether what was loaded of them is what they say.

The look reads the file with another parser and trusts nothing of the pipeline's but the declared columns: each
loaded row must stand in the file with exactly its values, and each row of the file that counts must be loaded.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from wealth_pipeline.flex.statement import StatementError
from wealth_pipeline.tables import TABLES, Column, TableSpec

from .house import House

_NULLS = ("", "-", "--", "N/A", "MULTI")
_ATTRIBUTE = re.compile(r'\s([\w]+)="([^"<]*)"')
_LEAF = re.compile(r"<(\w+)(?:\s[^<>]*)?(?:/>|></\1>)")
_WORDS = (
    "", "-", "--", "N/A", "MULTI", "x", "nan", "inf", "1e400", "-1", "0", "1.0000000000001", "9" * 16, "9" * 17, "1,23",
    "04/03/2025", "20250230", "00010101", "99991231", "99991231;235959 EST", "20251102;013000", "BASE_SUMMARY", "EUR",
    "SUMMARY", "LOT", "1e-7", "-0", " 5", "5 ", "٣", "1_000", "0x1F", "\U0001f4b0", "a" * 5000, "20250310;250000",
    "20250310;101010 XYZ", "&#10;", "&amp;", "1E+15", "true",
)  # fmt: skip


# Ways to damage a file.


def _cut(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.choice((1, 2, 7, 100, len(data))) :]


def _flip(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _insert(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + rng.randbytes(rng.choice((1, 2, 30))) + data[start:]


def _text(change: Callable[[random.Random, str], str]) -> Callable[[random.Random, bytes], bytes]:
    return lambda rng, data: change(rng, data.decode()).encode("utf-8", "surrogatepass")


def _swap(text: str, found: re.Match[str], other: str) -> str:
    return text[: found.start()] + other + text[found.end() :]


def _attribute(rng: random.Random, text: str, make: Callable[[re.Match[str]], str]) -> str:
    for _ in range(rng.choice((1, 1, 2, 5))):
        found = rng.choice(list(_ATTRIBUTE.finditer(text)))
        text = _swap(text, found, make(found))
    return text


def _remove_attribute(rng: random.Random, text: str) -> str:
    return _attribute(rng, text, lambda _: "")


def _double_attribute(rng: random.Random, text: str) -> str:
    return _attribute(rng, text, lambda found: found[0] * 2)


def _rename_attribute(rng: random.Random, text: str) -> str:
    return _attribute(rng, text, lambda found: f' {found[1]}X="{found[2]}"')


def _replace_value(rng: random.Random, text: str) -> str:
    return _attribute(rng, text, lambda found: f' {found[1]}="{rng.choice(_WORDS)}"')


def _take_other_value(rng: random.Random, text: str) -> str:
    others = list(_ATTRIBUTE.finditer(text))
    return _attribute(rng, text, lambda found: f' {found[1]}="{rng.choice(others)[2]}"')


def _change_digits(rng: random.Random, text: str) -> str:
    def change(found: re.Match[str]) -> str:
        value = re.sub(r"[0-9]", rng.choice("0123456789.,e-"), found[2], count=1)
        return f' {found[1]}="{value}"'

    return _attribute(rng, text, change)


def _remove_attribute_everywhere(rng: random.Random, text: str) -> str:
    name = rng.choice(list(_ATTRIBUTE.finditer(text)))[1]
    return re.sub(rf'\s{name}="[^"<]*"', "", text)


def _leaf(rng: random.Random, text: str, where: Callable[[str, str], str]) -> str:
    leaves = list(_LEAF.finditer(text))
    if not leaves:
        return text
    found = rng.choice(leaves)
    return where(_swap(text, found, ""), found[0])


def _remove_element(rng: random.Random, text: str) -> str:
    return _leaf(rng, text, lambda rest, _: rest)


def _move_element(rng: random.Random, text: str) -> str:
    def move(rest: str, leaf: str) -> str:
        place = rng.choice([i for i, letter in enumerate(rest) if letter == "<"])
        return rest[:place] + leaf + rest[place:]

    return _leaf(rng, text, move)


def _double_element(rng: random.Random, text: str) -> str:
    return _leaf(rng, text, lambda _, leaf: text.replace(leaf, leaf * 2, 1))


def _double_and_change(rng: random.Random, text: str) -> str:
    def change(_: str, leaf: str) -> str:
        other = _change_digits(rng, leaf) if _ATTRIBUTE.search(leaf) else leaf
        return text.replace(leaf, leaf + other, 1)

    return _leaf(rng, text, change)


def _rename_element(rng: random.Random, text: str) -> str:
    tags = sorted(set(re.findall(r"<(\w+)", text)))
    old, new = rng.choice(tags), rng.choice([*tags, "Other", "html"])
    return re.sub(rf"(</?){old}\b", rf"\g<1>{new}", text)


def _double_statement(rng: random.Random, text: str) -> str:
    found = rng.choice(list(re.finditer(r"<FlexStatement\s.*?</FlexStatement>", text, re.DOTALL)))
    return _swap(text, found, found[0] + (_change_digits if rng.randrange(2) else _replace_value)(rng, found[0]))


def _add_text(rng: random.Random, text: str) -> str:
    added = rng.choice(
        ("]]>", "<![CDATA[x]]>", "<!-- -- -->", "&unknown;", "&#0;", "<?xml version='1.0'?>", "\x00", "\ufffe", "words",
         '<!DOCTYPE x [<!ENTITY a "b">]>', "<a", "</FlexStatement>", "<b:c/>", "<c:d xmlns:c='u'/>", "\u202e")
    )  # fmt: skip
    place = rng.choice([0, len(text), *(i for i, letter in enumerate(text) if letter in "<>")])
    return text[:place] + added + text[place:]


def _nest(rng: random.Random, text: str) -> str:
    place = rng.choice([i for i, letter in enumerate(text) if letter == "<"])
    depth = rng.choice((3, 300, 3000))
    return text[:place] + "<n>" * depth + "</n>" * rng.choice((depth, depth, depth - 1)) + text[place:]


def _break_encoding(rng: random.Random, data: bytes) -> bytes:
    text = data.decode()
    kind = rng.randrange(6)
    if kind == 0:
        named = rng.choice(("utf-16", "nonsense", "us-ascii", "utf-32"))
        return f'<?xml version="1.0" encoding="{named}"?>{text}'.encode()
    if kind == 1:
        return text.encode("utf-16")[rng.choice((0, 1, 2, 3)) :]
    if kind == 2:
        return b"\xff\xfe" + data
    if kind == 3:
        return text.encode("utf-16")[: rng.randrange(len(data))]
    if kind == 4:
        return text.encode(rng.choice(("utf-32", "cp037", "utf-7")), "replace")
    return data.replace(b"a", b"\xe9", 1) if rng.randrange(2) else data.replace(b'="', b'="\xc3', 1)


WAYS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(_cut, _flip, _insert, _break_encoding) * 2,
    *map(_text, (
        _remove_attribute, _double_attribute, _rename_attribute, _replace_value, _replace_value, _take_other_value,
        _change_digits, _remove_attribute_everywhere, _remove_element, _move_element, _double_element,
        _double_and_change, _add_text, _rename_element, _double_statement, _add_text, _nest,
    )),
)  # fmt: skip


def damaged(seed: int, data: bytes) -> bytes:
    """A whole file in UTF-8, damaged in one of many ways."""
    rng = random.Random(seed)
    return rng.choice(WAYS)(rng, data)


# What must come of it.


def outcome(house: House, data: bytes) -> tuple[str, list[str]]:
    """What became of a damaged file (`loaded`, or the kind of its error), and what is wrong about that."""
    before = house.digest()
    try:
        loaded = house.load(data)
    except StatementError as error:
        return _kind(str(error)), [*_told(str(error)), *_untouched(house, before)]
    except Exception as error:
        return type(error).__name__, [f"{type(error).__name__}: {error}"[:500], *_untouched(house, before)]
    if loaded.status == "rejected":
        reason = loaded.reason or ""
        return _kind(reason), [*_told(reason), *_untouched(house, before)]
    return loaded.status, strays(house.con, loaded.sha256, data) if loaded.status == "loaded" else []


def _untouched(house: House, before: object) -> list[str]:
    return [] if house.digest() == before else ["a table changed though the file was rejected"]


def _told(reason: str) -> list[str]:
    """What is wrong with an error's text: one line that says what happened and what to do."""
    wrong = []
    if reason != " ".join(reason.split()) or not reason.isprintable():
        wrong.append(f"not one printable line: {reason!r}")
    if not 20 <= len(reason) <= 400 or "Traceback" in reason or not reason.rstrip().endswith((".", "?")):
        wrong.append(f"not a sentence to act on: {reason!r}")
    try:
        reason.encode()
    except UnicodeEncodeError:
        wrong.append("cannot be written")
    return wrong


def _kind(reason: str) -> str:
    """An error's text without what belongs to one file."""
    kind = re.split(r"\. [A-Z]", reason)[0]
    kind = re.sub(r"=('[^']*'|\"[^\"]*\"|a value)", "=...", kind)
    kind = re.sub(r"^\w+(?: row \d+)?: \w+(?==\.\.\.)", "a row: an attribute", kind)
    kind = re.sub(r"^\w+(?: row \d+)?: \w+ (?=breaks)", "a row: an attribute ", kind)
    kind = re.sub(
        r"^\w+ rows \d+ and \d+ both state the same .*", "two rows state the same with different figures", kind
    )
    kind = re.sub(r"^\w+ row \d+ has no \w+", "a row lacks an attribute", kind)
    kind = re.sub(r"<[^>]*>|type \S+?,", "...", kind)
    kind = re.sub(r" of the table \w+", "", kind)
    return re.sub(r"\d+", "N", kind)[:90]


def strays(con: duckdb.DuckDBPyConnection, sha256: str, data: bytes, moments: bool = False) -> list[str]:
    """Rows that were loaded and don't stand in the file, and rows of the file that were not loaded.

    moments: look at times as well, whose damaged forms another reading cannot judge.
    """
    try:
        # A prefix that nobody declared is well-formed XML; only this parser insists on namespaces.
        root = ElementTree.fromstring(re.sub(rb"(</?)\w+:(?=\w)", rb"\1", data))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return [f"loaded, though another parser cannot read it: {error}"]
    rows: dict[str, list[dict[str, Any]]] = {}
    moved = False
    for statement in root.iter("FlexStatement"):
        for element in statement.iter():
            defaults = {"accountId": statement.get("accountId"), "fromDate": statement.get("fromDate"),
                        "toDate": statement.get("toDate")}  # fmt: skip
            if element.tag in ("OpenPosition", "OpenDividendAccrual"):
                defaults["reportDate"] = statement.get("toDate")
            stated = {k: v for k, v in element.attrib.items() if k not in defaults or not _is_null(k, v)}
            moved = moved or any(_day(stated.get(n, "")) not in (None, _day(d or "")) for n, d in defaults.items())
            rows.setdefault(element.tag, []).append({**defaults, **stated})
    periods = [(s.get("accountId"), _day(s.get("toDate") or "")) for s in root.iter("FlexStatement")]
    again = len(set(periods)) < len(periods) or moved
    wrong = []
    for table in TABLES:
        told = rows.get(table.element, [])
        # What lots make is no row of the file.
        made = table.name == "positions" and _has_lots(told)
        if table.name != "accounts" and not made:
            columns = [c for c in table.read if moments or not pa.types.is_timestamp(c.type)]
            wrong += _compare(con, table, columns, told, sha256, again)
    return wrong


def _has_lots(rows: list[dict[str, Any]]) -> bool:
    """Whether a row is a lot, or may be one: it says so, or how it was opened, or one contract has several rows."""
    keys = [(r["accountId"], r.get("model"), r.get("reportDate"), r.get("conid") or r.get("symbol")) for r in rows]
    said = any(r.get("levelOfDetail") == "LOT" or r.get("openDateTime") or r.get("originatingOrderID") for r in rows)
    return said or len(set(keys)) < len(keys)


def _is_null(name: str, text: str) -> bool:
    return text == "" or (name != "accountId" and text in _NULLS)


def _compare(
    con: duckdb.DuckDBPyConnection,
    table: TableSpec,
    stated: list[Column],
    rows: list[dict[str, Any]],
    sha256: str,
    again: bool,
) -> list[str]:
    names = [c.name for c in stated] + (["component", "amount"] if table.melt else [])
    given = con.execute(f"SELECT {', '.join(names)} FROM {table.name} WHERE statement_sha256 = ?", [sha256]).fetchall()
    wanted = []
    for row in rows:
        if not _counts(table, row):
            continue
        plain = tuple(_value(row.get(c.attribute or ""), c.type) for c in stated)
        if not table.melt:
            wanted.append(plain)
            continue
        for name, text in row.items():
            amount = _value(text, pa.decimal128(28, 12))
            if amount is not None and name not in (
                "accountId",
                "model",
                "acctAlias",
                "fromDate",
                "toDate",
                "reportDate",
            ):
                wanted.append((*plain, name, amount))
    loose = {i for i, c in enumerate(stated) if c.attribute in ("fxRateToBase", "costBasisMoney")}
    # Of two FlexStatements for one account and day the later one counts whole, and a row that was moved into
    # another one stands for all rows of its day.
    keys = [] if again else [names.index(name) for name in table.key if name in names]
    wrong = []
    known = {_without(row, loose) for row in wanted}
    unstated = [row for row in given if _without(row, loose) not in known]
    if unstated:
        wrong.append(f"{table.name}: loaded, not in the file: {unstated[:2]}")
    lacking: list[tuple[Any, ...]] = []
    if table.key == ("row_id",) or table.name == "dividend_accruals":
        found = {_without(row, loose) for row in given}
        lacking = [row for row in wanted if not again and _without(row, loose) not in found]
    elif keys and not table.melt:
        query = (
            f"SELECT {', '.join(table.key[: len(keys)])} FROM {table.name} WHERE {table.key[0]} IN (SELECT unnest(?))"
        )
        owners = list({row[keys[0]] for row in wanted})
        loaded = set(con.execute(query, [owners]).fetchall()) if owners else set()
        lacking = [row for row in wanted if tuple(row[i] for i in keys) not in loaded]
    if lacking:
        wrong.append(f"{table.name}: in the file, not loaded: {lacking[:2]}")
    return wrong


def _without(row: tuple[Any, ...], places: set[int]) -> tuple[Any, ...]:
    return tuple(value for i, value in enumerate(row) if i not in places)


def _counts(table: TableSpec, row: dict[str, Any]) -> bool:
    """Whether a row is one of this table, by the reference's rules."""
    if row.get("accountId") == "-":
        return False
    level = row.get("levelOfDetail")
    base = row.get("currency") == "BASE_SUMMARY"
    return {
        # Without a date it sums up several days, and is counted as left out.
        "nav": bool(row.get("reportDate")) and row.get("reportDate") not in _NULLS,
        "cash_balances": not base,
        "cash_totals": base,
        "cash_transactions": level != "SUMMARY",
        "trades": level in (None, "EXECUTION"),
        "fx_rates": _value(row.get("rate"), pa.decimal128(18, 10)) != -1 and bool(row.get("fromCurrency")),
        "securities": bool(row.get("conid")),
    }.get(table.name, True)


def _value(text: str | None, kind: pa.DataType) -> Any:
    """An attribute's value, read in another way than the pipeline's."""
    if not text or (not pa.types.is_string(kind) and text in _NULLS):
        return None
    if pa.types.is_decimal(kind):
        try:
            number = Decimal(text.replace(",", ""))
            return number if number.is_finite() else None
        except InvalidOperation:
            return None
    if pa.types.is_date(kind):
        return _day(text)
    if pa.types.is_timestamp(kind):
        return _moment(text)
    return text


def _moment(text: str) -> datetime | None:
    """A moment in UTC, by its digits; New York's clock, or a zone of the same name."""
    day, clock = _day(text), re.search(r"(\d\d):?(\d\d):?(\d\d)(?: ([A-Z]+))?$", text[8:])
    if day is None:
        return None
    hour, minute, second = (int(part) for part in clock.groups()[:3]) if clock else (0, 0, 0)
    named = clock[4] if clock else None
    zone = ZoneInfo("America/New_York" if named in (None, "EST", "EDT") else str(named))
    return (
        datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    )


def _day(text: str) -> date | None:
    for form, length in (("%Y-%m-%d", 10), ("%Y%m%d", 8), ("%d-%b-%y", 9), ("%m/%d/%Y", 10)):
        try:
            return datetime.strptime(text[:length], form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def unnoted(con: duckdb.DuckDBPyConnection, sha256: str, data: bytes) -> list[str]:
    """Attributes with a value, and sections, that are neither loaded nor named in `statement_notes`."""
    noted = {name for (name,) in con.execute("SELECT name FROM statement_notes WHERE sha256 = ?", [sha256]).fetchall()}
    for table in TABLES:
        if table.melt:
            query = f"SELECT DISTINCT component FROM {table.name} WHERE statement_sha256 = ?"
            noted |= {f"{table.element}.{name}" for (name,) in con.execute(query, [sha256]).fetchall()}
    columns: dict[str, set[str]] = {}
    for table in TABLES:
        columns.setdefault(table.element, {"levelOfDetail"}).update(c.attribute or "" for c in table.read)
    lacking = set()
    for statement in ElementTree.fromstring(data).iter("FlexStatement"):
        for section in statement:
            rows = [row for row in section.iter() if row.tag in columns]
            if not rows and len(section) and section.tag not in noted:
                lacking.add(section.tag)
            for row in rows:
                told = {name for name, text in row.attrib.items() if text not in _NULLS}
                lacking |= {f"{row.tag}.{n}" for n in told - columns[row.tag]} - noted
    return sorted(lacking)
