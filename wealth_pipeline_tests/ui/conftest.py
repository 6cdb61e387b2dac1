"""The Dagster UI as a person opens it: `wealth dev` on the sandbox's data, seen through a headless Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import filelock
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    FloatRect,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

#: For a machine that is slow and busy: nothing here waits for a time, only for what must appear.
PATIENCE = 180_000
#: Texts under which Dagster shows an error.
ERRORS = re.compile("PythonError|GraphQL error|Unexpected error|Something went wrong|An error occurred", re.IGNORECASE)

expect.set_options(timeout=PATIENCE)


class Ui:
    """A running `wealth dev`, on a copy of what a demo left behind. password: the UI's. settings: others.

    said: what it printed, up to the line that says where the NAV is to be seen.
    """

    def __init__(
        self, folder: Path, demo: Path, password: str | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}"
        self.environ = environment(folder) | {"WEALTH_UI_PASSWORD": password or ""} | dict(settings or {})
        shutil.copytree(demo, folder, symlinks=True, dirs_exist_ok=True)
        self.process = subprocess.Popen(
            self.wealth("dev", "--port", str(port)),
            cwd=folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.said: list[str] = []
        for line in self.process.stdout:
            self.said.append(line.strip())
            if f"{self.address}/assets/" in line:
                break

    @staticmethod
    def wealth(*words: str) -> list[str]:
        """The command, as it is installed."""
        return [sys.executable, "-m", "wealth_pipeline.cli", *words]

    def stop(self) -> list[str]:
        """Press Ctrl-C; what it still printed."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=PATIENCE / 1000)
        return [line for line in rest.splitlines() if line.strip()]

    def processes(self) -> list[str]:
        """The command lines of the processes that serve this data folder."""
        found = []
        for process in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if process.name.isdecimal() and str(self.folder).encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


def environment(folder: Path) -> dict[str, str]:
    """The environment without any setting of the developer's, on this data folder."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("IBKR_", "WEALTH_", "DAGSTER_HOME"))}
    return kept | {"WEALTH_DATA_DIR": str(folder)}


class Watch:
    """Everything that goes wrong in a page: exceptions, console errors, failed requests, errors in answers."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        page.on("console", self._console)
        page.on("response", self._response)
        page.on("requestfailed", self._request_failed)
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: self._graphql(str(frame))))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status}: {response.url}")
        elif "/graphql" in response.url:
            # A page that was left takes its answers with it.
            with contextlib.suppress(Error):
                self._graphql(response.text())

    def _request_failed(self, request: Request) -> None:
        # Leaving a page cancels its requests.
        if request.failure != "net::ERR_ABORTED":
            self.errors.append(f"{request.failure}: {request.url}")

    def _graphql(self, text: str) -> None:
        with contextlib.suppress(json.JSONDecodeError):
            answer = json.loads(text)
            failed = isinstance(answer, dict) and (answer.get("errors") or answer.get("type") == "error")
            if failed or '"__typename": "PythonError"' in json.dumps(answer):
                self.errors.append(f"GraphQL: {text[:2000]}")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which `wealth demo` was run, for each UI to copy: made once, by whichever worker comes first."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with filelock.FileLock(shared / "demo.lock"):
        if not (shared / "demo").exists():
            draft = tmp_path_factory.mktemp("demo-draft")
            command = Ui.wealth("demo")
            subprocess.run(command, cwd=draft, env=environment(draft), check=True, stdout=subprocess.DEVNULL)
            draft.rename(shared / "demo")
    return shared / "demo"


@pytest.fixture(scope="session")
def ui(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Iterator[Ui]:
    """The UI, on 30 days that were pulled through Dagster from the sandbox."""
    served = Ui(tmp_path_factory.mktemp("ui"), demo)
    yield served
    if served.process.poll() is None:
        served.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; Playwright's own is not needed."""
    chromium = shutil.which("chromium")
    assert chromium, "There is no chromium: make test-ui installs it."
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium)
        yield opened
        opened.close()


@pytest.fixture
def page(ui: Ui, browser: Browser) -> Iterator[Page]:
    """A page at the UI's address that must show no error until it is closed."""
    context = browser.new_context(
        base_url=ui.address, viewport={"width": 1280, "height": 800}, locale="en-US", timezone_id="America/New_York"
    )
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    watch = Watch(opened)
    yield opened
    shown = opened.get_by_text(ERRORS).all_inner_texts()
    context.close()
    assert watch.errors + shown == []


class Picture(Protocol):
    """Takes a picture of a page, or of a part of it, under a name."""

    def __call__(self, page: Page, name: str, clip: FloatRect | None = None) -> None: ...


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """Write a picture of the page for the docs, when pytest is called with --pictures FOLDER."""
    folder = request.config.getoption("--pictures")

    def take(page: Page, name: str, clip: FloatRect | None = None) -> None:
        if folder:
            page.mouse.move(0, 0)
            page.screenshot(path=request.config.rootpath / folder / f"{name}.png", animations="disabled", clip=clip)

    return take
