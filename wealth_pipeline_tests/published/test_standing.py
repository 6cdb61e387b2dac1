"""What is said of accounts that are stale, dropped, moved or doubtful: since when, what to do, and that it works."""

from __future__ import annotations

import textwrap
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.cli.main import main
from wealth_pipeline.published import standing
from wealth_pipeline.published.published import Published
from wealth_pipeline_tests.lives import Folder, days, statement

BEGIN, WEDNESDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 13)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("WEALTH_DATA_DIR", str(tmp_path))
    return Folder(tmp_path)


def notices(folder: Folder) -> list[standing.Notice]:
    return standing.notices(Published(folder.warehouse.folder.published), folder.warehouse.folder.root)


def status() -> str:
    done = CliRunner().invoke(main, ["status"])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_dropped_account_is_named_until_the_lines_that_end_it_are_put_into_the_file(folder: Folder) -> None:
    folder.load(statement({"U1": days(BEGIN, FRIDAY), "U2": days(BEGIN, WEDNESDAY)}), connection="ibkr")
    folder.load(statement({"U1": days(FRIDAY, date(2026, 3, 16))}), connection="ibkr", fetched=date(2026, 3, 17))
    # A backfill of days before the account began drops nothing.
    folder.load(
        statement({"U1": days(date(2026, 2, 2), date(2026, 2, 6))}), connection="ibkr", fetched=date(2026, 3, 18)
    )
    (notice,) = notices(folder)
    assert notice.urgent
    assert "U2 is stale: its newest NAV is of 2026-03-04." in notice.sentence
    assert "The newest statement of ibkr, up to 2026-03-16, does not have it." in notice.sentence
    assert "the net worth is unknown since 2026-03-12" in notice.sentence
    assert folder.worth()[date(2026, 3, 11)] is not None
    assert folder.worth()[date(2026, 3, 12)] is None
    folder.say("\n".join(notice.lines))
    (waiting,) = [n for n in notices(folder) if "has changed" in n.sentence]
    assert "wealth replay" in waiting.sentence
    folder.load()
    assert notices(folder) == []
    assert folder.worth()[date(2026, 3, 16)] == 1000


def test_an_account_of_files_that_is_a_day_behind_is_stale_and_will_be_unknown(folder: Folder) -> None:
    folder.load(statement({"U1": days(BEGIN, date(2026, 3, 9)), "U2": days(BEGIN, date(2026, 3, 6))}))
    (notice,) = notices(folder)
    assert not notice.urgent
    assert "U2 is stale: its newest NAV is of 2026-03-06." in notice.sentence
    assert "the net worth will be unknown from 2026-03-16" in notice.sentence


def test_the_lines_of_a_presumed_successor_confirm_it_and_deny_it(folder: Folder) -> None:
    monday = date(2026, 3, 16)
    folder.load(statement({"U1": days(BEGIN, FRIDAY), "U2": days(monday, monday + timedelta(days=14))}))
    (notice,) = notices(folder)
    assert not notice.urgent
    assert "U1 ended on 2026-03-13, and U2 is taken for its successor" in notice.sentence
    said = textwrap.indent("\n".join(notice.lines), "    ")
    assert said in status()
    folder.say("\n".join(notice.lines))
    folder.load()
    assert notices(folder) == []
    folder.say("\n".join(notice.lines).replace('"U2"', '""'))
    folder.load()
    assert "U1 is stale" in notices(folder)[0].sentence
    assert folder.rows("SELECT count(DISTINCT successor) FROM accounts") == [(0,)]


def test_a_stranger_is_named_until_the_file_says_whose_it_is(folder: Folder) -> None:
    folder.load(statement({"U1": days(BEGIN, FRIDAY)}), connection="ibkr", fetched=FRIDAY)
    folder.load(statement({"X9": {FRIDAY: 7}}), connection="ibkr", fetched=date(2026, 3, 14))
    (notice,) = notices(folder)
    assert notice.urgent
    assert "X9 came once, on 2026-03-14, in a statement of the connection ibkr that lacks all of its accounts (U1)" in (
        notice.sentence
    )
    folder.say("\n".join([*notice.lines, "exclude = true"]))
    folder.load()
    assert notices(folder) == []
    assert folder.worth()[FRIDAY] == 1000
    folder.say("\n".join(notice.lines))
    folder.load()
    assert folder.worth()[FRIDAY] == 1007
    # Now it is the other one that the query lacks.
    assert ["U1 is stale" in notice.sentence for notice in notices(folder)] == [True]


def test_what_the_file_says_of_accounts_that_nobody_knows_or_that_go_on_is_pointed_out(folder: Folder) -> None:
    folder.say(
        '[[account]]\nid = "U9"\n[[account]]\nid = "U1"\nname = "Savings"\nended = 2026-03-04\nsuccessor = "U8"\n'
    )
    folder.load(statement({"U1": days(BEGIN, FRIDAY)}))
    assert [notice.sentence for notice in notices(folder)] == [
        "accounts.toml names U8, of which no statement has come.",
        "accounts.toml names U9, of which no statement has come.",
        "accounts.toml says that Savings (U1) ended on 2026-03-04. Its NAV after it, up to 2026-03-13, does not count.",
    ]
    folder.say("[[account]]\nid = 1")
    assert "id is 1, which is not text in quotes" in notices(folder)[0].sentence
    assert "is not text in quotes" in status()


def test_no_day_is_missing_after_an_account_ended(folder: Folder) -> None:
    """Else a closed account would be asked for every night, and make each of them red."""
    folder.load(statement({"U1": days(BEGIN, FRIDAY), "U2": days(BEGIN, FRIDAY)}, closed={"U2": WEDNESDAY}))
    after = weekdays_between(date(2026, 3, 16), date(2026, 3, 20))
    published = Published(folder.warehouse.folder.published)
    assert published.missing({"U1": BEGIN}, after) == after
    assert published.missing({"U2": BEGIN}, after) == []
