"""The words of the docs and of what the code says: the house's own list, and Harper's grammar (`make lint`)."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from harper import Linter

ROOT = Path(__file__).parent.parent
#: What is not said, as a regular expression, and what is said instead.
INSTEAD = {
    r"told(?! apart)": "reported, said, asked",
    r"mend(s|ed|ing)?": "fix",
    r"anew": "again",
    r"for ever": "forever, or how long",
    r"wanting": "missing",
    r"programmes?": "program",
    r"(that|what|which) is none": "is not one",
    r"is no setting": "is not a setting",
    r"so called": "named",
}
_FORBIDDEN = re.compile(rf"(?<![\w-])(?:{'|'.join(INSTEAD)})(?![\w-])", re.IGNORECASE)
#: Rules of Harper's that are not kept here.
NOT_KEPT = {
    "SpellCheck": "codespell looks for mistakes; names of IBKR's and Dagster's are in no dictionary",
    "LongSentences": "a list after a colon is one sentence",
    "OxfordComma": "the docs have none",
    "UseTitleCase": "headings are sentences",
    "SentenceCapitalization": "a cell of a table and a point of a list begin with a small letter",
    "OrthographicConsistency": "Unix, AirDrop and AirPlay are spelled as their makers do",
    "UseEllipsisCharacter": "three points can be typed",
    "CompoundNouns": "IBKR's pages say user name",
    "ExpandConfiguration": "a run's config is Dagster's word",
    "ExpandControl": "Ctrl-C is a key",
    "ExpandMemoryShorthands": "a table's MB and GB are clear",
    "ExpandTimeShorthands": "a table's ms is clear",
    "MissingPreposition": "it takes the rest for a verb",
    "SplitWords": "it does not know misspelt",
    "DisjointPrefixes": "a run is under way",
    "Overall": "over all processes is not overall",
}
#: Written from the declarations, whose words are looked at where they stand.
GENERATED = {"docs/data-dictionary.md"}


def pages() -> dict[str, str]:
    """The pages people read, by their path."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "data" / "README.md"]
    return {str(page.relative_to(ROOT)): page.read_text() for page in sorted(found)}


def sources() -> dict[str, str]:
    """The package's Python files, by their path."""
    return {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "wealth_pipeline").rglob("*.py"))}


def said(source: str) -> str:
    """What stands in the texts of a Python file: docstrings, messages, SQL."""
    constants = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return "\n".join(text for text in constants if isinstance(text, str))


def forbidden(text: str) -> set[str]:
    """The words in a text that are not said, in small letters and with single spaces."""
    return {" ".join(found[0].lower().split()) for found in _FORBIDDEN.finditer(re.sub(r"\s+", " ", text))}


def grammar(linter: Linter, text: str) -> Iterator[str]:
    """What Harper says of a page, with the line it is about."""
    for rule, lints in linter.organized_lints(text).items():
        for lint in lints if rule not in NOT_KEPT else ():
            line = text.count("\n", 0, lint.span.start) + 1
            yield f"{line}: {lint.problem_text!r}: {lint.message} ({rule})"


def main() -> int:
    """Print what Harper says of the pages; 1 if it says anything."""
    linter = Linter()
    wrong = [
        f"{page}:{found}" for page, text in pages().items() if page not in GENERATED for found in grammar(linter, text)
    ]
    print("\n".join(wrong), end="\n" if wrong else "")  # noqa: T201
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
