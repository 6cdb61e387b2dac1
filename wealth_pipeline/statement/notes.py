"""What was seen and not loaded, and which of its texts may be shown: none that could be personal."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from wealth_pipeline.statement.vocabulary import declared, known_names
from wealth_pipeline.text import inline

#: A sample or a value is shown only if it looks like a number, a date or a code: no list of personal words is whole.
_SAMPLE = re.compile(r"[-+\d.,:;/ ]{1,24}|[A-Z0-9_.-]{1,12}")
_VALUE = re.compile(r"[-+.\d].{0,39}|[\w.,%/-]{0,20}")
#: Characters of a value that are shown.
_LONGEST = 40
#: A person's own section, of which no value is shown: a shifted one could be a name.
_ABOUT_A_PERSON = "AccountInformation"


@dataclass
class Notes:
    """What was seen and not loaded, by kind and name: how often, and a sample where it is no personal data."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, kind: str, name: str, sample: str | None = None, count: int = 1) -> None:
        """Count one more of `kind` and `name`; the first sample that cannot be personal is kept."""
        self.counts[kind, name] += count
        if sample and _SAMPLE.fullmatch(sample):
            self.samples.setdefault((kind, name), sample)

    def add_unreadable(self, element: str, name: str, text: str) -> None:
        """Count one more description that could not be read exactly; the first text is kept if it may be shown."""
        key = ("unreadable_value", f"{element}.{name}")
        self.counts[key] += 1
        if _may_be_shown(element, text):
            self.samples.setdefault(key, text[:_LONGEST])


def shown_value(element: str, text: str) -> str:
    """An attribute's value in a message."""
    return f"'{inline(text[:_LONGEST])}'" if _may_be_shown(element, text) else "a value"


def is_sampled(element: str, kind: str) -> bool:
    """Whether a sample may be taken of an attribute that is not loaded."""
    return kind == "unknown_attribute" and element != _ABOUT_A_PERSON


def is_plain(element: str, name: str, text: str) -> bool:
    """Whether a text may be kept: a text where one is due, or what looks like a figure, a date or a code."""
    kind = declared()[element].get(name, (name, None))[1]
    if kind is not None and pa.types.is_string(kind):
        return True
    return text == "" or (_VALUE if kind or name in known_names()[element] else _SAMPLE).fullmatch(text) is not None


def _may_be_shown(element: str, text: str) -> bool:
    return element != _ABOUT_A_PERSON and _VALUE.fullmatch(text[:_LONGEST]) is not None
