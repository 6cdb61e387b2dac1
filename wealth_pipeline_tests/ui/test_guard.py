"""The guard, request by request: each that is refused stands beside one that differs in that alone and is answered."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wealth_pipeline.errors import SettingsError
from wealth_pipeline.settings import Settings, complete_origin
from wealth_pipeline.ui.guard import Guard
from wealth_pipeline.ui.password import FREE_TRIES, LONGEST_WAIT, MOST_WAITING, SESSION_SECONDS, Password

PORT = 3000
HOST, ORIGIN = "127.0.0.1:3000", "http://127.0.0.1:3000"
PASSWORD = "grün & long"


@dataclass(frozen=True)
class Ask:
    """A request. headers: in order, several of one name allowed."""

    method: str = "POST"
    path: str = "/graphql"
    query: str = ""
    kind: str = "http"
    headers: tuple[tuple[str, str], ...] = field(
        default=(
            ("host", HOST),
            ("origin", ORIGIN),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
        )
    )

    def having(self, name: str, *values: str) -> Ask:
        """The same with these values of one header, and no others of that name."""
        rest = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=(*rest, *((name, value) for value in values)))


@dataclass
class Answer:
    """What came back. reached: whether the application behind the guard was asked."""

    reached: bool
    status: int | None
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for other, value in self.headers if other == name]


def send(guard_of: Callable[[Any], Guard], ask: Ask) -> Answer:
    """Ask the guard around an application that answers everything."""
    return asyncio.run(sending(guard_of, ask))


async def sending(guard_of: Callable[[Any], Guard], ask: Ask) -> Answer:
    reached: list[str] = []
    messages: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept", "headers": []})
            return
        own = [
            (b"content-security-policy", b"script-src 'nonce-1'"),
            (b"Referrer-Policy", b"unsafe-url"),
            (b"Access-Control-Allow-Origin", b"*"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b"answered"})

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    async def keep(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": ask.kind,
        "method": ask.method,
        "path": ask.path,
        "query_string": ask.query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in ask.headers],
        "extensions": {"websocket.http.response": {}},
    }
    await guard_of(app)(scope, receive, keep)
    start = messages[0]
    headers = [(name.decode().lower(), value.decode()) for name, value in start.get("headers", [])]
    body = b"".join(message.get("body", b"") for message in messages)
    return Answer(bool(reached), start.get("status"), headers, body)


def plain(app: Any) -> Guard:
    return Guard(app, port=PORT)


POST = Ask()
REPORT = replace(POST, path="/report_asset_materialization/attacked")
PAGE = Ask("GET", "/assets", headers=(("host", HOST),))
SOCKET = Ask("GET", kind="websocket", headers=(("host", HOST), ("origin", ORIGIN)))
CURL = Ask(headers=(("host", HOST), ("content-type", "application/json")))

#: What is answered, and what differs from it in one thing and is refused.
TWINS: list[tuple[str, Ask, Ask, int]] = [
    *(
        (f"Host {host!r}", ask, ask.having("host", *host), 403)
        for ask in (POST, PAGE, SOCKET, CURL)
        for host in (
            ["evil.example:3000"],
            ["127.0.0.1:3001"],
            ["127.0.0.1"],
            ["localhost.:3000"],
            ["127.0.0.1:3000@evil.example"],
            ["evil.example#127.0.0.1:3000"],
            ["127.1:3000"],
            ["0.0.0.0:3000"],
            ["[::]:3000"],
            ["127.0.0.1:3000, evil.example"],
            ["127.0.0.1:03000"],
            [HOST, HOST],
            [HOST, "evil.example"],
            [""],
            [],
        )
    ),
    *(
        (f"Origin {origin!r} of {ask.kind} {ask.path}", ask, ask.having("origin", *origin), 403)
        for ask in (POST, REPORT, SOCKET, replace(POST, method="OPTIONS", path="/"), replace(POST, method="DELETE"))
        for origin in (
            ["null"],
            ["http://evil.example"],
            ["https://127.0.0.1:3000"],
            ["http://127.0.0.1:3001"],
            ["http://127.0.0.1"],
            ["http://localhost:3000"],
            ["http://127.0.0.1:3000/"],
            ["http://127.0.0.1:3000.evil.example"],
            [ORIGIN, "http://evil.example"],
            ["http://evil.example", ORIGIN],
            [ORIGIN, ORIGIN],
            [""],
        )
    ),
    ("a websocket without Origin", SOCKET, SOCKET.having("origin"), 403),
    *(
        (f"Sec-Fetch-Site {site!r}", ask, ask.having("sec-fetch-site", *site), 403)
        for ask in (POST, POST.having("origin"), REPORT, SOCKET)
        for site in (["cross-site"], ["same-site"], ["same-origin", "cross-site"], ["unheard-of"], [""])
    ),
    *(
        (f"Content-Type {kind!r} of {ask.path}", ask, ask.having("content-type", *kind), 415)
        for ask in (POST, CURL, REPORT)
        for kind in (
            ["text/plain"],
            ["application/x-www-form-urlencoded"],
            ["multipart/form-data; boundary=application/json"],
            ["application/graphql"],
            ["text/plain; application/json"],
            ["application/jsonx"],
            ["application/json", "text/plain"],
            [],
        )
    ),
    *(
        (f"GET /graphql?{query}", replace(PAGE, path="/graphql"), replace(PAGE, path="/graphql", query=query), 405)
        for query in ("query={version}", "query=", "%71uery={version}", "a=1&query=x", "operationName=a&query=b")
    ),
    (
        "HEAD /graphql?query",
        replace(PAGE, path="/graphql", method="HEAD"),
        replace(PAGE, path="/graphql", method="HEAD", query="query={version}"),
        405,
    ),
    ("a line break after the path", PAGE, replace(PAGE, path="/graphql\n", query="query={version}"), 400),
    (
        "GET of a report from another page",
        replace(REPORT, method="GET"),
        replace(REPORT, method="GET").having("sec-fetch-site", "cross-site"),
        403,
    ),
    ("GET of a report as an image", replace(REPORT, method="GET"), replace(PAGE, path=REPORT.path), 415),
]


@pytest.mark.parametrize("twin, attack, status", [pytest.param(*row[1:], id=row[0]) for row in TWINS])
def test_what_differs_in_one_thing_is_refused_and_does_not_reach_dagster(twin: Ask, attack: Ask, status: int) -> None:
    assert send(plain, twin).reached
    refused = send(plain, attack)
    assert (refused.reached, refused.status) == (False, status)
    assert refused.body.endswith(b".\n") or attack.method == "HEAD"


@pytest.mark.parametrize(
    "ask",
    [
        POST.having("host", "localhost:3000").having("origin", "http://localhost:3000"),
        POST.having("host", "LOCALHOST:3000").having("origin", "http://localhost:3000"),
        POST.having("host", "[::1]:3000").having("origin", "http://[::1]:3000"),
        POST.having("sec-fetch-site", "none"),
        POST.having("sec-fetch-site"),
        POST.having("origin"),
        POST.having("content-type", "Application/JSON; charset=utf-8"),
        PAGE.having("origin", "http://evil.example"),
        PAGE.having("sec-fetch-site", "cross-site"),
        replace(PAGE, query="query=positions"),
    ],
    ids=str,
)
def test_what_the_users_own_pages_and_programs_send_is_answered(ask: Ask) -> None:
    """A page may be opened from a link in a mail; the question that a page asks is its own."""
    assert send(plain, ask).reached


def test_a_connection_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="Only http and websocket"):
        send(plain, replace(PAGE, kind="webtransport"))


@pytest.mark.parametrize("ask", [PAGE, POST, SOCKET, POST.having("host", "evil"), SOCKET.having("origin")], ids=str)
def test_every_answer_carries_the_headers_and_keeps_dagsters_own_policy(ask: Ask) -> None:
    answer = send(plain, ask)
    *own, ours = answer.all("content-security-policy")
    assert own == (["script-src 'nonce-1'"] if answer.reached and ask.kind == "http" else [])
    directives = dict(directive.split(" ", 1) for directive in ours.split("; "))
    assert directives.pop("connect-src").split()[0] == "'self'"
    assert directives == {
        "img-src": "'self' data:",
        "media-src": "'self'",
        "font-src": "'self' data:",
        "frame-src": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
    }
    assert answer.all("referrer-policy") == ["same-origin"]
    assert answer.all("x-content-type-options") == ["nosniff"]
    assert answer.all("access-control-allow-origin") == []


def test_a_websocket_that_dagster_does_not_open_is_answered_with_the_headers() -> None:
    messages: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 1000})

    async def keep(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "websocket",
        "path": "/elsewhere",
        "headers": [(name.encode(), value.encode()) for name, value in SOCKET.headers],
        "extensions": {"websocket.http.response": {}},
    }
    asyncio.run(Guard(app, port=PORT)(scope, app, keep))  # type: ignore[arg-type]
    assert messages[0]["status"] == 404
    assert (b"x-content-type-options", b"nosniff") in messages[0]["headers"]


def test_the_policy_names_no_host_that_is_not_ours() -> None:
    assert "evil" not in str(send(plain, PAGE.having("host", "evil.example:3000; script-src *")).headers)


def tunnel(app: Any) -> Guard:
    return Guard(app, port=PORT, origins=["https://wealth.example.org", "http://localhost:8080"], password=PASSWORD)


def basic(password: str, user: str = "me") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "host, origin, answered",
    [
        ("wealth.example.org", "https://wealth.example.org", True),
        ("wealth.example.org:443", "https://wealth.example.org", True),
        ("localhost:8080", "http://localhost:8080", True),
        (HOST, ORIGIN, True),
        ("wealth.example.org", "http://wealth.example.org", False),
        ("wealth.example.org", "https://wealth.example.org:8443", False),
        ("wealth.example.org:80", "https://wealth.example.org", False),
        ("wealth.example.org", ORIGIN, False),
        ("localhost:8080", "http://localhost:3000", False),
        ("www.wealth.example.org", "https://www.wealth.example.org", False),
    ],
)
def test_a_tunnel_or_proxy_is_known_by_its_whole_origin(host: str, origin: str, answered: bool) -> None:
    ask = POST.having("host", host).having("origin", origin).having("authorization", basic(PASSWORD))
    assert send(tunnel, ask).reached == answered


@pytest.mark.parametrize("name", ["x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-host"])
def test_forwarded_headers_count_for_nothing(name: str) -> None:
    ask = POST.having("host", "evil.example").having(name, f"host={HOST}" if name == "forwarded" else HOST)
    assert not send(plain, ask).reached


@pytest.mark.parametrize(
    "text, origin",
    [
        ("https://Wealth.Example.org/", "https://wealth.example.org"),
        ("https://wealth.example.org:443", "https://wealth.example.org"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[fe80::1]:8080", "http://[fe80::1]:8080"),
        ("https://vermögen.example", "https://xn--vermgen-d1a.example"),
    ],
)
def test_an_origin_is_taken_as_the_address_bar_shows_it(text: str, origin: str) -> None:
    assert complete_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    "wealth.example.org *.example.org https://*.example.org https:// https://a.example/path https://me@a.example"
    " https://a.example:0 https://a.example:99999 ftp://a.example null https://a.example?x https://a.example:".split(),
)
def test_what_is_not_a_complete_origin_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match=r"WEALTH_UI_ORIGINS has .* address bar"):
        Settings.load({"WEALTH_UI_ORIGINS": f"http://localhost:8080,{text}"})


def test_origins_without_a_password_are_refused() -> None:
    with pytest.raises(SettingsError, match="WEALTH_UI_PASSWORD is not set"):
        Guard(lambda *_: None, port=PORT, origins=["http://localhost:8080"])  # type: ignore[arg-type]


class TestPassword:
    """One password, tried in different ways. waited: what wrong tries had to wait, in seconds."""

    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        self.waited: list[float] = []

    def guard(self, app: Any) -> Guard:
        """The same password, with its tries and sessions, around each application."""
        made = Guard(app, port=PORT, password=PASSWORD)
        if not hasattr(self, "password"):
            self.password = Password(PASSWORD, PORT, clock=lambda: self.now, wait=self.wait)
        made._password = self.password
        return made

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        await asyncio.sleep(0)

    def session(self) -> str:
        (cookie,) = send(self.guard, PAGE.having("authorization", basic(PASSWORD))).all("set-cookie")
        return cookie.split(";")[0]

    def test_without_it_the_browser_asks_for_it_and_nothing_is_shown(self) -> None:
        answer = send(self.guard, PAGE)
        assert (answer.reached, answer.status) == (False, 401)
        assert answer.all("www-authenticate") == ['Basic realm="wealth_pipeline", charset="UTF-8"']

    def test_it_opens_a_session_whose_cookie_no_script_and_no_other_site_can_use(self) -> None:
        answer = send(self.guard, PAGE.having("authorization", basic(PASSWORD, user="anybody")))
        (cookie,) = answer.all("set-cookie")
        assert answer.reached
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert cookie.startswith("wealth_session_3000=")

    def test_by_https_the_cookie_is_secure(self) -> None:
        ask = PAGE.having("host", "wealth.example.org").having("authorization", basic(PASSWORD))
        assert "; Secure" in send(tunnel, ask).all("set-cookie")[0]

    @pytest.mark.parametrize("ask", [PAGE, POST, SOCKET], ids=str)
    def test_the_session_suffices_for_pages_changes_and_websockets(self, ask: Ask) -> None:
        session = self.session()
        assert send(self.guard, ask.having("cookie", f"other=1; {session}")).reached
        assert not send(self.guard, ask.having("cookie", f"{session}0")).reached
        assert not send(self.guard, ask.having("cookie", session.replace("3000", "3001"))).reached
        self.now += SESSION_SECONDS + 1
        assert not send(self.guard, ask.having("cookie", session)).reached

    def test_a_session_of_another_server_is_worth_nothing(self) -> None:
        other = Password(PASSWORD, PORT).new_cookie(secure=False).split(";")[0]
        assert not send(self.guard, PAGE.having("cookie", other)).reached

    def test_a_websocket_without_a_session_is_refused_even_with_the_password(self) -> None:
        assert send(self.guard, SOCKET.having("authorization", basic(PASSWORD))).status == 401

    def test_another_page_gains_nothing_by_the_session(self) -> None:
        ask = POST.having("cookie", self.session()).having("sec-fetch-site", "cross-site")
        assert not send(self.guard, ask).reached

    @pytest.mark.parametrize(
        "given", [[basic("wrong")], [basic("")], ["Basic !"], ["Bearer x"], ["Basic"], [basic(PASSWORD)] * 2]
    )
    def test_anything_else_is_wrong(self, given: list[str]) -> None:
        assert send(self.guard, PAGE.having("authorization", *given)).status == 401

    def test_each_wrong_try_waits_longer_than_the_one_before_up_to_a_limit_and_the_right_one_does_not(self) -> None:
        for _ in range(FREE_TRIES + 10):
            assert send(self.guard, PAGE.having("authorization", basic("wrong"))).status == 401
        assert len(self.waited) == 10
        assert self.waited == sorted(self.waited)
        assert self.waited[-1] == LONGEST_WAIT
        assert send(self.guard, PAGE.having("authorization", basic(PASSWORD))).reached
        assert len(self.waited) == 10

    def test_guessing_in_parallel_gains_nothing(self) -> None:
        async def guess() -> list[int | None]:
            asks = [PAGE.having("authorization", basic(f"{n}")) for n in range(FREE_TRIES + MOST_WAITING + 20)]
            return [a.status for a in await asyncio.gather(*(sending(self.guard, ask) for ask in asks))]

        assert asyncio.run(guess()).count(429) == 20

    def test_a_session_is_answered_while_somebody_guesses(self) -> None:
        session = self.session()
        self.password._waiting = MOST_WAITING
        assert send(self.guard, PAGE.having("cookie", session)).reached


@given(st.lists(st.tuples(st.sampled_from(["host", "origin", "cookie", "authorization"]), st.text(max_size=40))))
def test_no_header_brings_the_guard_down_or_gets_through(headers: Iterable[tuple[str, str]]) -> None:
    sane = tuple((name, value.encode("utf-8", "ignore").decode("latin-1")) for name, value in headers)
    answer = send(tunnel, replace(SOCKET, headers=sane))
    assert (answer.reached, answer.status in (401, 403)) == (False, True)
