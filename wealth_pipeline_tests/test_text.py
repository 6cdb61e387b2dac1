"""Text from outside is plain text in each medium, and ordinary text stays as it is."""

from __future__ import annotations

import contextlib

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown import markdown as python_markdown  # type: ignore[import-untyped]

from wealth_pipeline import text
from wealth_pipeline.errors import WealthError
from wealth_pipeline_tests import hostile

ORDINARY = (
    "U1000001",
    "BRK B",
    "SPDR S&P 500 ETF TRUST",
    "ASML  260130P00930000",
    "EUR.USD",
    "AT&T INC; 5.25% (CALLABLE)",
    "Nestlé SA — Zürich, 100 %",
    "三菱UFJ ＥＴＦ",
    "-5.25 USD",
    "12/31/2026 @ 09:30",
)
MEDIA = (text.terminal, text.sentence, text.inline, text.markdown, text.csv_cell)
anything = st.text() | st.text(st.sampled_from("\\`*_[]()<>#+-=.!|~&;:/@w'\"1 \ta\n\u202e"))


@pytest.mark.parametrize("ordinary", ORDINARY)
def test_ordinary_text_is_shown_as_it_is(ordinary: str) -> None:
    assert text.terminal(ordinary) == text.inline(ordinary) == ordinary
    assert hostile.paragraph(text.markdown(ordinary)) == ordinary


@pytest.mark.parametrize("ordinary", [o for o in ORDINARY if not o.startswith("-")])
def test_ordinary_text_is_in_csv_as_it_is(ordinary: str) -> None:
    assert text.csv_cell(ordinary) == ordinary


@pytest.mark.parametrize("ordinary", ORDINARY[:5])
def test_what_is_no_markup_is_not_escaped(ordinary: str) -> None:
    assert text.markdown(ordinary) == ordinary


@pytest.mark.parametrize("foreign", hostile.TEXTS)
def test_nothing_hostile_takes_effect_in_any_medium(foreign: str) -> None:
    assert hostile.effects_as_markdown(text.markdown(foreign)) == []
    assert hostile.effects_as_plain_text(text.terminal(foreign)) == []
    assert hostile.effects_as_plain_text(text.inline(foreign)) == hostile.links(text.inline(foreign)) == []
    assert hostile.effects_as_plain_text(str(WealthError(foreign, foreign))) == []
    # A second implementation, which knows less of escapes.
    html = python_markdown(text.markdown(foreign), extensions=["tables"])
    assert not any(tag in html for tag in ("<img", "<a ", "<script", "<br", "<h1", "<li", "<td", "<code", "<em", "<hr"))


@pytest.mark.parametrize(
    "foreign, shown",
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb", r"a\nb"),
        ("a\u202eb", r"a\u202eb"),
        ("http://evil.example", r"http\x3a//evil.example"),
        ("www.evil.example", r"www\x2eevil.example"),
        ("who@evil.example", r"who\x40evil.example"),
        ("x" * 5000, "x" * (text.LONGEST - 1) + "…"),
    ],
)
def test_what_would_take_effect_is_shown_by_its_number(foreign: str, shown: str) -> None:
    assert text.inline(foreign) == shown


@given(anything)
@example("a\\")
@example("&amp;lt;")
@example("1" * 20 + ". x")
def test_markdown_shows_exactly_the_visible_text(foreign: str) -> None:
    # Markdown itself leaves out the spaces around a paragraph.
    assert hostile.paragraph(text.markdown(foreign)) == text.inline(foreign).strip()


@given(anything, anything)
def test_a_cell_of_a_markdown_table_stays_one_cell(one: str, other: str) -> None:
    lines = f"|a|b|\n|---|---|\n|{text.markdown(one)}|{text.markdown(other)}|"
    assert hostile.cells(lines)[1] == [text.inline(one).strip(), text.inline(other).strip()]


@given(anything)
def test_no_medium_lets_a_character_through_that_has_an_effect_or_no_shape(foreign: str) -> None:
    for medium in MEDIA:
        assert (
            hostile.effects_as_plain_text(medium(foreign).replace("\t", "" if medium is text.csv_cell else "\t")) == []
        )
    for medium in MEDIA[:4]:
        assert not set(medium(foreign)) & set("\t\n\r")


@given(anything)
def test_a_message_and_an_address_are_made_plain_once(foreign: str) -> None:
    assert text.inline(text.inline(foreign)) == text.inline(foreign)
    assert text.sentence(text.sentence(foreign)) == text.sentence(foreign)


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(1)",
        "\t1",
        "\r1",
        "\n=1",
        " =1",
        '"=1',
        "＝1",
        "＋1",
        "﹣1",
        "＠x",
        "-",
        "--",
        "-1,5",
    ],
)
def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_begins_with_an_apostrophe(formula: str) -> None:
    assert text.csv_cell(formula) == "'" + formula.replace("\r", r"\r").replace("\n", r"\n")


@pytest.mark.parametrize(
    "number", ["-5", "+1.5", "-.5", "-1e-5", "-1234567.123456789012", "0", "", "2026-11-27", "x=1", "'=1"]
)
def test_a_number_and_what_is_no_formula_stay_as_they_are_in_csv(number: str) -> None:
    assert text.csv_cell(number) == number


def test_an_export_asks_csv_cell_wherever_it_would_change_a_text() -> None:
    """What DuckDB leaves out of it by a pattern, for speed, is what it would return as it is."""
    from wealth_pipeline.published.export import PLAIN

    with contextlib.closing(duckdb.connect()) as con:
        for foreign in (*hostile.TEXTS[:-2], *ORDINARY):
            (plain,) = con.execute("SELECT regexp_full_match(?, ?)", [foreign, PLAIN]).fetchone() or (None,)
            assert not plain or text.csv_cell(foreign) == foreign
