"""What the user configured: .env, connections.toml, tokens. Nothing secret gets into a finding."""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path

from wealth_pipeline.connections import TOKEN_LIFE, Connection
from wealth_pipeline.doctor.finding import Finding
from wealth_pipeline.errors import SettingsError
from wealth_pipeline.files.drive import keeps_modes
from wealth_pipeline.settings import Settings, check_origins, read_dotenv

#: A token has some 24 digits; six or seven are a query's id.
SHORTEST_TOKEN = 16


def dotenv(file: Path, known: Collection[str]) -> Iterator[Finding]:
    """Whether .env can be read by its owner alone, and names only settings that exist. known: their names."""
    if not file.exists():
        yield Finding.fine(".env", f"No .env in {file.parent}; the shell's variables are used")
        return
    try:
        values = read_dotenv(file)
    except SettingsError as error:
        yield Finding.problem(".env", str(error))
        return
    wrong = False
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        wrong = True
        yield _readable(file)
    for name in values:
        if re.match("IBKR_|WEALTH_", name) and name not in known:
            wrong = True
            close = difflib.get_close_matches(name, known, 1)
            meant = f"Did you mean {close[0]}?" if close else "docs/settings.md has those there are."
            yield Finding.problem(".env", f"{name} is not a setting. {meant}")
    if "DAGSTER_HOME" in values:
        wrong = True
        yield Finding.advice(
            ".env", "DAGSTER_HOME does nothing there: Dagster's home is in the data folder. Remove it."
        )
    if not wrong:
        yield Finding.fine(".env", f"{file}, private, every setting known")


def _readable(file: Path) -> Finding:
    """The finding that others can read .env."""
    if keeps_modes(file.parent):
        return Finding.problem(".env", f"{file} holds your token and can be read by others. Run `chmod 600 {file}`.")
    return Finding.advice(
        ".env",
        f"{file} holds your token, and its drive keeps no permissions: whoever can reach the drive can read it. See"
        " to it that nobody else can, or start `wealth` in a folder on another drive.",
    )


def connections(settings: Settings) -> Finding:
    """What there is to get data from."""
    if not settings.configured:
        return Finding.problem(
            "settings",
            "Nothing is configured. Put IBKR_FLEX_TOKEN and IBKR_FLEX_QUERY_ID into a file .env in this folder"
            " (docs/setup.md), or try `wealth demo`.",
        )
    names = [f"{c.name} (query {c.query_id})" for c in settings.connections]
    gateway = [f"gateway {settings.gateway_url}"] if settings.gateway_url else []
    return Finding.fine("settings", ", ".join([*names, *gateway]))


def ui(settings: Settings, password: str | None) -> Finding:
    """Whether a UI that is to be reached from elsewhere asks for a password."""
    try:
        check_origins(settings.ui_origins, password)
    except SettingsError as error:
        return Finding.problem("UI", str(error))
    return Finding.fine("UI", f"answers at {', '.join(settings.ui_origins)} too, and asks for its password")


def token(connection: Connection, environ: Mapping[str, str], today: date) -> Finding:
    """Whether the connection's token can be one, by its form, and is young enough, by what the user said of it."""
    about = f"token {connection.name}"
    try:
        text = connection.token(environ)
    except SettingsError as error:
        return Finding.problem(about, str(error))
    if len(text) < SHORTEST_TOKEN:
        return Finding.problem(
            about,
            f"{connection.token_env} has {len(text)} characters, a Flex token has some 24. Copy the full token again"
            " (docs/setup.md); the short number is the query's id.",
        )
    if connection.token_made is None:
        return Finding.fine(about, f"{connection.token_env} has the form of a token; when it was made is not stated")
    if warning := connection.token_warning(today):
        over = connection.token_made + TOKEN_LIFE <= today
        return Finding.problem(about, warning) if over else Finding.advice(about, warning)
    return Finding.fine(about, f"{connection.token_env} has the form of a token, made on {connection.token_made}")
