"""The connections to the Flex Web Service: one IBKR login each, and every name in the pipeline that follows from one.

One connection comes from the settings, further ones from connections.toml. Secrets stay in the environment: a
connection holds the *name* of its token's variable.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from wealth_pipeline.errors import SettingsError
from wealth_pipeline.files.regular import read_regular

#: The usual single connection, and the variable of its token.
DEFAULT_CONNECTION, DEFAULT_TOKEN = "ibkr", "IBKR_FLEX_TOKEN"
CONNECTIONS_FILE = "connections.toml"
#: Six or seven digits were seen; a token has some 24 and must not pass for one.
QUERY_ID = r"\d{1,10}"
#: IBKR: a token's life can be chosen, from 6 hours to a year.
TOKEN_LIFE = timedelta(days=365)
#: From so many days before a token's end on there is a warning, and the alert again at each of these.
WARNING_DAYS = (30, 7, 1)

#: The keys of a [[connection]] that are needed, and the form of each.
_FORMS = {"name": r"[a-z][a-z0-9_]*", "query_id": QUERY_ID, "token_env": r"[A-Z][A-Z0-9_]*"}


@dataclass(frozen=True)
class Connection:
    """One Flex token and query: one IBKR login.

    name: `ibkr` for the usual single one. query_id: of an Activity Flex query. token_env: the environment variable
    that holds the token. prefixed: whether its assets carry the name as key prefix (those of connections.toml do).
    token_made: the day on which the user made the token at IBKR, None if they did not say.
    """

    name: str
    query_id: str
    token_env: str
    prefixed: bool
    token_made: date | None = None

    def key(self, asset: str) -> list[str]:
        """The key of one of its assets."""
        return [self.name, asset] if self.prefixed else [asset]

    def op(self, name: str) -> str:
        """The name of one of its steps; Dagster makes that of an asset's step from the asset's key by the same rule."""
        return "__".join(self.key(name))

    @property
    def job(self) -> str:
        """The name of its main job."""
        return "_".join(self.key("daily_statement"))

    @property
    def schedule(self) -> str:
        """The name of its schedule."""
        return "_".join(self.key("after_market_close"))

    @property
    def resource(self) -> str:
        """The name under which its Flex service is bound."""
        return f"flex_{self.name}"

    def token_stage(self, today: date) -> int | None:
        """Which of WARNING_DAYS before the token's end has been reached; None when none has, or nobody said its age.

        IBKR states the end of a token nowhere, so it is that of the longest life; a shorter one ends without a warning.
        """
        if self.token_made is None:
            return None
        left = (self.token_made + TOKEN_LIFE - today).days
        return min((days for days in WARNING_DAYS if left <= days), default=None)

    def token_warning(self, today: date) -> str | None:
        """The sentence that the token is about to expire or has expired, None where `token_stage` is None."""
        if self.token_made is None or self.token_stage(today) is None:
            return None
        end = self.token_made + TOKEN_LIFE
        when = f"expires on {end} at the latest" if today < end else f"expired on {end} or before"
        return (
            f"The Flex token of the connection {self.name}, made on {self.token_made}, {when}. Generate a new one in"
            " Client Portal (Performance & Reports, Flex Queries, Flex Web Service Configuration), and put it into"
            f" {self.token_env}, with its day beside it."
        )

    def token(self, environ: Mapping[str, str] | None = None) -> str:
        """The token, checked for its form; raises SettingsError without ever showing it."""
        return check_token((environ or os.environ).get(self.token_env, ""), self.token_env)


def check_token(token: str, name: str) -> str:
    """A Flex token if it can be one; raises SettingsError otherwise, without showing it."""
    if not token:
        raise SettingsError(
            f"{name} is not set",
            "Copy the token from Client Portal, Performance & Reports, Flex Queries, Flex Web Service, into .env.",
        )
    if re.search(r"\s", token):
        raise SettingsError(f"{name} has a space in it", "Copy the full token again, without spaces or line breaks.")
    if not re.fullmatch(r"[A-Za-z0-9]+", token):
        raise SettingsError(f"{name} has characters that no Flex token has", "Copy the full token again.")
    return token


def default_connection(query_id: str = "0", token_made: date | None = None) -> Connection:
    """The usual single connection, whose names have no prefix."""
    return Connection(DEFAULT_CONNECTION, query_id, DEFAULT_TOKEN, prefixed=False, token_made=token_made)


def named_connections(folder: Path) -> list[Connection]:
    """The connections in the connections.toml of `folder`, none if there is no such file.

    Raises SettingsError with one sentence about the first thing that is wrong.
    """
    file = folder / CONNECTIONS_FILE
    if not file.exists():
        return []
    try:
        content = tomllib.loads(read_regular(file).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{CONNECTIONS_FILE} is not valid TOML: {error}", "docs/several-accounts.md has an example."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}", "Make yourself its owner and run chmod 600 on it."
        ) from None
    advice = "Each connection begins with the line [[connection]]."
    refuse_unknown(CONNECTIONS_FILE, content, {"connection"}, "it", advice)
    entries = content.get("connection", [])
    return [_named(entry) for entry in (entries if isinstance(entries, list) else [entries])]


def refuse_twins(connections: list[Connection]) -> None:
    """Raise SettingsError where two connections have one name."""
    names = [c.name for c in connections]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SettingsError(f"The connection name {min(twice)} is given twice", f"Rename one in {CONNECTIONS_FILE}.")


def refuse_unknown(file: str, content: Mapping[str, Any], known: set[str], where: str, advice: str) -> None:
    """Raise SettingsError for a key that nobody reads: a misspelt one would be ignored without a word."""
    if unknown := sorted(content.keys() - known):
        raise SettingsError(f"{file}: {where} has {', '.join(unknown)}, which this software does not know", advice)


def _named(entry: Any) -> Connection:
    if isinstance(entry, dict):
        known = {*_FORMS, "token_made"}
        refuse_unknown(CONNECTIONS_FILE, entry, known, "a [[connection]]", f"It can have {', '.join(sorted(known))}.")
    for field, form in _FORMS.items():
        value = entry.get(field) if isinstance(entry, dict) else None
        if not isinstance(value, str) or not re.fullmatch(form, value):
            raise SettingsError(
                f"{CONNECTIONS_FILE}: the {field} of a [[connection]] does not match {form}",
                'It needs name = "anna", query_id = "123456" and token_env = "ANNA_FLEX_TOKEN", all as text.',
            )
    made = entry.get("token_made")  # text, or TOML's own date
    try:
        token_made = None if made is None else date.fromisoformat(str(made))
    except ValueError:
        raise SettingsError(
            f"{CONNECTIONS_FILE}: the token_made of {entry['name']} is {made}, which is not a date such as 2026-01-15"
        ) from None
    return Connection(entry["name"], entry["query_id"], entry["token_env"], prefixed=True, token_made=token_made)
