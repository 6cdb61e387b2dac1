"""Text for people: every figure with its currency, and what fits into the Dagster UI."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal

import pytest

from wealth_pipeline.published import markdown
from wealth_pipeline.published.published import RECENT_DAYS
from wealth_pipeline.published.results import Holding, NavDay
from wealth_pipeline.text import grouped, money, plain

#: The longest Markdown that Dagster shows in place.
IN_PLACE = 999


def nav_day(
    *recent: str, account: str = "U1234567", proof: str = "passed", unproved_by: tuple[str, ...] = ()
) -> NavDay:
    totals = [Decimal(total) for total in recent]
    return NavDay(
        account,
        date(2026, 11, 24),
        "USD",
        totals[-1],
        None,
        proof,
        list(unproved_by),
        "ab" * 32,
        totals,
        date(2026, 9, 1),
    )


def points(markdown: str) -> list[tuple[int, int]]:
    """The points of the line in a chart."""
    encoded = markdown.split("base64,")[1].split(")")[0]
    (line,) = ET.fromstring(base64.b64decode(encoded))
    return [(int(x), int(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())]


@pytest.mark.parametrize(
    "amount, sign, shown",
    [
        ("480928.241806144", False, "480,928.24 USD"),
        ("-0.005", False, "-0.00 USD"),
        ("283.278", True, "+283.28 USD"),
        ("-942.37", True, "-942.37 USD"),
        (None, False, "not stated"),
    ],
)
def test_an_amount_is_shown_with_its_currency(amount: str | None, sign: bool, shown: str) -> None:
    assert money(Decimal(amount) if amount else None, "USD", sign=sign) == shown


def test_an_amount_whose_currency_no_statement_says_is_called_so() -> None:
    assert money(Decimal(1), None) == "1.00 base currency"


@pytest.mark.parametrize(
    "currency, shown",
    [
        ("USD", "1,234,567.50 USD"),
        ("JPY", "1,234,567 JPY"),
        ("HUF", "1,234,567.50 HUF"),
        ("KWD", "1,234,567.499 KWD"),
        ("CLF", "1,234,567.4990 CLF"),
        ("CNH", "1,234,567.50 CNH"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(currency: str, shown: str) -> None:
    assert money(Decimal("1234567.499"), currency) == shown


@pytest.mark.parametrize(
    "value, shown",
    [
        (Decimal("-1234567.1234000"), "-1,234,567.1234"),
        (Decimal("1E+6"), "1,000,000"),
        (Decimal("0E-12"), "0"),
        (Decimal("-1234567890123456789012345678.123456789012"), "-1,234,567,890,123,456,789,012,345,678.123456789012"),
        (1234567, "1234567"),
        ("1234567", "1234567"),
        (None, ""),
    ],
)
def test_a_figure_has_thousands_and_every_digit(value: object, shown: str) -> None:
    assert grouped(value) == shown


@pytest.mark.parametrize(
    "value, shown",
    [
        (Decimal("1.500000000000"), "1.5"),
        (Decimal("0E-12"), "0"),
        (Decimal("1E+3"), "1000"),
        (None, ""),
        ("U1", "U1"),
        (Decimal("-1" + "0" * 25 + ".123456789010"), "-1" + "0" * 25 + ".12345678901"),
    ],
)
def test_a_value_is_shown_to_the_last_digit(value: object, shown: str) -> None:
    assert plain(value) == shown


def test_the_line_goes_through_the_lowest_and_the_highest_value() -> None:
    assert points(markdown.line([Decimal(1), Decimal(3), Decimal(2)], "NAV")) == [(0, 99), (1, 0), (2, 50)]


def test_a_nav_that_does_not_move_is_a_level_line() -> None:
    assert {y for _, y in points(markdown.line([Decimal(5)] * 3, "NAV"))} == {50}


def test_the_longest_chart_fits_where_dagster_shows_it_in_place() -> None:
    day = nav_day(*(f"{-123456789 + 7919 * i % 100}.123456789" for i in range(RECENT_DAYS)))
    assert len(markdown.nav_chart(day)) <= IN_PLACE


def test_the_range_of_the_chart_is_told_with_its_currency() -> None:
    told = markdown.nav_chart(nav_day("3", "1.5", "2")).splitlines()[2:]
    assert told == ["2026-09-01 to 2026-11-24", "", "low 1.50 USD, high 3.00 USD"]


def test_the_state_of_the_proof_names_what_is_wanting() -> None:
    table = markdown.nav_table(
        [nav_day("2"), nav_day("2", account="U2", proof="not_evaluable", unproved_by=("cash", "positions"))]
    )
    assert table.replace("\N{NO-BREAK SPACE}", " ").splitlines()[2:] == [
        "|U1234567|2.00 USD|not stated|passed|",
        "|U2|2.00 USD|not stated|not evaluable (cash, positions)|",
    ]


def test_ten_holdings_fit_where_dagster_shows_them_in_place() -> None:
    holding = Holding(
        *("U1234567", date(2026, 11, 24), "GOOGL 261218C00200000", Decimal("-1234567.1234"), Decimal("-1234567.12")),
        *("USD", Decimal("-1234567.12"), "EUR", -12.3),
    )
    assert len(markdown.holdings_table([holding] * 10)) <= IN_PLACE


def test_a_bar_in_a_symbol_does_not_break_the_table() -> None:
    assert markdown.table(("a", "b"), [("x|y", "z")]).splitlines()[2] == r"|x\|y|z|"
