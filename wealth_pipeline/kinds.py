"""What a setting is, and the kinds of value that one may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from wealth_pipeline.errors import SettingsError

#: IBKR makes about one statement per query and day: a first look and two more are all that can help.
MOST_TIMES = 3

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Kind(Generic[T_co]):
    """What a setting's text may be.

    parse: the value of a text; raises ValueError for any other. expects: what such a text is, for a refusal.
    write: the text of a value. advice: what to do about a refused text. shown: whether the refusal may show it.
    bounds: the smallest and the largest value, for people.
    """

    parse: Callable[[str], T_co]
    expects: str = "text"
    write: Callable[[Any], str] = str
    advice: str = "Correct it in .env."
    shown: bool = True
    bounds: str = ""


@dataclass(frozen=True)
class Setting(Generic[T_co]):
    """The declaration of one setting.

    name: its environment variable. default: its value where it is not set, which an empty text counts as. kind: what it
    may be. what: its description, in Markdown, as a page in docs/ writes it. unset: a default in words, where it is not
    a value. example: the value in .env.example, instead of the default. first: whether everybody fills it in.
    """

    name: str
    default: T_co
    kind: Kind[T_co]
    what: str
    unset: str = ""
    example: str = ""
    first: bool = False

    def read(self, environ: Mapping[str, str]) -> T_co:
        """The value that an environment has; raises SettingsError for one that it may not be."""
        text = environ.get(self.name, "").strip()
        if not text:
            return self.default
        try:
            return self.kind.parse(text)
        except ValueError:
            found = f"{self.name} is {text!r}, which is" if self.kind.shown else f"{self.name} is"
            raise SettingsError(f"{found} not {self.kind.expects}", self.kind.advice) from None

    @property
    def written(self) -> str:
        """The default as a text, empty where there is none."""
        return "" if self.unset or self.default is None else self.kind.write(self.default)


def setting(name: str, default: T, kind: Kind[T], what: str, **more: Any) -> T:
    """A field of `Settings` that is read from an environment; see `Setting`."""
    return field(default=default, metadata={"setting": Setting(name, default, kind, what, **more)})


def matching(pattern: str, expects: str, **more: Any) -> Kind[str]:
    """A text of a certain form."""
    return Kind(lambda text: _checked(text, bool(re.fullmatch(pattern, text))), expects, **more)


def whole(least: int, most: int) -> Kind[int]:
    """A whole number within bounds."""
    return Kind(
        lambda text: int(_checked(text, text.isdecimal() and least <= int(text) <= most)),
        f"a whole number from {least} to {most}",
        bounds=f"{least} to {most}",
    )


def _checked(text: str, fits: bool) -> str:
    if not fits:
        raise ValueError
    return text


def _times(text: str) -> tuple[time, ...]:
    parts = {part.strip() for part in text.split(",")}
    fit = len(parts) <= MOST_TIMES and all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", part) for part in parts)
    _checked(text, fit)
    return tuple(sorted(time.fromisoformat(part) for part in parts))


def address(expects: str) -> Kind[str]:
    """The address of a server; `urlsplit` itself refuses a port that there is not. A password may stand in it."""
    return Kind(
        lambda text: _checked(text, bool(re.fullmatch(r"https?://\S+", text)) and urlsplit(text).port != 0),
        f"{expects}, with a port from 1 to {LAST_PORT} if it has one",
        shown=False,
    )


TEXT = Kind(str)
#: What must not get into the settings, which Dagster stores: only whether it is there.
IS_SET = Kind(lambda text: True, write=lambda found: "")
FOLDER = Kind(lambda text: Path(text).expanduser().absolute())
#: The last port there is.
LAST_PORT = 65535
DAY = Kind(date.fromisoformat, "a date such as 2025-01-01")
SHARE = Kind(lambda text: Decimal(_checked(text, bool(re.fullmatch(r"\d(\.\d+)?", text)))), "a share such as 0.2")
SWITCH = Kind(
    lambda text: _checked(text, text in ("true", "false")) == "true", "true or false", lambda on: str(on).lower()
)
TIMES = Kind(
    _times,
    f"a list of at most {MOST_TIMES} New York times such as 06:00,09:00,12:00",
    write=lambda times: ",".join(f"{one:%H:%M}" for one in times),
    advice="Correct it in .env. IBKR makes about one statement a day, and locks out those who ask too often.",
)
