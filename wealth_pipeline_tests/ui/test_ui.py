"""The Dagster UI on the sandbox's data, page by page: each shows what it is for, and no error (`make test-ui`).

The pictures in docs/ are taken here, by `make pictures`.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from wealth_pipeline.calendar import last_weekdays
from wealth_pipeline_tests.processes import documented, listening
from wealth_pipeline_tests.ui.conftest import Picture, Ui, Watch

pytestmark = pytest.mark.ui
NEWEST = last_weekdays(1, datetime.now(UTC))[0]
LOCATION = "/locations/wealth_pipeline"


def test_dev_says_what_it_serves_on_which_data_and_where_and_nothing_else(ui: Ui) -> None:
    """No warning, and no log of Dagster's that nobody can act on."""
    gateway, starting, ready, nav = ui.said
    assert gateway.startswith("A sandbox gateway is logged in at https://localhost:")
    assert starting == "Starting the Dagster UI ..."
    assert ready == (
        f"Dagster UI on the SANDBOX, a simulated household, in {ui.folder / 'sandbox'}: {ui.address} (Ctrl-C stops it)"
    )
    assert nav == f"The NAV: {ui.address}/assets/nav_history"


def test_the_graph_shows_the_way_from_the_request_to_the_nav_history(page: Page, picture: Picture) -> None:
    # Wide enough for Dagster to draw the assets large, with what each says of itself.
    page.set_viewport_size({"width": 1900, "height": 620})
    page.goto("/asset-groups?expanded=global@global:flex,global@global:wealth")
    for asset in ("flex_report_request", "flex_statement", "tables", "nav_history"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()
    expect(page.get_by_text("% filled")).to_have_count(6)
    expect(page.get_by_text("fetching statuses")).to_have_count(0)
    picture(page, "graph", {"x": 541, "y": 110, "width": 1300, "height": 420})


def test_nav_history_shows_nav_change_proof_and_a_line_for_each_account(page: Page, picture: Picture) -> None:
    page.goto("/assets/nav_history")
    accounts = page.get_by_role("row").filter(has=page.get_by_text("accounts", exact=True))
    expect(accounts).to_contain_text(re.compile(r"U1000001\s*[\d,]+\.\d\d\sUSD\s*[+-][\d,]+\.\d\d\sUSD\s*passed"))
    expect(accounts).to_contain_text(re.compile(r"U1000002\s*[\d,]+\.\d\d\sEUR\s*[+-][\d,]+\.\d\d\sEUR\s*passed"))
    lines = page.get_by_alt_text("NAV")
    expect(lines).to_have_count(2)
    for line in lines.all():
        assert line.evaluate("image => image.complete && image.naturalWidth > 0")
    picture(page, "nav_history")


def test_nav_history_is_plotted_by_report_date(page: Page, picture: Picture) -> None:
    page.goto("/assets/nav_history")
    page.get_by_role("button", name="Plots").click()
    for label in ("NAV U1000001 (USD)", "NAV U1000002 (EUR)"):
        expect(page.get_by_text(label, exact=True)).to_be_visible()
    plot = page.locator("canvas").first
    expect(plot).to_be_visible()
    drawn = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(v => v > 0)"
    page.wait_for_function(f"({drawn})(document.querySelector('canvas'))")
    picture(page, "nav_plot")


def test_nav_history_describes_its_columns_with_their_unit(page: Page) -> None:
    page.goto("/assets/nav_history")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_alt_text("NAV")).to_have_count(2)
    column = page.get_by_role("row").filter(has=page.get_by_text("day_change", exact=True))
    for _ in range(5):
        # A click before the whole page has come is lost: it is drawn again under the pointer.
        page.get_by_text("[Show Table Schema]").click()
        with suppress(PlaywrightTimeout):
            column.wait_for(timeout=5_000)
            break
    expect(column).to_contain_text("[base]")


def test_each_day_of_the_range_has_its_own_figures(page: Page) -> None:
    page.goto(f"/assets/nav_history?view=partitions&partition={NEWEST}")
    expect(page.get_by_text(re.compile(r"Materialized \(\d\d\)"))).to_be_visible()
    expect(page.get_by_text("recent NAV U1000001", exact=True)).to_be_visible()


def test_positions_shows_the_largest_holdings_with_their_currency(page: Page) -> None:
    page.goto(f"/assets/positions?view=partitions&partition={NEWEST}")
    holdings = page.get_by_role("row").filter(has=page.get_by_text("largest holdings U1000001", exact=True))
    expect(holdings).to_contain_text(re.compile(r"[\d,]+\.\d\d\sUSD\s*\d+\.\d\s%"))


def test_a_proof_shows_its_state_for_each_account(page: Page, picture: Picture) -> None:
    page.set_viewport_size({"width": 1500, "height": 800})
    page.goto("/assets/nav?view=checks&checkDetail=parts")
    expect(page.get_by_text(re.compile(r"Passed on \d+ of \d+ account days")).first).to_be_visible()
    account = page.get_by_role("row").filter(has=page.get_by_text("U1000001", exact=True)).last
    expect(account).to_contain_text(f"{NEWEST}: passed")
    picture(page, "checks")


def test_the_schedule_says_what_it_does_and_when(page: Page) -> None:
    page.goto(f"{LOCATION}/schedules/after_market_close")
    expect(page.get_by_text(re.compile("asks IBKR for the weekdays among the last 30")).first).to_be_visible()


def test_the_schedule_and_the_sensors_can_be_switched_on(page: Page, picture: Picture) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto("/automation")
    expect(page.get_by_text(re.compile("Tuesday through Saturday"))).to_be_visible()
    names = ["after_market_close", "alert", "gateway", "inbox", "token_expiry", "up_to_date", "weekly_run_cleanup"]
    for name in names:
        expect(page.get_by_text(name, exact=True)).to_be_visible()
    # One to choose each and one to choose all, and each one's switch.
    expect(page.get_by_role("checkbox")).to_have_count(2 * len(names) + 1)
    picture(page, "automation")


@pytest.mark.parametrize(
    "sensor, sentence",
    [
        ("inbox", "Every 30 seconds"),
        ("gateway", "Every minute"),
        ("up_to_date", "Every minute, of which one an hour looks"),
        ("alert", "When a run fails"),
        ("token_expiry", "Every hour"),
    ],
)
def test_a_sensor_says_what_it_does_and_when(sensor: str, sentence: str, page: Page) -> None:
    page.goto(f"{LOCATION}/sensors/{sensor}")
    expect(page.get_by_text(re.compile(sentence)).first).to_be_visible()


def test_the_job_and_its_runs_are_shown(page: Page) -> None:
    page.goto(f"{LOCATION}/jobs/daily_statement")
    expect(page.get_by_text(re.compile("Asks IBKR for the statement of the chosen days"))).to_be_visible()
    page.goto("/runs")
    # Not a backfill, whose page is another one.
    page.locator("a[href^='/runs/']:not([href^='/runs/b/'])").first.click()
    page.wait_for_url("**/runs/*-*")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()


def test_the_runs_of_the_command_line_are_on_their_jobs_page(page: Page) -> None:
    """The demo's, which `wealth pull` made: Dagster finds a job's runs by a tag that it gives its own alone."""
    page.goto(f"{LOCATION}/jobs/daily_statement/runs")
    expect(page.locator("a[href^='/runs/']:not([href^='/runs/b/'])").first).to_be_visible()
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()


def test_an_error_in_an_answer_or_in_the_page_is_noticed(browser: Browser) -> None:
    """What makes the tests above fail."""
    page = browser.new_page(base_url="http://dagster.test")
    watch = Watch(page)
    page.route("**/*", lambda route: route.fulfill(status=500 if "broken" in route.request.url else 200, body=""))
    answer = '{"data": {"assetNodeOrError": {"__typename": "PythonError", "message": "wrong"}}}'
    page.route("**/graphql", lambda route: route.fulfill(status=200, body=answer))
    page.goto("/")
    page.evaluate("fetch('/graphql').then(answer => answer.text())")
    page.evaluate("fetch('/broken').then(answer => answer.text())")
    page.evaluate("setTimeout(() => { throw new Error('thrown') }); console.error('seen')")
    page.wait_for_function("true")
    assert {error.split(":")[0] for error in watch.errors} == {"GraphQL", "500", "exception", "console"}
    page.close()


def test_the_ports_and_sockets_of_dev_on_the_sandbox_are_those_that_the_docs_name(ui: Ui) -> None:
    addresses, sockets = listening(ui.process.pid)
    assert ui.address.removeprefix("http://") in addresses
    assert Counter(address.partition(":")[0] for address in addresses) == documented(configured=False)
    assert len(sockets) == 1


def test_ctrl_c_leaves_no_process(ui: Ui) -> None:
    """The last test of this file: it ends what the others look at. It printed their runs' lines alone; none failed."""
    assert len(ui.processes()) > 3
    of_runs = re.compile(r"^[\d-]{10} [\d:]{8} \w+ \([0-9a-f]{8}\): (?!.*failed)")
    assert [line for line in ui.stop() if not of_runs.match(line)] == []
    assert ui.processes() == []
