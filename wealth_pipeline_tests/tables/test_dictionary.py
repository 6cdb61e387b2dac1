"""The data dictionary in docs/ says what the declarations say."""

from __future__ import annotations

from pathlib import Path

from wealth_pipeline.tables.dictionary import markdown


def test_the_page_in_docs_is_the_one_made_from_the_declarations() -> None:
    """When it differs: `make docs`."""
    page = Path(__file__).parents[2] / "docs" / "data-dictionary.md"
    assert page.read_text() == markdown()
