"""Other people's pages in a real browser: what they do to Dagster's own webserver, and cannot do to the guarded UI.

Each attack is tried on both. What it does to the bare one shows that it is one; and a twin, the UI's own page that does
the same, shows that the guard hinders nobody else.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from wealth_pipeline.calendar import last_weekdays
from wealth_pipeline_tests.ui.conftest import PATIENCE, Ui
from wealth_pipeline_tests.ui.test_guard import TWINS, Ask

pytestmark = pytest.mark.ui
ROOT = Path(__file__).parent.parent.parent
SCHEDULE = (
    '{repositoryLocationName: "wealth_pipeline", repositoryName: "__repository__", scheduleName: "after_market_close"}'
)
START = f"mutation {{ startSchedule(scheduleSelector: {SCHEDULE}) {{ __typename }} }}"
STATE = f"{{ scheduleOrError(scheduleSelector: {SCHEDULE}) {{ ... on Schedule {{ scheduleState {{ status id }} }} }} }}"
#: A day whose page no other test looks at.
DAY = last_weekdays(20, datetime.now(UTC))[0]
#: Opens a websocket to the UI as its own pages do; whether it was answered.
CONNECT = """address => new Promise(done => {
    const socket = new WebSocket(address.replace('http', 'ws') + '/graphql', 'graphql-ws');
    socket.onopen = () => socket.send(JSON.stringify({type: 'connection_init'}));
    socket.onmessage = message => done(message.data.includes('connection_ack'));
    socket.onerror = socket.onclose = () => done(false);
})"""


class Foreign:
    """Somebody else's server on this machine. requests: the paths that were asked of it."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.page = ""
        foreign = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                foreign.requests.append(self.path)
                body = foreign.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the name that http.server calls

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def foreign() -> Iterator[Foreign]:
    served = Foreign()
    yield served
    served.server.shutdown()


@pytest.fixture(scope="module")
def hostile_browser() -> Iterator[Browser]:
    """A browser in which the name evil.example leads to this machine, as a rebinding name does."""
    chromium = shutil.which("chromium")
    assert chromium
    with sync_playwright() as playwright:
        rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
        opened = playwright.chromium.launch(executable_path=chromium, args=[rules])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def bare(ui: Ui) -> Iterator[str]:
    """Dagster's own webserver on the same data."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sandbox = ui.folder / "sandbox"
    command = [sys.executable, "-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(port)]
    environ = {**ui.environ, "DAGSTER_HOME": str(sandbox / "dagster"), "WEALTH_DATA_DIR": str(sandbox)}
    process = subprocess.Popen([*command, "-w", ROOT / "workspace.yaml"], cwd=ROOT, env=environ)
    address = f"http://127.0.0.1:{port}"
    while True:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{address}/server_info", timeout=60)
            break
        assert process.poll() is None
        time.sleep(0.2)
    yield address
    process.terminate()
    process.wait()


def status(address: str, ask: Ask) -> int:
    """The status that a request gets over real HTTP; 101 is an open websocket."""
    port = int(address.rpartition(":")[2])
    own = [(name, value.replace("3001", str(port + 1)).replace("3000", str(port))) for name, value in ask.headers]
    body = b"" if ask.method in ("GET", "HEAD") else b'{"query": "{ version }"}'
    if ask.kind == "websocket":
        own += [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-version", "13")]
        own += [("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="), ("sec-websocket-protocol", "graphql-ws")]
    else:
        own += [("accept", "text/html"), ("connection", "close"), ("content-length", str(len(body)))]
    target = quote(ask.path) + (f"?{ask.query}" if ask.query else "")
    lines = [f"{ask.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in own)]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return int(connection.makefile("rb").readline().split()[1])


def graphql(address: str, query: str) -> dict[str, dict[str, dict[str, str]]]:
    """Ask as a program on this machine does."""
    answer: dict[str, dict[str, dict[str, str]]] = requests.post(
        f"{address}/graphql", json={"query": query}, timeout=60
    ).json()["data"]
    return answer


def is_running(address: str) -> bool:
    return graphql(address, STATE)["scheduleOrError"]["scheduleState"]["status"] == "RUNNING"


def stop(address: str) -> None:
    state = graphql(address, STATE)["scheduleOrError"]["scheduleState"]["id"]
    graphql(address, f'mutation {{ stopRunningSchedule(id: "{state}") {{ __typename }} }}')


def image_that_changes(page: Page, address: str, foreign: Foreign) -> bool:
    """A picture whose address is a mutation."""
    foreign.page = (
        f"<img src='{address}/graphql?query={quote(START)}' onerror='document.title=1' onload='document.title=1'>"
    )
    page.goto(foreign.address)
    page.wait_for_function("document.title == 1")
    return is_running(address)


def form(page: Page, address: str, foreign: Foreign, encoding: str) -> bool:
    """A form that sends itself, as any page's may, wherever it leads."""
    foreign.page = (
        f"<form method=post enctype='{encoding}' action='{address}/graphql?query={quote(START)}'><input name=a></form>"
    )
    page.goto(foreign.address)
    with page.expect_navigation():
        page.evaluate("document.forms[0].submit()")
    return is_running(address)


def fetch(page: Page, address: str, foreign: Foreign) -> bool:
    """A request of a script, of the kind for which browsers don't ask the server first."""
    foreign.page = ""
    page.goto(foreign.address)
    target = f"{address}/graphql?query={quote(START)}"
    page.evaluate("target => fetch(target, {method: 'POST', mode: 'no-cors', body: '{}'}).catch(() => 0)", target)
    return is_running(address)


def websocket(page: Page, address: str, foreign: Foreign) -> bool:
    """A websocket, which browsers open to any server and let the page read."""
    foreign.page = ""
    page.goto(foreign.address)
    return bool(page.evaluate(CONNECT, address))


def rebinding(page: Page, address: str, foreign: Foreign) -> bool:
    """A name that leads here: to the browser the UI is then a page of that name, and its scripts may read it."""
    page.goto(address.replace("127.0.0.1", "evil.example"))
    body = {"query": START}
    page.evaluate(
        "body => fetch('/graphql', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify(body)}).catch(() => 0)",
        body,
    )
    return is_running(address)


def frame(page: Page, address: str, foreign: Foreign) -> bool:
    """The UI within a page of somebody else's, to be clicked on unseen."""
    foreign.page = f"<iframe src='{address}/server_info'></iframe>"
    page.goto(foreign.address)
    page.wait_for_load_state("networkidle")
    return any("dagster_version" in frame.content() for frame in page.frames[1:])


def image_in_a_figure(page: Page, address: str, foreign: Foreign) -> bool:
    """A picture in the Markdown of an asset's page, which tells another server who looks at what."""
    before = len(foreign.requests)
    page.goto(f"{address}/assets/transfers?view=partitions&partition={DAY}")
    image = page.get_by_alt_text("hostile")
    image.wait_for(state="attached")
    page.wait_for_function("image => image.complete", arg=image.element_handle())
    return len(foreign.requests) > before


ATTACKS: list[Callable[[Page, str, Foreign], bool]] = [
    image_that_changes,
    partial(form, encoding="text/plain"),
    partial(form, encoding="application/x-www-form-urlencoded"),
    partial(form, encoding="multipart/form-data"),
    fetch,
    websocket,
    rebinding,
    frame,
    image_in_a_figure,
]


@pytest.fixture(scope="module", autouse=True)
def hostile_event(ui: Ui, foreign: Foreign) -> None:
    """An event with an image at somebody else's server, as a program could write it that does not escape texts."""
    home = ui.folder / "sandbox" / "dagster"
    picture = dg.MetadataValue.md(f"![hostile]({foreign.address}/seen.png)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with dg.DagsterInstance.get() as instance:
            instance.report_runless_asset_event(
                dg.AssetMaterialization("transfers", partition=str(DAY), metadata={"picture": picture})
            )


@pytest.fixture
def hostile_page(hostile_browser: Browser) -> Iterator[Page]:
    context = hostile_browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def _name(attack: Callable[..., bool]) -> str:
    return f"form {attack.keywords['encoding']}" if isinstance(attack, partial) else attack.__name__


@pytest.mark.parametrize("attack", ATTACKS, ids=_name)
def test_an_attack_that_takes_dagsters_own_webserver_does_nothing_to_the_guarded_one(
    attack: Callable[[Page, str, Foreign], bool], ui: Ui, bare: str, foreign: Foreign, hostile_page: Page
) -> None:
    assert not attack(hostile_page, ui.address, foreign)
    assert not is_running(ui.address)
    assert attack(hostile_page, bare, foreign)
    stop(bare)


def test_each_request_that_the_guard_refuses_is_refused_over_http_and_its_twin_answered(ui: Ui) -> None:
    """The table of the guard's own tests. What uvicorn itself takes for malformed does not get as far."""
    wrong = []
    for name, twin, attack, refused in TWINS:
        asked, answered = status(ui.address, attack), status(ui.address, twin)
        # Dagster itself takes no HEAD of /graphql.
        if asked not in (refused, 400) or (answered in (refused, 400) and twin.method != "HEAD"):
            wrong.append(f"{name}: {asked}, its twin {answered}")
    assert wrong == []


def test_the_uis_own_page_does_what_the_others_cannot(ui: Ui, hostile_page: Page) -> None:
    hostile_page.goto(f"{ui.address}/server_info")
    assert hostile_page.evaluate(CONNECT, ui.address)
    hostile_page.evaluate(
        "query => fetch('/graphql', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({query})})",
        START,
    )
    assert is_running(ui.address)
    stop(ui.address)
