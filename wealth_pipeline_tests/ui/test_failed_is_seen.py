"""What failed is seen in the open UI, whichever way it came: the inbox, or `wealth import` beside it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from wealth_pipeline_tests.defs.test_reported import statement
from wealth_pipeline_tests.ui.conftest import PATIENCE, Ui, Watch

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Iterator[Ui]:
    """A UI of this file's own: what fails here must not show in the others' pages."""
    served = Ui(tmp_path_factory.mktemp("failed"), demo)
    yield served
    served.stop()


@pytest.fixture
def opened(own: Ui, browser: Browser) -> Iterator[Page]:
    """A page of it that must show no error."""
    context = browser.new_context(base_url=own.address, locale="en-US", timezone_id="America/New_York")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watch = Watch(page)
    yield page
    context.close()
    assert watch.errors == []


def failed(days: int) -> re.Pattern[str]:
    return re.compile(rf"failed on {days}\b")


def test_an_import_beside_the_open_ui_and_then_an_inbox_file_turn_the_check_red(own: Ui, opened: Page) -> None:
    data = own.folder / "sandbox"
    environ = own.environ | {"WEALTH_DATA_DIR": str(data)}
    opened.goto("/assets/nav?view=checks&checkDetail=parts")
    expect(opened.get_by_text(re.compile(r"Passed on \d+ of \d+ account days")).first).to_be_visible()
    wrong = Path(own.folder / "wrong.xml")
    wrong.write_bytes(statement("90"))
    done = subprocess.run(
        own.wealth("import", str(wrong)), cwd=own.folder, env=environ, check=True, capture_output=True, text=True
    )
    assert "U1: proofs failed on 2026-11-17 (parts)." in done.stdout
    opened.reload()
    expect(opened.get_by_text(failed(1)).first).to_be_visible()

    opened.goto("/locations/wealth_pipeline/sensors/inbox")
    # Its box is drawn by another element, and lies outside of what can be clicked.
    switch = opened.get_by_role("checkbox").first
    switch.press("Space")
    expect(switch).to_be_checked()
    (data / "inbox" / "again.xml").write_bytes(statement("80").replace(b'"U1"', b'"U2"'))
    opened.goto("/assets/nav?view=checks&checkDetail=parts")
    expect(opened.get_by_text(failed(2)).first).to_be_visible()
    opened.goto("/assets/nav_history?view=checks&checkDetail=proved")
    expect(opened.get_by_text(failed(2)).first).to_be_visible()
    status = subprocess.run(
        own.wealth("status"), cwd=own.folder, env=environ, check=True, capture_output=True, text=True
    )
    assert "U2: proofs failed on 2026-11-17 (parts)." in status.stdout
