"""Whether the figures are up to date: by their own days, whatever was loaded when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from wealth_pipeline.calendar import CLOCK, NEW_YORK, due_session, weekdays_between
from wealth_pipeline.cli.main import main
from wealth_pipeline.published.freshness import Behind, Freshness, freshness
from wealth_pipeline.published.published import Published
from wealth_pipeline.settings import Settings
from wealth_pipeline_tests.lives import Folder, days, statement

#: The Saturday after Thanksgiving, when Friday's third look has passed; Thursday was a holiday.
SATURDAY = datetime(2026, 11, 28, 13, tzinfo=NEW_YORK)
BEGIN, FRIDAY = date(2026, 11, 2), date(2026, 11, 27)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("WEALTH_DATA_DIR", str(tmp_path))
    return Folder(tmp_path)


def look(folder: Folder, now: datetime = SATURDAY, accounts: list[str] | None = None, **settings: str) -> Freshness:
    published = Published(folder.warehouse.folder.published)
    return freshness(published, replace(Settings.load(), **settings), now, accounts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("newest", "sessions", "stale"),
    [
        (date(2026, 11, 27), 0, False),
        (date(2026, 11, 26), 1, False),  # the holiday has a row
        (date(2026, 11, 25), 1, False),  # and it has none
        (date(2026, 11, 24), 2, False),
        (date(2026, 11, 23), 3, False),
        (date(2026, 11, 20), 4, True),
        (date(2026, 11, 18), 6, True),  # seven weekdays before Friday
    ],
)
def test_one_to_three_sessions_behind_is_late_and_more_is_stale(
    newest: date, sessions: int, stale: bool, folder: Folder
) -> None:
    folder.load(statement({"U1": days(BEGIN, newest)}))
    found = look(folder)
    assert found.behind == ((Behind("U1", newest, sessions),) if sessions else ())
    assert (found.fine, found.stale) == (sessions == 0, stale)
    # Whatever old file is loaded meanwhile: the figures' own days count.
    folder.load(statement({"U1": days(date(2025, 11, 3), date(2025, 11, 7))}))
    assert look(folder) == found


def test_a_day_that_is_not_due_yet_is_not_waited_for(folder: Folder) -> None:
    folder.load(statement({"U1": days(BEGIN, date(2026, 11, 25))}))
    assert look(folder, SATURDAY.replace(hour=11)).fine
    assert not look(folder, SATURDAY.replace(hour=12)).fine


def test_the_oldest_account_comes_first_and_what_ended_or_is_left_out_does_not_count(folder: Folder) -> None:
    folder.say('[[account]]\nid = "U3"\nended = 2026-11-13\n[[account]]\nid = "U4"\nexclude = true\n')
    late = {"U2": date(2026, 11, 25), "U1": date(2026, 11, 27), "U3": date(2026, 11, 13), "U4": date(2026, 11, 13)}
    folder.load(statement({account: days(BEGIN, last) for account, last in late.items()}))
    folder.load(statement({"U5": days(BEGIN, date(2026, 11, 24))}))
    assert [one.account_id for one in look(folder).behind] == ["U5", "U2"]
    assert look(folder).sentence == (
        "Not up to date, 2026-11-27 should be there: the newest NAV of U5 is of 2026-11-24, 2 sessions behind; of U2 is"
        " of 2026-11-25, 1 session behind."
    )
    assert look(folder, accounts=["U1"]).sentence == "The data are up to date."
    assert look(folder, accounts=["U9"]).sentence == "No account has a NAV yet."
    assert not look(folder, accounts=["U9"]).fine


def test_the_sandboxs_figures_are_measured_at_its_last_pull(folder: Folder) -> None:
    folder.load(statement({"U1": days(BEGIN, date(2026, 11, 18))}), connection="ibkr", fetched=date(2026, 11, 20))
    assert look(folder).stale
    assert look(folder, flex_url="http://127.0.0.1:1").fine
    folder.load(statement({"U1": days(BEGIN, date(2026, 11, 17))}), connection="ibkr", fetched=date(2026, 11, 28))
    assert look(folder, flex_url="http://127.0.0.1:1").stale
    # A pull in the future was written under a wrong clock.
    assert look(folder, datetime(2026, 11, 20, tzinfo=UTC), flex_url="http://127.0.0.1:1").fine


def test_status_says_so_and_when_an_account_ended_it_says_no_more(folder: Folder) -> None:
    due = due_session(CLOCK.now(), Settings.load().schedule_times)
    *_, before, newest = (day for day in weekdays_between(date(2026, 11, 2), due))
    folder.load(statement({"U1": {before: 5, newest: 5}, "U2": {before: 6}}))

    def status() -> str:
        done = CliRunner().invoke(main, ["status"])
        assert done.exit_code == 0, done.output
        return done.output

    assert f"Not up to date, {due} should be there: the newest NAV of U2 is of {before}, 1 session behind." in status()
    folder.say(f'[[account]]\nid = "U2"\nended = {before}\n')
    folder.load()
    assert "The data are up to date." in status()
    assert f"U2: ended on {before}." in status()
