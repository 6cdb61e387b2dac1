"""The Dagster UI on a statement full of hostile text: no page makes a link, an image or a request of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from wealth_pipeline_tests.flexml import MONDAY, TUESDAY, cash, file, flex, nav, position
from wealth_pipeline_tests.ui.conftest import PATIENCE

pytestmark = pytest.mark.ui
#: Evaluates all checks on what was imported.
EVALUATE_CHECKS = """
import dagster as dg
from wealth_pipeline.defs.code_location import definitions
from wealth_pipeline.defs.runs import instance
from wealth_pipeline.settings import Settings
from wealth_pipeline.warehouse.folder import DataFolder
job = dg.define_asset_job("checks_alone", selection=dg.AssetSelection.all_asset_checks())
code = dg.Definitions.merge(definitions(Settings.load()), dg.Definitions(jobs=[job]))
with instance(DataFolder(Settings.load().data_dir)) as history:
    code.resolve_job_def(job.name).execute_in_process(instance=history)
"""
#: Pages on which an account of the statement is shown.
PAGES = (
    f"/assets/nav_history?view=partitions&partition={TUESDAY}",
    "/assets/nav_history",
    "/assets/nav?view=checks&checkDetail=parts",
    "/assets/positions?view=checks&checkDetail=positions",
)


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[str, list[str]]]:
    """A foreign server: its address, and the paths that were asked of it."""
    asked: list[str] = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Note)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


def texts(foreign: str) -> list[str]:
    """Account ids and symbols that would load something from there, or lead there."""
    return [
        f"![x]({foreign}/markdown)",
        f"<img src={foreign}/html>",
        f"[a]({foreign}/link)",
        f"{foreign}/plain",
        "www.evil.example/www",
        "who@evil.example",
        f"a|![x]({foreign}/cell)|b",
        f"a\n\n![x]({foreign}/paragraph)\n\n# heading",
    ]


def statement(foreign: str) -> bytes:
    """Two days of an account for each text."""
    accounts = []
    for text in texts(foreign):
        own = {"accountId": text, "currency": text}
        for day in (MONDAY, TUESDAY):
            rows: dict[str, Any] = {
                "EquitySummaryInBase": [nav(day, "100", stock="50", **own)],
                "OpenPositions": [position(symbol=text, description=text, reportDate=day, **own)],
                "CashReport": [cash(accountId=text)],
            }
            accounts.append(flex(text, day, **rows))
    return file(*accounts)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, listener: tuple[str, list[str]]) -> Iterator[str]:
    """Where `wealth dev` serves that statement's figures."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "statement.xml").write_bytes(statement(listener[0]))
    environ = {n: v for n, v in os.environ.items() if not n.startswith(("IBKR_", "WEALTH_", "DAGSTER_HOME"))}
    environ |= {"WEALTH_DATA_DIR": str(folder / "data"), "WEALTH_HISTORY_START": "2025-01-01"}
    # Something is configured, so that it is not the sandbox that is served.
    environ |= {"IBKR_FLEX_TOKEN": "1", "IBKR_FLEX_QUERY_ID": "1", "IBKR_FLEX_URL": listener[0]}
    wealth = [sys.executable, "-m", "wealth_pipeline.cli"]
    subprocess.run([*wealth, "import", "statement.xml"], cwd=folder, env=environ, check=True)
    subprocess.run([sys.executable, "-c", EVALUATE_CHECKS], cwd=folder, env=environ, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*wealth, "dev", "--port", str(port)], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    served = f"http://127.0.0.1:{port}"
    assert any(served in line for line in process.stdout)
    yield served
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE / 1000)


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    """A page at that address."""
    opened = browser.new_page(base_url=address, locale="en-US")
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_makes_a_link_an_image_or_a_request_of_a_statement(
    path: str, page: Page, listener: tuple[str, list[str]]
) -> None:
    foreign, asked = listener
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(path)
    expect(page.get_by_text(r"www\x2eevil.example/www").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    leads = page.evaluate("[...document.querySelectorAll('a, img, form')].map(e => e.href || e.src || e.action || '')")
    host = foreign.removeprefix("http://")
    assert [url for url in [*leads, *requested] if host in url or "evil" in url or url.startswith("mailto:")] == []
    assert all(str(url).startswith("data:image/svg+xml") for url in page.evaluate(_IMAGES))
    assert page.evaluate("document.querySelectorAll('.dagster-markdown :is(h1, code, hr, li)').length") == 0
    assert asked == []


#: The images in what is rendered as Markdown.
_IMAGES = "[...document.querySelectorAll('.dagster-markdown img')].map(image => image.src)"
