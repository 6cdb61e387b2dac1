"""Text that came from outside (a statement, a file name, a server's answer) as plain text: one function a medium.

Nothing in such a text takes effect: no image, link, line break, table cell, control or right-to-left character.
"""

from __future__ import annotations

import re
import unicodedata

#: Categories that are shown by their number: controls (line breaks, ANSI's escape), formats (right-to-left marks, zero
#: width), line and paragraph separators, private use, surrogates, unassigned.
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def visible(text: str) -> str:
    """The text in one line, with each character that has an effect or no shape as its number: `\\x1b`, `\\u202e`."""
    return "".join(c.encode("unicode_escape").decode() if unicodedata.category(c) in _UNSEEN else c for c in text)


def markdown(text: str) -> str:
    """The text for Markdown, in which nothing of it is markup."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~&:/@])", r"\\\1", visible(text))


def terminal(text: str) -> str:
    """The text for a terminal."""
    return visible(text)


def csv_cell(text: str) -> str:
    """The text for a CSV cell: one that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _NUMBER.fullmatch(text) else text
