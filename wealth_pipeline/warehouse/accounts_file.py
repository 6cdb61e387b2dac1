"""accounts.toml in the data folder: what its owner says of accounts that ended, moved, or stay out of the net worth."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from wealth_pipeline.connections import refuse_unknown
from wealth_pipeline.errors import SettingsError

FILE = "accounts.toml"
_KEYS = {"id", "name", "ended", "successor", "exclude"}
_SHAPE = (
    'An [[account]] needs id = "U1234567", and can have name = "Savings", ended = 2026-03-04, successor = "U7654321"'
    ' ("" for none) and exclude = true.'
)


@dataclass(frozen=True)
class AccountEntry:
    """What accounts.toml says of one account; None: nothing.

    name: for people. ended: its last day in the net worth. successor: the account that goes on for it, "" if there is
    none. exclude: whether it stays out of the net worth.
    """

    account_id: str
    name: str | None = None
    ended: date | None = None
    successor: str | None = None
    exclude: bool = False


def read_accounts(folder: Path) -> tuple[AccountEntry, ...]:
    """The entries of the data folder's accounts.toml, by account; none if there is no such file.

    Raises SettingsError with one sentence about the first thing that is wrong.
    """
    file = folder / FILE
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}", _SHAPE) from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}", "Check its permissions.") from None
    refuse_unknown(FILE, content, {"account"}, "it", "Each account begins with the line [[account]].")
    tables = content.get("account", [])
    entries = [_entry(table) for table in (tables if isinstance(tables, list) else [tables])]
    ids = [entry.account_id for entry in entries]
    if twice := {account for account in ids if ids.count(account) > 1}:
        raise SettingsError(f"{FILE} has the account {min(twice)} twice", "Put all of it into one [[account]].")
    return tuple(sorted(entries, key=lambda entry: entry.account_id))


def digest(entries: tuple[AccountEntry, ...]) -> str | None:
    """A hash of what the file says, by which a change is recognised; None if it says nothing."""
    return hashlib.sha256(repr(entries).encode()).hexdigest() if entries else None


def _entry(table: Any) -> AccountEntry:
    if not isinstance(table, dict):
        raise SettingsError(f"{FILE}: an account is not a table", _SHAPE)
    refuse_unknown(FILE, table, _KEYS, "an [[account]]", _SHAPE)
    kinds = {"id": str, "name": str, "successor": str, "exclude": bool}
    for key, kind in kinds.items():
        if key in table and not isinstance(table[key], kind):
            raise SettingsError(
                f"{FILE}: {key} is {table[key]!r}, which is not {'text in quotes' if kind is str else 'true or false'}",
                _SHAPE,
            )
    account = table.get("id", "").strip()
    if not account:
        raise SettingsError(f"{FILE}: an [[account]] has no id", _SHAPE)
    if table.get("successor") == account:
        raise SettingsError(f"{FILE}: {account} is its own successor", _SHAPE)
    try:
        ended = date.fromisoformat(str(table["ended"])) if "ended" in table else None  # text, or TOML's own date
    except ValueError:
        raise SettingsError(
            f"{FILE}: the ended of {account} is {table['ended']}, which is not a date such as 2026-03-04"
        ) from None
    return AccountEntry(account, table.get("name"), ended, table.get("successor"), table.get("exclude", False))
