"""What the UI is used for works behind the guard, with a password and without, and no page violates its policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, WebSocket, expect
from requests.auth import HTTPBasicAuth

from wealth_pipeline.calendar import last_weekdays
from wealth_pipeline_tests.ui.conftest import PATIENCE, Ui, Watch

pytestmark = pytest.mark.ui
PASSWORD = "grün & lang"
LOCATION = "/locations/wealth_pipeline"
DAYS = sorted(last_weekdays(3, datetime.now(UTC)))
#: A violation is an error on the console, which no page may have.
REPORT_VIOLATIONS = (
    "document.addEventListener('securitypolicyviolation',"
    " seen => console.error(`policy: ${seen.violatedDirective} ${seen.blockedURI}`))"
)


@pytest.fixture(scope="module", params=[None, PASSWORD], ids=["without a password", "with a password"])
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Iterator[Ui]:
    if request.param is None:
        yield request.getfixturevalue("ui")
        return
    served = Ui(tmp_path_factory.mktemp("guarded"), demo, request.param)
    yield served
    served.stop()


@pytest.fixture
def guarded_page(guarded: Ui, browser: Browser) -> Iterator[Page]:
    """A page of somebody who gives the password when asked; it must show no error until it is closed."""
    password = guarded.environ["WEALTH_UI_PASSWORD"]
    context = browser.new_context(
        base_url=guarded.address, http_credentials={"username": "me", "password": password} if password else None
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(REPORT_VIOLATIONS)
    opened = context.new_page()
    watch = Watch(opened)
    yield opened
    context.close()
    assert watch.errors == []


@pytest.mark.parametrize("path", ["/overview", "/runs", "/assets", "/jobs", "/automation", "/deployment", "/graphql"])
def test_its_pages_are_shown(path: str, guarded_page: Page) -> None:
    guarded_page.goto(path)
    expect(guarded_page.get_by_role("button").first).to_be_visible()
    guarded_page.wait_for_load_state("networkidle")


def test_a_violation_of_the_policy_is_noticed(guarded: Ui, browser: Browser) -> None:
    """What makes the tests of this file fail."""
    if guarded.environ["WEALTH_UI_PASSWORD"]:
        pytest.skip("The policy is the same.")
    page = browser.new_page(base_url=guarded.address)
    page.add_init_script(REPORT_VIOLATIONS)
    watch = Watch(page)
    page.goto("/overview")
    page.evaluate("new Image().src = 'http://127.0.0.1:9/seen.png'")
    page.wait_for_function("true")
    page.evaluate("new Promise(done => setTimeout(done))")
    page.close()
    assert any("img-src http://127.0.0.1:9/seen.png" in error for error in watch.errors)


def test_a_run_can_be_launched_and_its_log_streams(guarded_page: Page) -> None:
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(str(frame)))

    guarded_page.on("websocket", listen)
    guarded_page.goto(f"{LOCATION}/jobs/run_cleanup/playground")
    guarded_page.get_by_role("button", name="Launch Run").click()
    guarded_page.wait_for_url("**/runs/*-*")
    expect(guarded_page.get_by_text("Success", exact=True).first).to_be_visible()
    assert any("pipelineRunLogs" in frame for frame in frames)


def test_a_schedule_can_be_switched_on_and_off(guarded_page: Page) -> None:
    guarded_page.goto(f"{LOCATION}/schedules/after_market_close")
    guarded_page.wait_for_load_state("networkidle")
    switch = guarded_page.get_by_role("checkbox").first
    for wanted in (True, False):
        expect(switch).to_be_enabled()
        switch.locator("xpath=..").click()
        expect(switch).to_be_checked(checked=wanted)
    guarded_page.reload()
    expect(switch).not_to_be_checked()


def test_days_can_be_backfilled(guarded_page: Page) -> None:
    guarded_page.goto(f"{LOCATION}/jobs/daily_statement/partitions")
    guarded_page.wait_for_load_state("networkidle")
    guarded_page.get_by_role("button", name="Materialize…").click()
    days = guarded_page.get_by_role("dialog").get_by_role("textbox").first
    days.fill(f"[{DAYS[0]}...{DAYS[-1]}]")
    days.press("Enter")
    launch = guarded_page.get_by_role("button", name="Launch backfill")
    launch.click()
    expect(launch).to_have_count(0)
    guarded_page.goto("/runs")
    guarded_page.locator("a[href*='/runs/b/']").first.click()
    # Asked for, in progress, succeeded, failed.
    done = guarded_page.get_by_role("row").filter(has_text="100% completed")
    expect(done).to_contain_text(re.compile(r"100% completed\s*3\s*0\s*3\s*0"))


def test_with_a_password_nothing_is_shown_to_whoever_does_not_give_it(guarded: Ui) -> None:
    status = requests.get(f"{guarded.address}/server_info", timeout=60).status_code
    assert status == (401 if guarded.environ["WEALTH_UI_PASSWORD"] else 200)
    assert requests.get(f"{guarded.address}/server_info", auth=HTTPBasicAuth(b"me", PASSWORD.encode()), timeout=60).ok
