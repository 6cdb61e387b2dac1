"""What the doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from wealth_pipeline import text

#: How the grades are printed before a finding.
_MARKS = {"fine": "✓", "advice": "!", "problem": "✗"}


@dataclass(frozen=True)
class Finding:
    """One sentence about one thing.

    grade: `fine`; `advice`, what could be better or comes next; or `problem`, what keeps the NAV from coming or exposes
    something. about: the thing, in a word or two. sentence: how it is, and what to do unless it is fine. lines: what is
    to be put into a file, if that is what is to be done.
    """

    grade: Literal["fine", "advice", "problem"]
    about: str
    sentence: str
    lines: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """The grade as one character."""
        return _MARKS[self.grade]

    @classmethod
    def fine(cls, about: str, sentence: str) -> Self:
        """It is as it should be."""
        return cls("fine", text.sentence(about), text.sentence(sentence))

    @classmethod
    def advice(cls, about: str, sentence: str, lines: tuple[str, ...] = ()) -> Self:
        """It works, and could be better; or it is the next step."""
        return cls("advice", text.sentence(about), text.sentence(sentence), lines)

    @classmethod
    def problem(cls, about: str, sentence: str, lines: tuple[str, ...] = ()) -> Self:
        """It does not work, or not safely, until somebody fixes it."""
        return cls("problem", text.sentence(about), text.sentence(sentence), lines)
