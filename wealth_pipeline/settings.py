"""What a user can configure. Each setting is declared once, in the body of `Settings`, and nowhere else.

Reading, refusals, the doctor's list of known names, docs/settings.md and .env.example follow from the declaration:
`make docs` writes the pages, a test compares them. To add a setting, add a field there and run `make docs`.

Settings come from environment variables, and from a `.env` file in the working directory, which wins: Dagster loads
such a file by the same rule. Secrets stay in the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, time
from decimal import Decimal
from inspect import get_annotations
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar, Self

from wealth_pipeline.connections import (
    DEFAULT_TOKEN,
    QUERY_ID,
    Connection,
    default_connection,
    named_connections,
    refuse_twins,
)
from wealth_pipeline.errors import SettingsError
from wealth_pipeline.files.regular import read_regular
from wealth_pipeline.kinds import (
    DAY,
    FOLDER,
    IS_SET,
    SHARE,
    SWITCH,
    TEXT,
    TIMES,
    Kind,
    Setting,
    address,
    matching,
    setting,
    whole,
)

FLEX_URL = "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService"
#: The UI's password. Only the webserver has it: every other process drops it from its environment first thing.
UI_PASSWORD = "WEALTH_UI_PASSWORD"
#: The ports that browsers leave out of an origin.
DEFAULT_PORTS = {"http": 80, "https": 443}

ORIGINS = Kind(lambda text: tuple(complete_origin(part) for part in text.split(",") if part.strip()), write=",".join)


@dataclass(frozen=True)
class Settings:
    """All settings, with their defaults. What is a class variable is declared here and stays in the environment."""

    flex_token: ClassVar = Setting(
        DEFAULT_TOKEN, None, TEXT,
        "your Flex token ([setup.md](setup.md)): Client Portal, Performance & Reports, Flex Queries, Flex Web Service"
        " Configuration",
        first=True,
    )  # fmt: skip
    flex_query_id: ClassVar = Setting(
        "IBKR_FLEX_QUERY_ID", None,
        # Not shown: it may be the token, in the wrong line.
        matching(QUERY_ID, "the number that the query list of Client Portal shows", shown=False,
                 advice="Correct it in .env; the long number is the token."),
        'the id of your Activity Flex query: the number shown by the "i" beside the query',
        first=True,
    )  # fmt: skip
    flex_token_made: ClassVar = Setting(
        "IBKR_FLEX_TOKEN_MADE", None, DAY,
        "the day on which you made the token: it lives a year at most, and you are warned 30 days before its end",
        unset="not known", example="2026-01-15",
    )  # fmt: skip
    data_dir: Path = field(metadata={"setting": Setting(
        "WEALTH_DATA_DIR", None, FOLDER, "where everything is kept", unset="`data/`",
    )})  # fmt: skip
    connections: tuple[Connection, ...] = ()
    date_format: str | None = setting(
        "IBKR_FLEX_DATE_FORMAT", None,
        matching(r"(MM/dd|dd/MM)/yy(yy)?",
                 "MM/dd/yyyy, MM/dd/yy, dd/MM/yyyy or dd/MM/yy; the other date formats need no setting"),
        "the query's date format, if it is one with slashes: `MM/dd/yyyy`, `MM/dd/yy`, `dd/MM/yyyy` or `dd/MM/yy`."
        " Better set `yyyyMMdd` there; but leave this as it is while statements with slashes are in the archive, which"
        " a replay reads again",
    )  # fmt: skip
    flex_deadline_minutes: int = setting(
        "WEALTH_FLEX_DEADLINE_MINUTES", 15, whole(1, 120), "minutes to wait for IBKR to make a statement"
    )
    flex_url: str = setting(
        "IBKR_FLEX_URL", FLEX_URL, address("an address that starts with https://"),
        "another address of the Flex Web Service; only for the sandbox",
        unset="IBKR's",
    )  # fmt: skip
    gateway_url: str | None = setting(
        "IBKR_GATEWAY_URL", None, address("an address such as https://localhost:5000"),
        "the Client Portal Gateway on this machine ([gateway.md](gateway.md), with the five below)",
        unset="unused", example="https://localhost:5000",
    )  # fmt: skip
    gateway_certificate: str | None = setting(
        "IBKR_GATEWAY_CERTIFICATE", None, TEXT,
        "pins the gateway's certificate, to be sure that it is yours: a file, or the SHA-256 fingerprint",
    )  # fmt: skip
    gateway_allow_remote: bool = setting(
        "IBKR_GATEWAY_ALLOW_REMOTE", False, SWITCH,
        "allows a gateway on another machine; its certificate must be pinned or verified",
    )  # fmt: skip
    gateway_allow_http: bool = setting(
        "IBKR_GATEWAY_ALLOW_HTTP", False, SWITCH, "allows a gateway without encryption, on this machine"
    )
    gateway_minutes: int = setting(
        "WEALTH_GATEWAY_MINUTES", 15, whole(1, 1440), "minutes between two snapshots of the gateway's balances"
    )  # fmt: skip
    gateway_hours: str = setting(
        "WEALTH_GATEWAY_HOURS", "XNYS", TEXT,
        "the exchange during whose hours there are snapshots (XNYS, XETR, ...), or `always`",
    )  # fmt: skip
    reporting_currency: str | None = setting(
        "WEALTH_REPORTING_CURRENCY", None, matching(r"[A-Z]{3}", "a currency such as USD"),
        "the currency of `net_worth`",
        unset="the accounts' own, if they share one", example="USD",
    )  # fmt: skip
    history_start: date = setting(  # noqa: RUF009 - it makes a field
        "WEALTH_HISTORY_START", date(2025, 1, 1), DAY,
        "the first day that is asked for. IBKR keeps statements of the current and the previous calendar years",
    )  # fmt: skip
    overlap_days: int = setting(
        "WEALTH_OVERLAP_DAYS", 7, whole(0, 60),
        "days before each window that are asked again, to notice what IBKR restated",
    )  # fmt: skip
    catch_up_days: int = setting(
        "WEALTH_CATCH_UP_DAYS", 30, whole(1, 65), "weekdays back in which the schedule looks for missing days"
    )
    schedule_times: tuple[time, ...] = setting(
        "WEALTH_SCHEDULE", (time(6), time(9), time(12)), TIMES,
        "when the schedule looks, New York time, on the morning after each session; three times at most",
    )  # fmt: skip
    day_change_share: Decimal = setting(  # noqa: RUF009 - it makes a field
        "WEALTH_DAY_CHANGE_SHARE", Decimal("0.2"), SHARE,
        "share of the NAV by which a day may change, deposits and withdrawals apart, before a check warns; also how far"
        " an account's presumed successor may differ",
    )  # fmt: skip
    dagster_days: int = setting(
        "WEALTH_DAGSTER_DAYS", 90, whole(7, 3650),
        "days for which Dagster's runs and their logs are kept; your figures and statements are never deleted",
    )  # fmt: skip
    alerts: bool = setting(
        "WEALTH_ALERT_URL", False, IS_SET,
        "where an alert goes when a night failed: an address of [Apprise](https://github.com/caronc/apprise) (mailto://,"
        " ntfy://, slack://, tgram:// ...)",
    )  # fmt: skip
    ui_password: ClassVar = Setting(
        UI_PASSWORD, None, TEXT,
        "the password of the UI, for a machine that others use too: without it, whoever has a login there sees your"
        " figures ([security.md](security.md#the-ui))",
    )  # fmt: skip
    ui_origins: tuple[str, ...] = setting(
        "WEALTH_UI_ORIGINS", (), ORIGINS,
        "the addresses of a tunnel or reverse proxy before the UI, complete, as the browser shows them, separated by"
        " commas; they need the password ([security.md](security.md#from-another-machine))",
        example="http://localhost:8080,https://wealth.example.org",
    )  # fmt: skip

    @property
    def configured(self) -> bool:
        """Whether there is anything to get data from: a Flex connection, or the Gateway alone."""
        return bool(self.connections or self.gateway_url)

    @property
    def connections_or_default(self) -> tuple[Connection, ...]:
        """The configured connections; with none, the usual single one, so that its graph can be seen before set-up."""
        return self.connections or (default_connection(),)

    @property
    def only_connection(self) -> bool:
        """Whether there is just one connection, to which accounts that were only imported belong as well."""
        return len(self.connections_or_default) == 1

    def connection(self, name: str | None) -> Connection:
        """The connection of that name, or the only one; raises SettingsError naming those there are."""
        if not self.connections:
            raise SettingsError(
                "No Flex connection is configured",
                "Put IBKR_FLEX_TOKEN and IBKR_FLEX_QUERY_ID into a file .env in this folder (docs/setup.md), or try"
                " `wealth demo`.",
            )
        found = [c for c in self.connections if name is None or c.name == name]
        if len(found) != 1:
            names = ", ".join(c.name for c in self.connections)
            what = f"There is no connection {name}" if name else "There are several connections"
            raise SettingsError(what, f"Name one with --connection: {names}.")
        return found[0]

    @classmethod
    def declared(cls) -> list[Setting[Any]]:
        """Every setting, in the order of their declarations."""
        of_fields = {f.name: f.metadata.get("setting") for f in fields(cls)}
        names = [name for base in reversed(cls.__mro__) for name in get_annotations(base)]
        found = (of_fields[name] if name in of_fields else getattr(cls, name) for name in names)
        return [one for one in found if isinstance(one, Setting)]

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Self:
        """Read the settings from `environ` (the process's) and connections.toml in `folder` (the working directory).

        Raises SettingsError with one sentence about the first setting that is wrong.
        """
        environ = os.environ if environ is None else environ
        folder = folder or Path.cwd()
        values = {f.name: f.metadata["setting"].read(environ) for f in fields(cls) if f.metadata}
        values["data_dir"] = values["data_dir"] or (folder / "data").absolute()
        connections = [*cls._default_connection(environ), *named_connections(folder)]
        refuse_twins(connections)
        return cls(connections=tuple(connections), **values)

    @classmethod
    def _default_connection(cls, environ: Mapping[str, str]) -> list[Connection]:
        query_id, made = cls.flex_query_id.read(environ), cls.flex_token_made.read(environ)
        if query_id:
            return [default_connection(query_id, made)]
        if cls.flex_token.read(environ):
            raise SettingsError(
                "IBKR_FLEX_TOKEN is set, but IBKR_FLEX_QUERY_ID is not",
                "Put the id of your Activity Flex query into .env as well.",
            )
        return []


def setting_names() -> frozenset[str]:
    """Every variable that is read as a setting; connections.toml may name more, for tokens."""
    return frozenset(one.name for one in Settings.declared())


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
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}", "Make yourself its owner and run chmod 600 on it."
        ) from None


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
