"""IBKR's attribute texts to exact Arrow values: decimals without a float, days, and moments in UTC.

Each converter takes a column of texts and returns an Arrow array. A text that cannot be read exactly is NULL in it and
given, as an `Unreadable`, to `refuse`, which raises it unless the caller has another use for it. Nothing is rounded or
guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from wealth_pipeline.calendar import NEW_YORK

#: IBKR: a field without a value is empty or one of these; MULTI marks a date of an aggregated row.
NULLS = ("", "-", "--", "N/A")
DATE_NULLS = (*NULLS, "MULTI")

#: How a row is written here that is no single account's.
NO_ACCOUNT = "-"

#: IBKR: the formats a Flex query page offers for dates, times and what stands between them.
_MOMENT = re.compile(
    r"(?P<day>\d{8}|\d{4}-\d{2}-\d{2}|\d{2}-[A-Za-z]{3}-\d{2}|\d{2}/\d{2}/\d{4}|\d{2}/\d{2}/\d{2})"
    r"(?:(?:;|, |,| |T)?(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2})(?: (?P<zone>[A-Z]{3,5}|[+-]\d{4}))?)?",
    re.ASCII,
)
_DAY_FORMATS = ("%Y%m%d", "%Y-%m-%d", "%d-%b-%y")
#: IBKR: the date formats that cannot be told apart by looking at a date; by the name the query page gives them.
_SLASH_FORMATS = {"MM/dd/yyyy": "%m/%d/%Y", "MM/dd/yy": "%m/%d/%y", "dd/MM/yyyy": "%d/%m/%Y", "dd/MM/yy": "%d/%m/%y"}
_CENTURY = 100
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

#: The suffixes IBKR was seen to write, by the zone whose clock they are.
_ZONES = {
    "EST": NEW_YORK,
    "EDT": NEW_YORK,
    # Missing are CST and IST, which several clocks share, and EET and EEST, whose countries change their clocks apart.
    "CDT": ZoneInfo("America/Chicago"),
    "PST": ZoneInfo("America/Los_Angeles"),
    "PDT": ZoneInfo("America/Los_Angeles"),
    "GMT": UTC,
    "UTC": UTC,
    "BST": ZoneInfo("Europe/London"),
    "CET": ZoneInfo("Europe/Zurich"),
    "CEST": ZoneInfo("Europe/Zurich"),
    "HKT": ZoneInfo("Asia/Hong_Kong"),
    "SGT": ZoneInfo("Asia/Singapore"),
    "JST": ZoneInfo("Asia/Tokyo"),
    "AEST": ZoneInfo("Australia/Sydney"),
    "AEDT": ZoneInfo("Australia/Sydney"),
    "AWST": ZoneInfo("Australia/Perth"),
    "NZST": ZoneInfo("Pacific/Auckland"),
    "NZDT": ZoneInfo("Pacific/Auckland"),
    "MSK": ZoneInfo("Europe/Moscow"),
    "SAST": ZoneInfo("Africa/Johannesburg"),
}
_STANDARD_TIMES = frozenset({"EST", "PST", "GMT", "CET", "AEST", "NZST"})


class Unreadable(ValueError):
    """A text that cannot be read exactly: its place in the column, the text, and why."""

    def __init__(self, index: int, text: str, why: str) -> None:
        super().__init__(f"{text!r} {why}")
        self.index = index
        self.text = text
        self.why = why


Refuse = Callable[[Unreadable], None]


def raised(error: Unreadable) -> None:
    """The `refuse` that is used unless another is given: the first text that cannot be read exactly is an error."""
    raise error


def parse_day(text: str, date_format: str | None = None, last_year: int | None = None) -> date | None:
    """A date: `20261123`, `2026-11-23` or `23-NOV-26`. A time behind it is left out (IBKR: seen in date fields).

    date_format: what a date with slashes means, as IBKR's query page names it (`MM/dd/yyyy` ...). last_year: a year of
    two digits is one of the hundred years that end with this one; without it 69 is 1969 and 68 is 2068. Raises
    ValueError on anything else, and on slashes where no format is given: 03/04/2026 may be March or April.
    """
    if text in DATE_NULLS:
        return None
    found = _MOMENT.fullmatch(text)
    slashes = found is not None and "/" in found["day"]
    if slashes and date_format is None:
        raise ValueError(
            "has slashes, so day and month can't be told apart: set the query's date format to yyyyMMdd, or name it"
            " in IBKR_FLEX_DATE_FORMAT"
        )
    for form in ((_SLASH_FORMATS[date_format or ""],) if slashes else _DAY_FORMATS) if found else ():
        try:
            day = datetime.strptime(found["day"], form).date()  # type: ignore[index]  # noqa: DTZ007
            if last_year is not None and "%y" in form:
                day = day.replace(year=last_year - (last_year - day.year) % _CENTURY)
        except ValueError:
            continue
        return day
    if slashes:
        raise ValueError(f"is not a date of the format {date_format}, which IBKR_FLEX_DATE_FORMAT names")
    raise ValueError("is not a date in a format of the Flex query page")


def has_two_digit_year(text: str) -> bool:
    """Whether a date is written with two digits for its year: `23-NOV-26`, `11/23/26`."""
    found = _MOMENT.fullmatch(text)
    return found is not None and len(re.split(r"[-/]", found["day"])[-1]) == 2


def parse_moment(text: str, date_format: str | None = None, last_year: int | None = None) -> datetime | None:
    """A date-time in UTC without zone; a date alone is its midnight in New York. The others: see `parse_day`.

    IBKR: without a zone suffix the file does not say which; the service's own clock is New York's.
    """
    day = parse_day(text, date_format, last_year)
    if day is None:
        return None
    found = _MOMENT.fullmatch(text)
    assert found is not None  # parse_day read it by the same pattern
    zone = _zone(found["zone"] or "EST")
    if zone is None:
        raise ValueError(f"has an unknown time zone {found['zone']}; set the query's time format to HHmmss")
    # EST and EDT tell the doubled hour of autumn apart: fold=1 is its second pass, in standard time.
    fold = 1 if found["zone"] in _STANDARD_TIMES else 0
    try:
        hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
        clock = time(hour, minute, second, tzinfo=zone, fold=fold)
    except ValueError:
        raise ValueError("is not a time of day") from None
    try:
        return datetime.combine(day, clock).astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None


def _zone(name: str) -> tzinfo | None:
    """The clock that a suffix names: `EST`, `+0200`; None for one that is not known, or that several zones share."""
    if name[0] not in "+-":
        return _ZONES.get(name)
    offset = timedelta(hours=int(name[1:3]), minutes=int(name[3:]))
    return timezone(-offset if name[0] == "-" else offset) if offset < timedelta(days=1) else None


def texts(column: Sequence[str]) -> pa.Array:
    """Texts as they are, padding included; an empty one is NULL."""
    array = pa.array(column, pa.string())
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array) if "" in column else array


def identifiers(column: Sequence[str]) -> pa.Array:
    """Texts that identify something; IBKR's null markers are NULL (MULTI: seen in ids of aggregated rows)."""
    array = pa.array(column, pa.string())
    return pc.if_else(pc.is_in(array, pa.array(DATE_NULLS)), pa.scalar(None, pa.string()), array)


def account(text: str) -> str:
    """The account that a text names; the null markers are one and the same."""
    return NO_ACCOUNT if text in NULLS[1:] else text


def accounts(column: Sequence[str]) -> pa.Array:
    """Accounts; an empty text is NULL, and a null marker NO_ACCOUNT."""
    array = texts(column)
    if set(NULLS[1:]).isdisjoint(column):
        return array
    return pc.if_else(pc.is_in(array, pa.array(NULLS[1:])), pa.scalar(NO_ACCOUNT), array)


def is_number(text: str) -> bool:
    """Whether a text is written as a number, whatever its digits."""
    return bool(_NUMBER.fullmatch(text) or _THOUSANDS.fullmatch(text))


def decimals(column: Sequence[str], kind: pa.DataType, refuse: Refuse = raised) -> pa.Array:
    """Exact decimals of type `kind`; thousands separators are accepted, lost digits are not.

    Arrow's cast refuses a value with more decimals than the type holds; DuckDB's would round it.
    """
    array = pa.array(column, pa.string())
    if not set(NULLS).isdisjoint(column):
        array = pc.if_else(pc.is_in(array, pa.array(NULLS)), pa.scalar(None, pa.string()), array)
    try:
        return pc.cast(array, kind)
    except pa.ArrowInvalid:
        return pa.array([_decimal(i, text, kind, refuse) for i, text in enumerate(column)], kind)


def _decimal(index: int, text: str, kind: pa.DataType, refuse: Refuse) -> Any:
    if text in NULLS:
        return None
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    try:
        return pc.cast(pa.scalar(plain, pa.string()), kind).as_py()
    except pa.ArrowInvalid:
        refuse(Unreadable(index, text, _why_no_number(plain, kind)))
        return None


def _why_no_number(text: str, kind: pa.DataType) -> str:
    try:
        number = Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        number = None
    if number is None:
        return "is not a number"
    if number.adjusted() >= kind.precision - kind.scale:
        return f"has more than {kind.precision - kind.scale} digits before the point"
    return f"has more decimals than the {kind.scale} that are kept, and is not rounded"


def _by_distinct(column: Sequence[str], parse: Callable[[str], Any], kind: pa.DataType, refuse: Refuse) -> pa.Array:
    # A column of a million rows holds a few hundred dates: each distinct text is read once.
    encoded = pc.dictionary_encode(pa.array(column, pa.string()))
    values, unreadable = [], {}
    for text in encoded.dictionary.to_pylist():
        try:
            values.append(parse(text))
        except ValueError as error:
            values.append(None)
            unreadable[text] = str(error)
    for index, text in enumerate(column) if unreadable else ():
        if text in unreadable:
            refuse(Unreadable(index, text, unreadable[text]))
    return pa.array(values, kind).take(encoded.indices)


def convert(
    column: Sequence[str],
    kind: pa.DataType,
    date_format: str | None = None,
    last_year: int | None = None,
    *,
    refuse: Refuse = raised,
) -> pa.Array:
    """A column of texts as the Arrow type that its table declares. date_format, last_year: see `parse_day`."""
    if not any(column):
        # A third of a position's attributes are empty in nearly every row.
        return pa.nulls(len(column), kind)
    if pa.types.is_decimal(kind):
        return decimals(column, kind, refuse)
    if pa.types.is_date(kind):
        return _by_distinct(column, partial(parse_day, date_format=date_format, last_year=last_year), kind, refuse)
    if pa.types.is_timestamp(kind):
        return _by_distinct(column, partial(parse_moment, date_format=date_format, last_year=last_year), kind, refuse)
    return texts(column)
