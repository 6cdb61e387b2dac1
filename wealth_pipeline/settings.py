"""What a user can configure, in one place. `.env.example` documents the same settings for people.

Settings come from environment variables, and from a `.env` file in the working directory, which wins: Dagster loads
such a file by the same rule. Secrets stay in the environment: a connection holds the *name* of its token's variable.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.regular import read_regular

DEFAULT_CONNECTION = "ibkr"
FLEX_URL = "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService"
CONNECTIONS_FILE = "connections.toml"
#: The UI's password. Only the webserver has it: every other process drops it from its environment first thing.
UI_PASSWORD = "WEALTH_UI_PASSWORD"
#: Six or seven digits were seen; a token has some 24 and must not pass for one.
_QUERY_ID = r"\d{1,10}"
#: The ports that browsers leave out of an origin.
DEFAULT_PORTS = {"http": 80, "https": 443}
#: IBKR: a token's life can be chosen, from 6 hours to a year.
TOKEN_LIFE = timedelta(days=365)
#: IBKR makes about one statement per query and day: a first look and two more are all that can help.
MOST_TIMES = 3
#: From so many days before a token's end on there is a warning, and the alert again at each of these.
WARNING_DAYS = (30, 7, 1)


class SettingsError(WealthError):
    """A setting is missing or malformed."""


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

    def token_stage(self, today: date) -> int | None:
        """Which of WARNING_DAYS before the token's end has been reached; None when none has, or nobody said its age.

        IBKR tells the end of a token nowhere, so it is that of the longest life; a shorter one ends without a warning.
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


@dataclass(frozen=True)
class Settings:
    """All settings, with their defaults.

    data_dir: where everything is kept. gateway_url: the Client Portal Gateway, None if unused; gateway_certificate,
    gateway_allow_remote, gateway_allow_http: see `gateway.address`; gateway_minutes: between two snapshots;
    gateway_hours: the exchange whose hours count, or `always`.
    reporting_currency: of `net_worth`; None: the accounts' base currency if they share one.
    history_start: first report date that is asked for. overlap_days: how many days before a window are asked again,
    as an audit. catch_up_days: how many weekdays back the schedule looks for what is missing.
    schedule_times: New York times at which it looks, on the morning after each session.
    flex_deadline_minutes: how long a statement is waited for. flex_date_format: the query's date format if that has
    slashes, else None. alerts: whether WEALTH_ALERT_URL is set; the address
    itself may hold a password and stays in the environment. day_change_share: the share of the NAV by which a day may
    change without a flow before a check warns. dagster_days: how long Dagster's runs and their logs are kept.
    ui_origins: complete origins of tunnels and reverse proxies before the UI; they need the UI's password, which stays
    in the environment of the webserver alone.
    """

    data_dir: Path
    connections: tuple[Connection, ...] = ()
    gateway_url: str | None = None
    gateway_certificate: str | None = None
    gateway_allow_remote: bool = False
    gateway_allow_http: bool = False
    gateway_minutes: int = 15
    gateway_hours: str = "XNYS"
    reporting_currency: str | None = None
    history_start: date = date(2025, 1, 1)
    overlap_days: int = 7
    catch_up_days: int = 30
    schedule_times: tuple[time, ...] = (time(6), time(9), time(12))
    flex_url: str = FLEX_URL
    flex_deadline_minutes: int = 15
    flex_date_format: str | None = None
    alerts: bool = False
    day_change_share: Decimal = Decimal("0.2")
    dagster_days: int = 90
    ui_origins: tuple[str, ...] = ()

    @property
    def configured(self) -> bool:
        """Whether there is anything to get data from: a Flex connection, or the Gateway alone."""
        return bool(self.connections or self.gateway_url)

    def connection(self, name: str | None) -> Connection:
        """The connection of that name, or the only one; raises SettingsError naming those there are."""
        if not self.connections:
            raise SettingsError(
                "No Flex connection is configured",
                "Put IBKR_FLEX_TOKEN and IBKR_FLEX_QUERY_ID into .env (see .env.example), or try `wealth demo`.",
            )
        found = [c for c in self.connections if name is None or c.name == name]
        if len(found) != 1:
            names = ", ".join(c.name for c in self.connections)
            what = f"There is no connection {name}" if name else "There are several connections"
            raise SettingsError(what, f"Name one with --connection: {names}.")
        return found[0]

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
        """Read the settings from `environ` (the process's) and connections.toml in `folder` (the working directory).

        Raises SettingsError with one sentence about the first setting that is wrong.
        """
        read = _Reader(os.environ if environ is None else environ)
        folder = folder or Path.cwd()
        return cls(
            data_dir=Path(read.text("WEALTH_DATA_DIR") or folder / "data").expanduser().absolute(),
            connections=_connections(read, folder),
            gateway_url=read.matching("IBKR_GATEWAY_URL", r"https?://\S+", "an address such as https://localhost:5000"),
            gateway_certificate=read.text("IBKR_GATEWAY_CERTIFICATE"),
            gateway_allow_remote=read.switch("IBKR_GATEWAY_ALLOW_REMOTE"),
            gateway_allow_http=read.switch("IBKR_GATEWAY_ALLOW_HTTP"),
            gateway_minutes=read.number("WEALTH_GATEWAY_MINUTES", cls.gateway_minutes, 1, 1440),
            gateway_hours=read.text("WEALTH_GATEWAY_HOURS") or cls.gateway_hours,
            reporting_currency=read.matching("WEALTH_REPORTING_CURRENCY", r"[A-Z]{3}", "a currency such as USD"),
            history_start=read.day("WEALTH_HISTORY_START", cls.history_start),
            overlap_days=read.number("WEALTH_OVERLAP_DAYS", cls.overlap_days, 0, 60),
            catch_up_days=read.number("WEALTH_CATCH_UP_DAYS", cls.catch_up_days, 1, 65),
            schedule_times=read.times("WEALTH_SCHEDULE", cls.schedule_times),
            flex_url=read.matching("IBKR_FLEX_URL", r"https?://\S+", "an address that starts with https://")
            or FLEX_URL,
            flex_deadline_minutes=read.number("WEALTH_FLEX_DEADLINE_MINUTES", cls.flex_deadline_minutes, 1, 120),
            flex_date_format=read.matching(
                "IBKR_FLEX_DATE_FORMAT",
                r"(MM/dd|dd/MM)/yy(yy)?",
                "MM/dd/yyyy, MM/dd/yy, dd/MM/yyyy or dd/MM/yy; the other date formats need no setting",
            ),
            alerts=read.text("WEALTH_ALERT_URL") is not None,
            day_change_share=Decimal(
                read.matching("WEALTH_DAY_CHANGE_SHARE", r"\d(\.\d+)?", "a share such as 0.2") or cls.day_change_share
            ),
            dagster_days=read.number("WEALTH_DAGSTER_DAYS", cls.dagster_days, 7, 3650),
            ui_origins=read.origins("WEALTH_UI_ORIGINS"),
        )


def load_dotenv(folder: Path | None = None) -> None:
    """Put the `.env` of `folder` (the working directory) into the process's environment, winning as in Dagster.

    DAGSTER_HOME is left out: it always lies in the data folder; and UI_PASSWORD, which is for the webserver alone.
    Raises SettingsError if the file is not UTF-8.
    """
    for name, value in read_dotenv((folder or Path.cwd()) / ".env").items():
        if name not in ("DAGSTER_HOME", UI_PASSWORD):
            os.environ[name] = value


def read_dotenv(file: Path) -> dict[str, str]:
    """The variables in a `.env` file, none if it isn't there; raises SettingsError if it cannot be read as UTF-8."""
    from dotenv import dotenv_values  # here, so that `wealth --help` does not wait for it

    try:
        # A folder of this name is somebody's virtual environment.
        text = read_regular(file).decode() if file.exists() and not file.is_dir() else ""
        found = dotenv_values(stream=StringIO(text, newline=None))
        return {name: value for name, value in found.items() if value is not None}
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8 text", "Save it again as UTF-8, without other characters.") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}", "Make it yours, with mode 600.") from None


def setting_names() -> frozenset[str]:
    """Every variable that is read as a setting; connections.toml may name more, for tokens."""
    asked = _Asked()
    Settings.load(asked, Path(os.devnull))
    return frozenset(asked.names | {UI_PASSWORD})


def complete_origin(text: str) -> str:
    """A page's origin as browsers state it: lower case, no default port, an international name in its ASCII form.

    Raises SettingsError if scheme or host are missing, something is malformed, or more stands there.
    """
    found = re.fullmatch(
        r"(https?)://(\[[0-9a-f:.]+\]|[^\s/:?#@\[\]\\]+)(?::(\d{1,5}))?/?", text.strip(), re.IGNORECASE
    )
    try:
        if not found:
            raise ValueError
        scheme, host, port = found[1].lower(), found[2].lower(), int(found[3] or DEFAULT_PORTS[found[1].lower()])
        host = host if host.isascii() else host.encode("idna").decode()
        if not 0 < port < 65536 or not re.fullmatch(r"\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?", host):
            raise ValueError
    except ValueError:
        raise SettingsError(
            f"WEALTH_UI_ORIGINS has {text.strip()!r}, which is not a complete origin such as https://wealth.example.org"
            " or http://localhost:8080",
            "Copy it from the browser's address bar, up to the end of host and port.",
        ) from None
    return f"{scheme}://{host}" + (f":{port}" if port != DEFAULT_PORTS[scheme] else "")


def check_origins(origins: Sequence[str], password: str | None) -> None:
    """Raises SettingsError where the UI is to be reached from elsewhere, and nobody is asked for a password."""
    if origins and not password:
        raise SettingsError(
            f"WEALTH_UI_ORIGINS names {origins[0]}, so that the UI can be reached from elsewhere, but"
            f" {UI_PASSWORD} is not set",
            "Put a long password into .env, or remove WEALTH_UI_ORIGINS.",
        )


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


class _Asked(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return default


class _Reader:
    """Settings by name, from texts; an empty one counts as not set."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def matching(self, name: str, pattern: str, wanted: str) -> str | None:
        text = self.text(name)
        if text is not None and not re.fullmatch(pattern, text):
            raise SettingsError(f"{name} is {text!r}, which is not {wanted}", "Mend it in .env.")
        return text

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not text.isdecimal() or not least <= int(text) <= most:
            raise SettingsError(
                f"{name} is {text!r}, which is not a whole number from {least} to {most}", "Mend it in .env."
            )
        return int(text)

    def switch(self, name: str) -> bool:
        return self.matching(name, r"true|false", "true or false") == "true"

    def origins(self, name: str) -> tuple[str, ...]:
        return tuple(complete_origin(part) for part in (self.text(name) or "").split(",") if part.strip())

    def day(self, name: str, default: date) -> date:
        return self.any_day(name) or default

    def any_day(self, name: str) -> date | None:
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise SettingsError(
                f"{name} is {text!r}, which is not a date such as 2025-01-01", "Mend it in .env."
            ) from None

    def times(self, name: str, default: tuple[time, ...]) -> tuple[time, ...]:
        text = self.text(name)
        if text is None:
            return default
        parts = {part.strip() for part in text.split(",")}
        if len(parts) > MOST_TIMES or not all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", part) for part in parts):
            raise SettingsError(
                f"{name} is {text!r}, which is not a list of at most {MOST_TIMES} New York times such as"
                " 06:00,09:00,12:00",
                "Mend it in .env. IBKR makes about one statement a day, and locks out those who ask too often.",
            )
        return tuple(sorted(time.fromisoformat(part) for part in parts))


def _connections(read: _Reader, folder: Path) -> tuple[Connection, ...]:
    connections = []
    query_id, made = read.text("IBKR_FLEX_QUERY_ID"), read.any_day("IBKR_FLEX_TOKEN_MADE")
    if query_id and not re.fullmatch(_QUERY_ID, query_id):
        # Not shown: it may be the token, in the wrong line.
        raise SettingsError(
            "IBKR_FLEX_QUERY_ID is not the number that the query list of Client Portal shows",
            "Mend it in .env; the long number is the token.",
        )
    if query_id:
        connections.append(Connection(DEFAULT_CONNECTION, query_id, "IBKR_FLEX_TOKEN", prefixed=False, token_made=made))
    elif read.text("IBKR_FLEX_TOKEN"):
        raise SettingsError(
            "IBKR_FLEX_TOKEN is set, but IBKR_FLEX_QUERY_ID is not",
            "Put the id of your Activity Flex query into .env as well.",
        )
    file = folder / CONNECTIONS_FILE
    if file.exists():
        try:
            told = tomllib.loads(read_regular(file).decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{CONNECTIONS_FILE} is not valid TOML: {error}", "See .env.example.") from None
        except OSError as error:
            raise SettingsError(
                f"{file} cannot be read: {error.strerror}", "Make it a file of yours, with mode 600."
            ) from None
        refuse_unknown(
            CONNECTIONS_FILE, told, {"connection"}, "it", "Each connection begins with the line [[connection]]."
        )
        entries = told.get("connection", [])
        connections += [_named(entry) for entry in (entries if isinstance(entries, list) else [entries])]
    names = [c.name for c in connections]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SettingsError(f"The connection name {min(twice)} is given twice", f"Rename one in {CONNECTIONS_FILE}.")
    return tuple(connections)


def _named(entry: Any) -> Connection:
    rules = {"name": r"[a-z][a-z0-9_]*", "query_id": _QUERY_ID, "token_env": r"[A-Z][A-Z0-9_]*"}
    if isinstance(entry, dict):
        known = {*rules, "token_made"}
        refuse_unknown(CONNECTIONS_FILE, entry, known, "a [[connection]]", f"It can have {', '.join(sorted(known))}.")
    for field, rule in rules.items():
        value = entry.get(field) if isinstance(entry, dict) else None
        if not isinstance(value, str) or not re.fullmatch(rule, value):
            raise SettingsError(
                f"{CONNECTIONS_FILE}: the {field} of a [[connection]] does not match {rule}",
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


def refuse_unknown(file: str, told: Mapping[str, Any], known: set[str], where: str, advice: str) -> None:
    """Raise SettingsError for a key that nobody reads: a misspelt one would be ignored without a word."""
    if unknown := sorted(told.keys() - known):
        raise SettingsError(f"{file}: {where} has {', '.join(unknown)}, which this software does not know", advice)
