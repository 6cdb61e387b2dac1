"""What is missing: one week, of which IBKR left out a session and a holiday, as each of those who ask sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.flex.ledger import RequestLedger, Window
from wealth_pipeline.published.published import Published
from wealth_pipeline.pull.missing import AccountDays, account_days, lacking_days, missing_days, windows_to_ask
from wealth_pipeline.settings import Settings
from wealth_pipeline_tests import lives

#: Monday to Friday; Thursday is Thanksgiving.
WEEK = weekdays_between(date(2025, 11, 24), date(2025, 11, 28))
SESSION, HOLIDAY = date(2025, 11, 26), date(2025, 11, 27)
NEXT = date(2025, 12, 1)


def test_a_day_is_missing_until_there_is_a_nav_or_an_answer(tmp_path: Path) -> None:
    folder = lives.Folder(tmp_path)
    came = {day: 1000 for day in WEEK if day not in (SESSION, HOLIDAY)}
    folder.load(lives.statement({"U1": came}), connection="ibkr")
    published = Published(folder.warehouse.folder.published)

    # The session without a row is asked for again while it is among the newest three; the holiday never.
    assert missing_days(published, "ibkr", WEEK) == [SESSION]
    assert missing_days(published, "ibkr", [*WEEK, NEXT]) == [NEXT]
    assert missing_days(published, "another", WEEK) == WEEK
    assert list(account_days(published, [*WEEK, NEXT])) == [AccountDays("U1", None, has_nav=True, missing=[NEXT])]

    # A run says of each of its days whether the NAV came.
    ledger = RequestLedger(folder.warehouse.folder.state)
    ledger.finished(ledger.start("ibkr", "1", Window(WEEK[0], WEEK[-1])), "received")
    asked = ledger.latest("ibkr", Window(WEEK[0], WEEK[-1]))
    assert asked
    assert lacking_days(published, "ibkr", WEEK, asked) == [SESSION]
    assert lacking_days(published, "ibkr", WEEK, replace(asked, outcome="unavailable")) == []

    # The schedule asks for it as one range.
    settings = Settings(tmp_path, history_start=WEEK[0])
    assert windows_to_ask(published, "ibkr", settings, datetime(2025, 12, 2, 12, tzinfo=UTC)) == [(NEXT, NEXT)]
