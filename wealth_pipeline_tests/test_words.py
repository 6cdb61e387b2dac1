"""The docs and what the code says use the house's words (docs/architecture.md); `make lint` checks their grammar."""

from __future__ import annotations

from harper import Linter

from wealth_pipeline_tests import words


def test_nothing_says_a_word_that_the_house_does_not_use() -> None:
    texts = words.pages() | {path: words.said(source) for path, source in words.sources().items()}
    found = {path: said for path, text in texts.items() if (said := words.forbidden(text))}
    assert found == {}


def test_each_word_is_found_where_it_is_said_and_nowhere_else() -> None:
    said = (
        'def told(mend):\n    """Nobody is\n    told."""\n    raise X(f"Mended for\\never: {1} programmes, so called.")'
    )
    assert words.forbidden(words.said(said)) == {"told", "mended", "for ever", "programmes", "so called"}
    assert words.forbidden("amended, told_value, re-mend, programmer, is nonetheless") == set()


def test_a_mistake_in_grammar_is_found_and_a_rule_that_is_not_kept_is_not() -> None:
    (found,) = words.grammar(Linter(), "# A title in small letters\n\nThis is an test of NAV, XML and IBKR.\n")
    assert found.startswith("3: 'an'")
