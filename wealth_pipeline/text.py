"""Text that came from outside (a statement, a file name, a server's answer) as plain text: one function a medium.

Nothing in such a text takes effect: no image, link, line break, table cell, control or right-to-left character. Read in
the source of Dagster's UI: `description` and Markdown metadata are GitHub's Markdown, in which addresses become links
whether or not their characters are escaped; run logs make links of `http://`; everything else there is shown as it is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal
from typing import Any

#: The most characters of one foreign text that people are shown, where nobody asked for the whole of it.
LONGEST = 200

#: Categories that are shown by their number: controls (line breaks, ANSI's escape), formats (right-to-left marks, zero
#: width), line and paragraph separators, private use, surrogates (in file names that are not UTF-8), unassigned.
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"}
#: The classes of letters and digits that turn round what stands beside them.
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
#: What has a width of nothing, or looks like nothing, and is in neither: joiners, fillers, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
#: The character in an address without which nothing takes it for one: http://, www., name@host.
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.|@(?=[\w-]+\.[\w-])", re.IGNORECASE)
_MARKUP = re.compile(r"[`*_\[\]|~]")
#: Renderers disagree about a backslash at the end of a table's cell.
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "\\": "&#92;"}
_ENTITY = re.compile(r"[<>\\]|&(?=#?\w+;)")
#: What makes a line a heading, a list or a rule, when it begins one.
_BLOCK = re.compile(r"(\d*)([.)]|#+|[-+:=]+)(?=\s|$)")
#: The beginning of what a spreadsheet may take for a formula; some drop spaces or a quotation mark before it, some read
#: the full-width and small forms.
_FORMULA = re.compile('[\\s"]*[=+@\\-＝＋－＠﹦﹢﹣﹫]|[\t\r\n]')
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
#: How many decimals the amounts of a currency have, where they are not two (ISO 4217, list one: minor unit).
_DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def terminal(text: str) -> str:
    """The text for a terminal: in one line, and what has an effect or no shape by its number."""
    return _visible(text)


def sentence(text: str) -> str:
    """A whole message of ours, in one line, whatever characters the texts in it brought along."""
    return _visible(" ".join(text.split()))


def inline(text: str, most: int = LONGEST) -> str:
    """The text within a sentence, a label or a cell of plain text, in a log, an error, an alert or Dagster's UI.

    An address in it is no link, and what is longer than `most` characters ends with an ellipsis.
    """
    # Cut first, so that no number is cut in two.
    return _ADDRESS.sub(_number, _visible(text if len(text) <= most else f"{text[: most - 1]}…"))


def markdown(text: str, most: int = LONGEST) -> str:
    """The text for Markdown: it shows what `inline` gives, and nothing of it is markup."""
    escaped = _ENTITY.sub(lambda found: _ENTITIES[found[0]], inline(text, most).strip())
    escaped = _MARKUP.sub(r"\\\g<0>", escaped)
    block = _BLOCK.match(escaped)
    return f"{block[1]}\\{escaped[block.end(1) :]}" if block else escaped


def csv_cell(text: str) -> str:
    """The text for a CSV cell: one that a spreadsheet would take for a formula begins with an apostrophe.

    A tab stays as it is: unlike a line break it takes no effect within a cell, whichever program wrote and reads it.
    """
    formula = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return ("'" if formula else "") + _visible(text, keep="\t")


def _visible(text: str, keep: str = "") -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep or _seen(c) else _escaped(c) for c in text)


def _seen(c: str) -> bool:
    unseen = unicodedata.category(c) in _UNSEEN or unicodedata.bidirectional(c) in _RIGHT_TO_LEFT
    return not unseen and not _BLANK.match(c)


def _escaped(c: str) -> str:
    return c.encode("unicode_escape").decode()


def _number(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def plain(value: Any) -> str:
    """A value to the last digit: decimals without trailing zeros, lists and structs as JSON, nothing for None."""
    if isinstance(value, Decimal):
        return _without_zeros(f"{value:f}") if value else "0"
    if isinstance(value, list | tuple | dict):
        return json.dumps(json_value(value))
    return "" if value is None else str(value)


def json_value(value: Any) -> Any:
    """A value for JSON: lists and structs in their shape, decimals and whatever JSON lacks as text."""
    if isinstance(value, dict):
        return {str(key): json_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(inner) for inner in value]
    return value if value is None or type(value) in (bool, int, str) else plain(value)


def grouped(value: Any) -> str:
    """A value as `plain` shows it, a decimal with separators between the thousands: `1,234.5`."""
    return _without_zeros(f"{value:,f}") if isinstance(value, Decimal) and value else plain(value)


def _without_zeros(text: str) -> str:
    """A decimal without the zeros at its end. Decimal.normalize would round what has more than 28 digits."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: Decimal, currency: str | None, *, sign: bool = False) -> str:
    """An amount rounded to the decimals of its currency: `1,234.50`, or `+1,234.50` with `sign`."""
    return f"{value:{'+' if sign else ''},.{_DECIMALS.get(currency or '', 2)}f}"


def money(value: Decimal | None, currency: str | None, *, sign: bool = False) -> str:
    """An amount as `amount` shows it, with its currency: `1,234.50 USD`."""
    if value is None:
        return "not stated"
    return f"{amount(value, currency, sign=sign)} {currency or 'base currency'}"


def percent(value: float) -> str:
    """A return in percent, to two decimals: `+1,234.50 %`."""
    return f"{value:+,.2f} %"
