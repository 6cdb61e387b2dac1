"""Damaged statements, and what must come of them: an exact load, or one clear line."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from wealth_pipeline.statement.frame import StatementError

from .house import House
from .second_reading import strays

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
