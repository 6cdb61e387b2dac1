# ruff: noqa: DTZ001 - moments are UTC without a zone, as in the database
"""Attribute texts become exact values, or an error that names the place; nothing is rounded or guessed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wealth_pipeline.statement import values

AMOUNT = pa.decimal128(28, 12)


@pytest.mark.parametrize(
    "text",
    [
        "20250426",
        "2025-04-26",
        "26-APR-25",
        "26-Apr-25",
        "2025-04-26;13:34:28 EDT",
        "20250426;170000",
        "20250426 144528",
    ],
)
def test_a_day_is_read_in_every_format_that_is_not_ambiguous(text: str) -> None:
    """The formats of the Flex query page; a date field may hold a time as well (seen in real files)."""
    assert values.parse_day(text) == date(2025, 4, 26)


@pytest.mark.parametrize("text", ["04/03/2025", "04/03/25", "13/01/2025", "04/03/2025;101500"])
def test_a_slash_date_is_refused_with_what_to_set(text: str) -> None:
    """April 3 or March 4 cannot be told apart, even where one file's days happen to be beyond 12."""
    with pytest.raises(ValueError, match="set the query's date format to yyyyMMdd"):
        values.parse_day(text)


@pytest.mark.parametrize(
    "text", ["20250230", "2025-13-01", "yesterday", "2025042", "202504261", "20250426T", "٢٠٢٥٠٤٢٦"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """A guess would put a figure on a wrong day."""
    with pytest.raises(ValueError, match="not a date"):
        values.parse_day(text)


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("03/04/2025", "MM/dd/yyyy"),
        ("03/04/25", "MM/dd/yy"),
        ("04/03/2025", "dd/MM/yyyy"),
        ("04/03/25;101500", "dd/MM/yy"),
        ("04/03/25101500", "dd/MM/yy"),
        ("20250304", "dd/MM/yy"),
    ],
)
def test_a_slash_date_is_read_as_the_setting_says(text: str, date_format: str) -> None:
    """Who cannot change the query can say what it means."""
    assert values.parse_day(text, date_format) == date(2025, 3, 4)


@pytest.mark.parametrize("text", ["25/03/2025", "03/04/25"])
def test_a_slash_date_of_another_format_than_the_setting_says_is_refused(text: str) -> None:
    """The only sign that the setting is wrong."""
    with pytest.raises(ValueError, match="not a date of the format MM/dd/yyyy, which IBKR_FLEX_DATE_FORMAT names"):
        values.parse_day(text, "MM/dd/yyyy")


@pytest.mark.parametrize("text", ["", "-", "--", "N/A", "MULTI"])
def test_a_marker_of_no_date_is_null(text: str) -> None:
    """IBKR writes MULTI where a row sums up several dates."""
    assert values.parse_day(text) is None
    assert values.parse_moment(text) is None


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("20230416;030420", datetime(2023, 4, 16, 7, 4, 20)),
        ("20230116;030420", datetime(2023, 1, 16, 8, 4, 20)),
        ("2025-04-26;13:34:28 EDT", datetime(2025, 4, 26, 17, 34, 28)),
        ("20250505;170000 EDT", datetime(2025, 5, 5, 21, 0)),
        ("2025-05-22 20:41:57 AEST", datetime(2025, 5, 22, 10, 41, 57)),
        ("20260419 144528", datetime(2026, 4, 19, 18, 45, 28)),
        ("20260419,144528", datetime(2026, 4, 19, 18, 45, 28)),
        ("20260419, 144528", datetime(2026, 4, 19, 18, 45, 28)),
        ("20260419T144528", datetime(2026, 4, 19, 18, 45, 28)),
        ("20260419144528", datetime(2026, 4, 19, 18, 45, 28)),
        ("19-APR-26;14:45:28 GMT", datetime(2026, 4, 19, 14, 45, 28)),
        ("20260419;144528 MSK", datetime(2026, 4, 19, 11, 45, 28)),
        ("20260119;144528 NZDT", datetime(2026, 1, 19, 1, 45, 28)),
        ("20260719;144528 NZST", datetime(2026, 7, 19, 2, 45, 28)),
        ("20260405;023000 NZDT", datetime(2026, 4, 4, 13, 30)),
        ("20260405;023000 NZST", datetime(2026, 4, 4, 14, 30)),
        ("20260119;144528 AWST", datetime(2026, 1, 19, 6, 45, 28)),
        ("20260119;144528 SAST", datetime(2026, 1, 19, 12, 45, 28)),
        ("20260419", datetime(2026, 4, 19, 4, 0)),
        ("20251102;013000 EDT", datetime(2025, 11, 2, 5, 30)),
        ("20251102;013000 EST", datetime(2025, 11, 2, 6, 30)),
    ],
)
def test_a_moment_is_utc_and_new_york_time_unless_it_says_otherwise(text: str, utc: datetime) -> None:
    """The order of generation decides which figure is current, so the hour counts; autumn has one twice."""
    assert values.parse_moment(text) == utc


@pytest.mark.parametrize("text", ["20260419;253000", "20260419;144528 XYZ"])
def test_a_time_that_cannot_be_placed_is_refused(text: str) -> None:
    """A wrong zone would let an old statement win over a new one."""
    with pytest.raises(ValueError, match=r"not a time of day|unknown time zone"):
        values.parse_moment(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234,567.89", "1234567.89"),
        ("-1,234.5", "-1234.5"),
        ("+1.5", "1.5"),
        ("-1.655e-06", "-0.000001655"),
        ("1.5E3", "1500"),
        (".5", "0.5"),
        ("1.230000000000000000", "1.23"),
        ("0.000000000001", "0.000000000001"),
        ("9999999999999999.999999999999", "9999999999999999.999999999999"),
        ("-0", "0"),
    ],
)
def test_a_number_keeps_every_digit(text: str, value: str) -> None:
    """Thousands commas come from exports made for spreadsheets, exponents from IBKR's float residuals."""
    assert values.decimals([text], AMOUNT).to_pylist() == [Decimal(value)]


@pytest.mark.parametrize("text", ["", "-", "--", "N/A"])
def test_a_marker_of_no_number_is_null_and_not_zero(text: str) -> None:
    """NULL means "not in the statement"."""
    assert values.decimals([text, "0"], AMOUNT).to_pylist() == [None, Decimal(0)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.0000000000001", "more decimals than the 12"),
        ("1e-13", "more decimals than the 12"),
        ("12345678901234567", "more than 16 digits"),
        ("1e30", "more than 16 digits"),
        ("1e400", "more than 16 digits"),
        ("12,34", "not a number"),
        ("1.234,56", "not a number"),
        ("ten", "not a number"),
        ("nan", "not a number"),
        ("Infinity", "not a number"),
        ("0x1F", "not a number"),
        ("1_000", "not a number"),
        ("1 000", "not a number"),
        ("MULTI", "not a number"),
    ],
)
def test_a_number_that_cannot_be_kept_exactly_is_refused(text: str, why: str) -> None:
    """The error tells which of several went wrong, and why."""
    with pytest.raises(values.Unreadable, match=why) as caught:
        values.decimals(["1", text, "2"], AMOUNT)
    assert caught.value.index == 1


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**15), max_value=10**15))
def test_any_decimal_comes_back_as_it_was_written(value: Decimal) -> None:
    """Through text and Arrow, no float on the way."""
    assert values.decimals([f"{value:f}", f"{value:e}", f"{value:,f}"], AMOUNT).to_pylist() == [value] * 3


def test_texts_keep_their_padding_and_an_empty_one_is_null() -> None:
    """OCC option symbols are padded with spaces that belong to them."""
    assert values.texts(["ASML  260130P00930000", " x ", "", "-"]).to_pylist() == [
        "ASML  260130P00930000", " x ", None, "-",
    ]  # fmt: skip


def test_a_column_of_days_names_the_first_bad_one() -> None:
    """Each distinct text is read once, the place is still that of the row."""
    with pytest.raises(values.Unreadable) as caught:
        values.convert(["20250101", "20250101", "x", "20250101"], pa.date32())
    assert caught.value.index == 2
