"""Settings: what is read, what wins, and the one sentence for each mistake."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest

from wealth_pipeline.errors import SettingsError
from wealth_pipeline.settings import FLEX_URL, Settings, load_dotenv, setting_names

ANNA = '[[connection]]\nname = "anna"\nquery_id = "11"\ntoken_env = "T"\n'
ONE = {"IBKR_FLEX_TOKEN": "123456789012345678901234", "IBKR_FLEX_QUERY_ID": "987654"}


def test_two_variables_are_enough_for_a_user_with_one_login(tmp_path: Path) -> None:
    settings = Settings.load(ONE, tmp_path)
    assert [(c.name, c.query_id, c.prefixed) for c in settings.connections] == [("ibkr", "987654", False)]
    assert settings.configured
    assert (settings.data_dir, settings.flex_url) == (tmp_path / "data", FLEX_URL)
    assert settings.schedule_times == (time(6), time(9), time(12))


def test_the_token_itself_is_never_part_of_the_settings(tmp_path: Path) -> None:
    """Settings end up in Dagster's snapshots and in error reports."""
    assert ONE["IBKR_FLEX_TOKEN"] not in repr(Settings.load(ONE, tmp_path))


def test_the_gateway_alone_counts_as_configured(tmp_path: Path) -> None:
    assert Settings.load({"IBKR_GATEWAY_URL": "https://localhost:5000"}, tmp_path).configured
    assert not Settings.load({}, tmp_path).configured


def test_every_setting_can_be_changed(tmp_path: Path) -> None:
    settings = Settings.load(
        ONE
        | {
            "WEALTH_DATA_DIR": str(tmp_path / "elsewhere"),
            "WEALTH_REPORTING_CURRENCY": "CHF",
            "WEALTH_HISTORY_START": "2020-03-02",
            "WEALTH_OVERLAP_DAYS": "0",
            "WEALTH_CATCH_UP_DAYS": "5",
            "WEALTH_SCHEDULE": "08:30, 07:15",
            "WEALTH_FLEX_DEADLINE_MINUTES": "3",
            "IBKR_FLEX_DATE_FORMAT": "dd/MM/yy",
            "IBKR_FLEX_URL": "http://127.0.0.1:9/AccountManagement/FlexWebService",
        },
        tmp_path,
    )
    assert settings.data_dir == tmp_path / "elsewhere"
    assert settings.reporting_currency == "CHF"
    assert settings.history_start == date(2020, 3, 2)
    assert (settings.overlap_days, settings.catch_up_days, settings.flex_deadline_minutes) == (0, 5, 3)
    assert settings.schedule_times == (time(7, 15), time(8, 30))
    assert settings.date_format == "dd/MM/yy"
    assert settings.flex_url.startswith("http://127.0.0.1:9/")


def test_more_logins_are_named_in_connections_toml(tmp_path: Path) -> None:
    (tmp_path / "connections.toml").write_text(
        '[[connection]]\nname = "anna"\nquery_id = "11"\ntoken_env = "ANNA_TOKEN"\n'
        '[[connection]]\nname = "ben"\nquery_id = "22"\ntoken_env = "BEN_TOKEN"\n'
    )
    settings = Settings.load(ONE, tmp_path)
    assert [(c.name, c.token_env, c.prefixed) for c in settings.connections] == [
        ("ibkr", "IBKR_FLEX_TOKEN", False),
        ("anna", "ANNA_TOKEN", True),
        ("ben", "BEN_TOKEN", True),
    ]
    assert settings.connection("ben").query_id == "22"


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"IBKR_FLEX_TOKEN": "123"}, "IBKR_FLEX_QUERY_ID is not"),
        (ONE | {"IBKR_FLEX_QUERY_ID": "my query"}, "IBKR_FLEX_QUERY_ID is not the number"),
        (ONE | {"IBKR_FLEX_QUERY_ID": "123456789012345678901234"}, "the long number is the token"),
        (ONE | {"IBKR_FLEX_URL": "ndcdyn.example"}, "IBKR_FLEX_URL is not an address that starts with https://"),
        (ONE | {"IBKR_FLEX_URL": "http://127.0.0.1:65536/"}, "with a port from 1 to 65535"),
        (ONE | {"IBKR_FLEX_URL": "http://127.0.0.1:0/"}, "with a port from 1 to 65535"),
        (ONE | {"IBKR_FLEX_URL": "http://127.0.0.1:http/"}, "with a port from 1 to 65535"),
        (ONE | {"IBKR_GATEWAY_URL": "https://localhost:-1"}, "IBKR_GATEWAY_URL is not an address such as"),
        (ONE | {"WEALTH_HISTORY_START": "01/02/2025"}, "WEALTH_HISTORY_START is '01/02/2025'"),
        (ONE | {"WEALTH_OVERLAP_DAYS": "seven"}, "WEALTH_OVERLAP_DAYS is 'seven'"),
        (ONE | {"WEALTH_OVERLAP_DAYS": "61"}, "from 0 to 60"),
        (ONE | {"WEALTH_SCHEDULE": "6 am"}, "WEALTH_SCHEDULE is '6 am'"),
        (ONE | {"WEALTH_SCHEDULE": "06:00+02:00"}, "a list of at most 3 New York times"),
        (ONE | {"WEALTH_SCHEDULE": "06:00:30"}, "a list of at most 3 New York times"),
        (ONE | {"WEALTH_SCHEDULE": "06:00,07:00,08:00,09:00"}, "locks out those who ask too often"),
        (ONE | {"IBKR_FLEX_TOKEN_MADE": "last May"}, "IBKR_FLEX_TOKEN_MADE is 'last May'"),
        (ONE | {"IBKR_FLEX_DATE_FORMAT": "yyyyMMdd"}, "IBKR_FLEX_DATE_FORMAT is 'yyyyMMdd'"),
        (ONE | {"WEALTH_REPORTING_CURRENCY": "dollars"}, "WEALTH_REPORTING_CURRENCY is 'dollars'"),
    ],
)
def test_a_malformed_setting_is_one_clear_sentence(environ: dict[str, str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.load(environ, tmp_path)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("", "IBKR_FLEX_TOKEN is not set"),
        ("1234 5678", "has a space in it"),
        ("12345678\n", "has a space in it"),
        ("abc/def", "has characters that no Flex token has"),
    ],
)
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str, sentence: str, tmp_path: Path) -> None:
    connection = Settings.load(ONE, tmp_path).connection(None)
    with pytest.raises(SettingsError) as error:
        connection.token({"IBKR_FLEX_TOKEN": token})
    assert sentence in str(error.value)
    assert not token or token not in str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[connection", "not valid TOML"),
        ('[[connection]]\nname = "anna"\nquery_id = 11\ntoken_env = "T"\n', "the query_id of a"),
        ('[[connection]]\nname = "Anna B"\nquery_id = "11"\ntoken_env = "T"\n', "the name of a"),
        ('[[connection]]\nname = "ibkr"\nquery_id = "1"\ntoken_env = "T"\n', "ibkr is given twice"),
        ('[[connections]]\nname = "anna"\n', "Each connection begins with the line [[connection]]."),
        ('[connection]\nname = "anna"\n', "the query_id of a"),
        ('connection = "anna"\n', "the name of a"),
        (ANNA + 'token-made = "2026-01-15"\n', "has token-made, which this software does not know. It can have name,"),
        (ANNA + 'token_made = "soon"\n', "the token_made of anna is soon, which is not a date"),
        (ANNA + "token_made = 2026-01-15T08:00:00\n", "which is not a date such as 2026-01-15"),
    ],
)
def test_a_mistake_in_connections_toml_is_one_clear_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "connections.toml").write_text(text)
    with pytest.raises(SettingsError, match=sentence.replace("[", r"\[")):
        Settings.load(ONE, tmp_path)


@pytest.mark.parametrize("written", ['"2026-01-15"', "2026-01-15"])
def test_a_tokens_day_is_stated_for_each_connection(written: str, tmp_path: Path) -> None:
    (tmp_path / "connections.toml").write_text(f"{ANNA}token_made = {written}\n")
    one, anna = Settings.load(ONE | {"IBKR_FLEX_TOKEN_MADE": "2026-02-28"}, tmp_path).connections
    assert (one.token_made, anna.token_made) == (date(2026, 2, 28), date(2026, 1, 15))


@pytest.mark.parametrize(
    ("today", "stage", "words"),
    [
        (date(2026, 12, 15), None, None),  # 31 days before
        (date(2026, 12, 16), 30, "expires on 2027-01-15 at the latest"),
        (date(2027, 1, 8), 7, "expires on 2027-01-15 at the latest"),
        (date(2027, 1, 14), 1, "put it into IBKR_FLEX_TOKEN"),
        (date(2027, 3, 1), 1, "expired on 2027-01-15 or before"),
    ],
)
def test_a_tokens_end_is_foreseen(today: date, stage: int | None, words: str | None, tmp_path: Path) -> None:
    (connection,) = Settings.load(ONE | {"IBKR_FLEX_TOKEN_MADE": "2026-01-15"}, tmp_path).connections
    assert connection.token_stage(today) == stage
    assert (words is None) is (connection.token_warning(today) is None)
    assert words is None or words in (connection.token_warning(today) or "")


def test_a_token_of_which_nobody_said_the_age_is_not_warned_of(tmp_path: Path) -> None:
    assert Settings.load(ONE, tmp_path).connections[0].token_warning(date(2100, 1, 1)) is None


def test_a_connection_must_be_named_when_there_are_several(tmp_path: Path) -> None:
    (tmp_path / "connections.toml").write_text(
        '[[connection]]\nname = "anna"\nquery_id = "11"\ntoken_env = "ANNA_TOKEN"\n'
    )
    settings = Settings.load(ONE, tmp_path)
    with pytest.raises(SettingsError, match="ibkr, anna"):
        settings.connection(None)
    with pytest.raises(SettingsError, match="no connection zoe"):
        settings.connection("zoe")


def test_nothing_configured_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="wealth demo"):
        Settings.load({}, tmp_path).connection(None)


def test_a_dotenv_file_wins_over_the_shell_except_for_dagster_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster reads .env by this rule; and a DAGSTER_HOME in there would split the history in two."""
    monkeypatch.setenv("IBKR_FLEX_QUERY_ID", "1")
    monkeypatch.setenv("IBKR_FLEX_TOKEN", "11")
    monkeypatch.setenv("DAGSTER_HOME", "/home/of/the/shell")
    (tmp_path / ".env").write_text("IBKR_FLEX_QUERY_ID=2\nIBKR_FLEX_TOKEN=33\nDAGSTER_HOME=/other\n")
    load_dotenv(tmp_path)
    import os

    assert Settings.load(folder=tmp_path).connection(None).query_id == "2"
    assert os.environ["DAGSTER_HOME"] == "/home/of/the/shell"


def test_the_example_file_names_exactly_the_settings_that_are_read() -> None:
    example = (Path(__file__).parent.parent / ".env.example").read_text()
    assert set(re.findall(r"^#?((?:IBKR|WEALTH)_\w+)=", example, re.MULTILINE)) == setting_names()


def test_the_values_in_the_example_file_are_accepted(tmp_path: Path) -> None:
    """Somebody may remove the number sign and nothing else."""
    example = (Path(__file__).parent.parent / ".env.example").read_text()
    told = dict(re.findall(r"^#?((?:IBKR|WEALTH)_\w+)=(.*)$", example, re.MULTILINE))
    assert Settings.load(ONE | {name: value for name, value in told.items() if value}, tmp_path).configured
