"""What kind of document a file is: its root element's name, by one rule for downloads, the archive and the reader.

White space before the XML declaration, with a byte order mark before it, is read over: XML forbids it, and some servers
send it all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from lxml import etree

from wealth_pipeline.text import inline

CHUNK_BYTES = 1 << 18
#: Not `resolve_entities=False`: with it lxml gives "&amp;" in an attribute as "&#38;". No entity can be declared, as
#: the document type is refused.
SAFE: dict[str, Any] = {"resolve_entities": "internal", "no_network": True, "load_dtd": False, "huge_tree": False}
#: A byte order mark alone stays, like that of UTF-16: it tells the parser the encoding.
_PROLOGUE = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]+")
#: The root element, behind declarations and comments, where the parser stops before it.
_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->)*<(?P<name>[A-Za-z_][\w.:-]*)", re.DOTALL)
#: The parser's codes for bytes that are not of the declared encoding, and for a character that XML forbids.
WRONG_ENCODING = frozenset(
    {
        etree.ErrorTypes.ERR_INVALID_ENCODING,
        etree.ErrorTypes.ERR_UNKNOWN_ENCODING,
        etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING,
    }
)
WRONG_CHARACTER = etree.ErrorTypes.ERR_INVALID_CHAR


def without_prologue(head: bytes) -> bytes:
    """The first bytes of a document from where XML may begin."""
    found = _PROLOGUE.match(head)
    return head[found.end() :] if found else head


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The document, in pieces, from where XML may begin."""
    begun = False
    while chunk := stream.read(CHUNK_BYTES):
        chunk = chunk if begun else without_prologue(chunk)
        begun = begun or bool(chunk)
        yield chunk


def root_name(head: bytes) -> str | None:
    """The name of the document's root element, from its first kilobytes; None if that is not XML.

    Where a document type is declared its name counts: the reader refuses the declaration itself.
    """
    sniffer = _Sniffer()
    parser = etree.XMLParser(target=cast(Any, sniffer), **SAFE)
    head = without_prologue(head)
    try:
        for start in range(0, len(head), 64):
            parser.feed(head[start : start + 64])
            if sniffer.root is not None:
                break
    except etree.XMLSyntaxError as error:
        # What was read up to here tells. Where the bytes are wrong the reader says so, if it is the right document.
        if sniffer.root is None and cast(Any, error).code in {*WRONG_ENCODING, WRONG_CHARACTER}:
            found = _ROOT.match(head)
            return found["name"].decode("ascii") if found else None
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


def not_a_statement(root: str | None) -> tuple[str, str]:
    """What to say of a file whose root element is not FlexQueryResponse (None: not XML at all)."""
    if root == "FlexStatementResponse":
        return (
            "It is an error reply of the Flex Web Service, not a statement",
            "Look at its ErrorMessage, and download the statement again.",
        )
    what = "It is not XML" if root is None else f"It is XML of another kind (<{inline(root[:40])}>)"
    return what, "A Flex statement starts with <FlexQueryResponse>; set the query's format to XML."
