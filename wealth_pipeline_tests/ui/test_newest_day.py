"""What the pages show when older days come: still the newest one, with every account, and how old it is."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from wealth_pipeline.calendar import last_weekdays
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline.sandbox.statement.statement import FULL, Statement
from wealth_pipeline_tests.ui.conftest import PATIENCE, Ui, Watch, environment

pytestmark = pytest.mark.ui
#: Seven weekdays before the last complete one, and what is pulled up to it.
FIRST, *_, NEWEST = last_weekdays(12, datetime.now(UTC))[:5]
#: The days that are fetched later, in the UI.
OLDER = tuple(last_weekdays(40, datetime.now(UTC))[:3])
LAST_YEAR = date(2025, 11, 3)


@dataclass(frozen=True)
class Aged:
    """A UI on figures whose newest day is seven weekdays old, and the sandbox that they came from."""

    ui: Ui
    box: Sandbox

    def wealth(self, *words: str) -> str:
        command, folder = Ui.wealth(*words), self.ui.folder
        done = subprocess.run(command, cwd=folder, env=self.ui.environ, check=True, capture_output=True, text=True)
        return done.stdout


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aged]:
    folder, nothing = tmp_path_factory.mktemp("aged"), tmp_path_factory.mktemp("nothing")
    with Sandbox() as box:
        settings = {
            "IBKR_FLEX_URL": box.flex_url,
            "IBKR_FLEX_TOKEN": box.token,
            "IBKR_FLEX_QUERY_ID": box.query_id,
            "WEALTH_REPORTING_CURRENCY": "USD",
        }
        pull = Ui.wealth("pull", "--from", str(FIRST), "--to", str(NEWEST))
        subprocess.run(pull, cwd=folder, env=environment(folder) | settings, check=True)
        served = Ui(folder, nothing, settings=settings)
        yield Aged(served, box)
        if served.process.poll() is None:
            served.stop()


@pytest.fixture
def opened(aged: Aged, browser: Browser) -> Iterator[Page]:
    """A page of it that must show no error."""
    context = browser.new_context(
        base_url=aged.ui.address,
        viewport={"width": 1400, "height": 900},
        locale="en-US",
        timezone_id="America/New_York",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watch = Watch(page)
    yield page
    context.close()
    assert watch.errors == []


def expect_the_newest_day(page: Page) -> None:
    """On both pages, with all accounts."""
    page.goto("/assets/nav_history")
    accounts = page.get_by_role("row").filter(has=page.get_by_text("accounts", exact=True))
    expect(accounts).to_contain_text(re.compile(r"U1000001\s*[\d,]+\.\d\d\sUSD[\s\S]*U1000002\s*[\d,]+\.\d\d\sEUR"))
    expect(page.get_by_text(re.compile(rf"\b{NEWEST}\b")).first).to_be_visible()
    page.goto("/assets/positions")
    for account in ("U1000001", "U1000002"):
        expect(page.get_by_text(f"largest holdings {account}", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(rf"\b{NEWEST}\b")).first).to_be_visible()


def expect_loaded(page: Page, day: date) -> None:
    """On the day's own page, which shows what there was when it was opened: it is opened again until it does."""
    shown, end = page.get_by_text("recent NAV U1000001", exact=True), time.monotonic() + 3 * PATIENCE / 1000
    while True:
        page.goto(f"/assets/nav_history?view=partitions&partition={day}")
        try:
            expect(shown).to_be_visible(timeout=10_000)
        except AssertionError:
            assert time.monotonic() < end, f"{day} did not come"
        else:
            return


def test_dev_says_first_that_the_figures_are_old(aged: Aged) -> None:
    starting, stale, *_, ready, nav = aged.ui.said
    assert starting == "Starting the Dagster UI ..."
    assert re.match(rf"Not up to date, .* should be there: the newest NAV of U1000001 is of {NEWEST}, ", stale)
    assert aged.ui.address in ready
    assert nav == f"The NAV: {aged.ui.address}/assets/nav_history"


def test_older_days_are_fetched_from_the_jobs_page_as_the_docs_say_and_the_newest_day_is_shown(
    aged: Aged, opened: Page
) -> None:
    expect_the_newest_day(opened)
    opened.goto("/locations/wealth_pipeline/jobs/daily_statement")
    opened.get_by_role("button", name="Materialize all").click()
    dialog = opened.get_by_role("dialog")
    days = dialog.get_by_role("textbox").first
    days.fill(f"[{OLDER[0]}...{OLDER[-1]}]")
    days.press("Enter")
    dialog.get_by_role("button", name=re.compile("Launch")).last.click()
    expect(dialog).to_have_count(0)
    expect_loaded(opened, OLDER[0])
    expect_the_newest_day(opened)


def test_an_inbox_file_of_last_year_changes_nothing_of_that(aged: Aged, opened: Page) -> None:
    opened.goto("/locations/wealth_pipeline/sensors/inbox")
    # Its box is drawn by another element, and lies outside of what can be clicked.
    switch = opened.get_by_role("checkbox").first
    switch.press("Space")
    expect(switch).to_be_checked()
    made = datetime(2025, 11, 10, 12, tzinfo=UTC)
    statement = Statement(aged.box.service.household, FULL, LAST_YEAR, LAST_YEAR + timedelta(days=4), "", made)
    (aged.ui.folder / "inbox" / "last-year.xml").write_bytes(b"".join(statement.render()))
    expect_loaded(opened, LAST_YEAR)
    expect_the_newest_day(opened)


def test_that_the_newest_day_is_old_is_red_there_and_status_says_so_with_the_daemon_stopped(
    aged: Aged, opened: Page
) -> None:
    """The last test of this file: it ends what the others look at."""
    opened.goto("/assets/nav_history?view=checks&checkDetail=up_to_date")
    expect(opened.get_by_text(re.compile(r"^2026-\d\d-\d\d should be there\.$")).first).to_be_visible()
    expect(opened.get_by_text("Failed", exact=True).first).to_be_visible()
    opened.goto("about:blank")
    lines = aged.ui.stop()
    assert [line for line in lines if "DEBUG" in line or "Traceback" in line or "Stack Trace" in line] == []
    assert any(re.search(r"daily_statement \([0-9a-f]{8}\): succeeded$", line) for line in lines), lines
    status = aged.wealth("status")
    assert re.search(rf"^Not up to date, .* should be there: the newest NAV of U1000001 is of {NEWEST}, ", status, re.M)
    assert re.search(r"^Dagster's daemon was last seen on [\d-]+ at [\d:]+ UTC\.$", status, re.M)
