"""The Flex client against every fault, over real HTTP: of a scripted server, then of the sandbox.

The scripted server sends byte for byte what it is told, because some faults (malformed headers, garbled
compression, false lengths) can't be had from a web framework. Time is injected: nobody sleeps.
"""

import gzip
import io
import logging
import socket
import struct
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex import calls, errors
from wealth_pipeline.flex.client import BASE_URL, FlexClient
from wealth_pipeline.flex.errors import MEANINGS, FlexError
from wealth_pipeline.flex.ledger import RequestLedger, Window
from wealth_pipeline.http.silence import URLLIB3, _nothing
from wealth_pipeline.http.silence import silence as silence_loggers
from wealth_pipeline.sandbox.flex.faults import MESSAGES, NAMES
from wealth_pipeline.sandbox.flex.server import Sandbox
from wealth_pipeline_tests.clocks import MovableClock

SENTINEL = "SENTINEL0TOKEN"
TOKEN = f"{SENTINEL}+4711/0815"  # with characters that are spelled otherwise in an address
SANDBOX_TOKEN = "424242424242424242424242"  # digits, as the sandbox wants it
WINDOW = Window(date(2026, 7, 1), date(2026, 7, 2))
OTHER_WINDOW = Window(date(2026, 6, 1), date(2026, 6, 2))
STATEMENT = b'<?xml version="1.0"?>\n<FlexQueryResponse queryName="x" type="AF">%s</FlexQueryResponse>\n' % (
    b"<FlexStatements/>" * 5000
)
TRANSIENT = [1001, 1004, 1005, 1006, 1007, 1008, 1009, 1018, 1019, 1021]
LASTING = sorted(set(MEANINGS) - set(TRANSIENT))

Reply = bytes | Callable[[socket.socket], None]


def http(body: bytes | str, status: int = 200, headers: str = "", length: int | None = None) -> bytes:
    """A reply; a `length` larger than the body's promises more than comes."""
    body = body.encode() if isinstance(body, str) else body
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n".encode() + body


def error(code: int, message: str = "", status: str = "Fail") -> bytes:
    return http(
        "<FlexStatementResponse timestamp='02 July, 2026 08:05 PM XYZ'>"
        f"<Status>{status}</Status><ErrorCode>{code}</ErrorCode><ErrorMessage>{message}</ErrorMessage>"
        "</FlexStatementResponse>"
    )


def referenced(code: str = "4711", url: str = "https://gdcdyn.interactivebrokers.com/legacy") -> bytes:
    return http(
        "<FlexStatementResponse timestamp='28 August, 2012 10:37 AM EDT'><Status>Success</Status>"
        f"<ReferenceCode>{code}</ReferenceCode><url>{url}</url></FlexStatementResponse>"
    )


def reset(connection: socket.socket) -> None:
    """Close with a TCP reset instead of a reply."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silence(connection: socket.socket) -> None:
    """Say nothing until the client goes."""
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    """Promise a statement, and send it a byte at a time until the client goes."""
    connection.sendall(http(STATEMENT[:80], length=len(STATEMENT)))
    connection.settimeout(0.005)
    while True:
        try:
            if not connection.recv(1):
                return
        except TimeoutError:
            connection.sendall(b" ")


@dataclass
class Seen:
    """A request as it reached the server."""

    call: str
    params: dict[str, str]
    agent: str
    at: datetime


@dataclass
class Ibkr:
    """A server that answers with `replies`, one a request, and keeps what it was asked."""

    clock: MovableClock
    replies: list[Reply] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/FlexWebService"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65536)
                line, *headers = request.decode().split("\r\n")
                address = urlsplit(line.split()[1])
                agent = next(header[12:] for header in headers if header.lower().startswith("user-agent: "))
                params = {name: value for name, [value] in parse_qs(address.query).items()}
                self.seen.append(Seen(address.path.rsplit("/")[-1], params, agent, self.clock.at))
                reply = self.replies.pop(0) if self.replies else reset
                with suppress(OSError):  # The client goes away, as it should in a drip.
                    connection.sendall(reply) if isinstance(reply, bytes) else reply(connection)

    def close(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # Linux: else accept goes on in the closed socket.
        self.socket.close()

    @property
    def calls(self) -> list[str]:
        return [seen.call for seen in self.seen]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def ibkr(clock: MovableClock) -> Iterator[Ibkr]:
    server = Ibkr(clock)
    yield server
    server.close()


@pytest.fixture
def ledger(tmp_path: Path, clock: MovableClock) -> RequestLedger:
    return RequestLedger(tmp_path / "state.sqlite", clock)


@pytest.fixture
def new_client(ibkr: Ibkr, ledger: RequestLedger, clock: MovableClock) -> Callable[..., FlexClient]:
    """Makes the client of one run."""

    def make(token: str = TOKEN, query_id: str = "42", **options: Any) -> FlexClient:
        options.setdefault("base_url", ibkr.url)
        return FlexClient("household", token, query_id, ledger, **options)

    return make


@pytest.fixture
def client(new_client: Callable[..., FlexClient]) -> FlexClient:
    return new_client()


@pytest.fixture(autouse=True)
def the_token_is_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """After every test: not in a log record of any level and library, not in a file, not printed."""
    caplog.set_level(logging.DEBUG)
    yield
    written = [logging.Formatter().format(record) for record in caplog.get_records("call")]
    written += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    written += capfd.readouterr()
    assert not [text for text in written if SENTINEL in text or SANDBOX_TOKEN in text]


def failure(act: Callable[..., object], *arguments: object) -> FlexError:
    """The FlexError that `act` raises, after a search for the token in everything that hangs on it."""
    with pytest.raises(FlexError) as caught:
        act(*arguments)
    chain: list[BaseException | None] = [caught.value]
    while (link := chain.pop()) is not None:
        text = "".join(traceback.format_exception(link)) + repr(link) + repr(vars(link))
        assert SENTINEL not in text
        assert SANDBOX_TOKEN not in text
        chain += [link.__cause__] if link.__cause__ else [link.__context__]
        assert link.__context__ is None or isinstance(link.__context__, FlexError)
    assert "\n" not in str(caught.value)
    assert caught.value.connection == "household"
    return caught.value


def outcome(ledger: RequestLedger) -> str:
    return ledger.all()[-1].outcome


def fetch(client: FlexClient, into: io.BytesIO | None = None) -> int:
    return client.get_statement(client.send_request(WINDOW), into or io.BytesIO())


def test_a_statement_comes_in_two_calls_with_the_parameters_of_version_3(
    client: FlexClient, ibkr: Ibkr, ledger: RequestLedger
) -> None:
    ibkr.replies = [referenced(), http(STATEMENT)]
    into = io.BytesIO()
    assert fetch(client, into) == len(STATEMENT)
    assert into.getvalue() == STATEMENT
    ask, poll = ibkr.seen
    assert (ask.call, poll.call) == ("SendRequest", "GetStatement")
    assert ask.params == {"t": TOKEN, "v": "3", "q": "42", "fd": "20260701", "td": "20260702"}
    assert poll.params == {"t": TOKEN, "v": "3", "q": "4711"}
    assert ask.agent == poll.agent
    assert ask.agent.startswith("Python/3.")
    assert "wealth-pipeline/" in ask.agent
    # The caller closes the request, once the statement is safe in the archive.
    assert outcome(ledger) == "pending"


def test_the_ledger_has_the_request_before_it_goes_out(client: FlexClient, ibkr: Ibkr, ledger: RequestLedger) -> None:
    def look(connection: socket.socket) -> None:
        rows.extend(ledger.all())
        connection.sendall(referenced())

    rows: list[Any] = []
    ibkr.replies = [look]
    assert client.send_request(WINDOW) == "4711"
    assert [(row.outcome, row.reference_code) for row in rows] == [("sent", None)]


def test_a_statement_is_taken_up_by_a_later_run_from_the_ledger(
    new_client: Callable[..., FlexClient], ibkr: Ibkr, ledger: RequestLedger
) -> None:
    ibkr.replies = [referenced(), http(STATEMENT)]
    new_client().send_request(WINDOW)
    pending = ledger.pending("household", WINDOW)
    assert pending
    assert pending.reference_code
    assert new_client().get_statement(pending.reference_code, io.BytesIO()) == len(STATEMENT)
    assert ibkr.calls == ["SendRequest", "GetStatement"]


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_each_code_on_sendrequest_ends_the_asking_with_a_sentence_to_act_on(
    code: int, new_client: Callable[..., FlexClient], ibkr: Ibkr, ledger: RequestLedger
) -> None:
    client = new_client()
    ibkr.replies = [error(code, "Some words.", status="Warn")]
    raised = failure(client.send_request, WINDOW)
    assert type(raised) is MEANINGS[code].error
    assert raised.code == code
    assert f'"household", 2026-07-01 to 2026-07-02: IBKR answered "Some words." (code {code})' in str(raised)
    assert str(raised).endswith(MEANINGS[code].advice)
    assert ibkr.calls == ["SendRequest"]
    assert outcome(ledger) == ("unavailable" if code == 1003 else "failed")
    if code != 1003:
        failure(client.send_request, OTHER_WINDOW)
        assert ibkr.calls == ["SendRequest"], "no second request in the same run"
    if code not in (1018, 1025):
        ibkr.replies = [referenced()]
        assert new_client().send_request(WINDOW) == "4711", "the next run may ask again"


@pytest.mark.parametrize("code", TRANSIENT)
def test_each_passing_code_on_getstatement_is_answered_by_polling_the_same_reference(
    code: int, client: FlexClient, ibkr: Ibkr
) -> None:
    ibkr.replies = [referenced(), error(code), error(code), http(STATEMENT)]
    into = io.BytesIO()
    fetch(client, into)
    assert into.getvalue() == STATEMENT
    assert ibkr.calls == ["SendRequest", *["GetStatement"] * 3]
    assert {seen.params["q"] for seen in ibkr.seen[1:]} == {"4711"}
    pause = min(later.at - earlier.at for earlier, later in pairwise(ibkr.seen[1:]))
    assert pause >= timedelta(seconds=60 if code == 1018 else 3)


@pytest.mark.parametrize("code", LASTING)
def test_each_lasting_code_on_getstatement_ends_the_polling_at_once(
    code: int, client: FlexClient, ibkr: Ibkr, ledger: RequestLedger
) -> None:
    ibkr.replies = [referenced(), error(code)]
    raised = failure(fetch, client)
    assert type(raised) is MEANINGS[code].error
    assert MEANINGS[code].wording in str(raised), "IBKR's wording where the reply has none"
    assert ibkr.calls == ["SendRequest", "GetStatement"]
    assert ledger.pending("household", WINDOW) is None
    assert ledger.all()[-1].message == raised.what


PASSING_FAULTS: dict[str, tuple[Reply, type[FlexError], str]] = {
    "a web page": (
        http("<!DOCTYPE html><html><meta><p>Maintenance"),
        errors.UnexpectedReply,
        "other than a Flex reply",
    ),
    "a page that echoes the address": (http(f"<html>{TOKEN}"), errors.UnexpectedReply, "other than a Flex reply"),
    "plain text of version 2": (
        http("Statement generation in progress"),
        errors.UnexpectedReply,
        "other than a Flex reply",
    ),
    "a code of version 2": (
        http("<FlexStatementResponse><code>1019</code></FlexStatementResponse>"),
        errors.UnexpectedReply,
        "version 2, code 1019",
    ),
    "nothing": (http(""), errors.UnexpectedReply, "other than a Flex reply"),
    "an entity bomb": (
        http('<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'),
        errors.UnexpectedReply,
        "other than a Flex reply",
    ),
    "an error reply cut off": (
        http("<FlexStatementResponse><Sta"),
        errors.UnexpectedReply,
        "other than a Flex reply",
    ),
    "a body shorter than promised": (
        http(STATEMENT[:40000], length=len(STATEMENT)),
        errors.ServiceUnreachable,
        "broke off the connection",
    ),
    "a head shorter than promised": (
        http(STATEMENT[:100], length=len(STATEMENT)),
        errors.ServiceUnreachable,
        "broke off the connection",
    ),
    "garbled compression": (
        http(b"garbage", headers="Content-Encoding: gzip\r\n"),
        errors.ServiceUnreachable,
        "broke off the connection",
    ),
    "a reset": (reset, errors.ServiceUnreachable, "broke off the connection"),
    "silence": (silence, errors.ServiceUnreachable, "did not answer for 0.1 seconds"),
    "an error 500": (
        http("<html>We are sorry, our services are temporarily unavailable", 500),
        errors.ServiceUnreachable,
        "answered HTTP 500",
    ),
    "an error 503": (http("", 503), errors.ServiceUnreachable, "answered HTTP 503"),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TIMEOUTS", (1.0, 0.1))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", PASSING_FAULTS)
def test_after_a_reference_code_a_passing_fault_is_polled_away(name: str, client: FlexClient, ibkr: Ibkr) -> None:
    fault = PASSING_FAULTS[name][0]
    ibkr.replies = [referenced(), fault, fault, http(STATEMENT)]
    into = io.BytesIO()
    assert fetch(client, into) == len(STATEMENT)
    assert into.getvalue() == STATEMENT, "nothing is left of what came before"
    assert ibkr.calls == ["SendRequest", *["GetStatement"] * 3]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", PASSING_FAULTS)
def test_on_sendrequest_the_same_fault_is_never_answered_by_a_second_request(
    name: str, client: FlexClient, ibkr: Ibkr, ledger: RequestLedger
) -> None:
    fault, kind, words = PASSING_FAULTS[name]
    ibkr.replies = [fault]
    raised = failure(client.send_request, WINDOW)
    assert type(raised) is kind
    assert words in str(raised)
    assert str(raised) != raised.what, "says what to do"
    failure(client.send_request, WINDOW)
    assert ibkr.calls == ["SendRequest"]
    assert outcome(ledger) == "failed"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", PASSING_FAULTS)
def test_a_fault_that_lasts_until_the_deadline_leaves_the_request_to_be_taken_up_again(
    name: str, new_client: Callable[..., FlexClient], ibkr: Ibkr, ledger: RequestLedger, clock: MovableClock
) -> None:
    fault, kind, words = PASSING_FAULTS[name]
    ibkr.replies = [referenced(), *[fault] * 9]
    began = clock.at
    into = io.BytesIO()
    raised = failure(fetch, new_client(deadline=timedelta(minutes=2)), into)
    assert type(raised) is kind
    assert words in str(raised)
    assert "polls in 2 minutes" in str(raised)
    assert clock.at - began <= timedelta(minutes=2, seconds=10)
    assert set(ibkr.calls[1:]) == {"GetStatement"}
    assert into.getvalue() == b""
    pending = ledger.pending("household", WINDOW)
    assert pending
    assert pending.message == raised.what


def test_a_statement_cut_off_at_the_very_end_is_polled_again(client: FlexClient, ibkr: Ibkr) -> None:
    ibkr.replies = [referenced(), http(STATEMENT[:-10]), http(STATEMENT)]
    into = io.BytesIO()
    fetch(client, into)
    assert into.getvalue() == STATEMENT


def test_a_slow_drip_is_given_up_although_bytes_keep_coming(
    client: FlexClient, ibkr: Ibkr, clock: MovableClock
) -> None:
    ibkr.replies = [referenced(), drip, http(STATEMENT)]
    reference_code = client.send_request(WINDOW)
    clock.tick = timedelta(seconds=1)
    into = io.BytesIO()
    client.get_statement(reference_code, into)
    assert into.getvalue() == STATEMENT
    assert ibkr.calls == ["SendRequest", "GetStatement", "GetStatement"]


def drip_headers(connection: socket.socket) -> None:
    """Send the headers of a reply a byte at a time, for ever, until the client goes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    connection.settimeout(0.005)
    while True:
        try:
            if not connection.recv(1):
                return
        except TimeoutError:
            connection.sendall(b"x")


def test_headers_that_drip_are_given_up_although_bytes_keep_coming(
    client: FlexClient, ibkr: Ibkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No read ever times out, and no body begins whose pace could be seen."""
    monkeypatch.setattr(calls, "HEADERS_WITHIN", 0.2)
    ibkr.replies = [drip_headers]
    assert "too slowly" in str(failure(client.send_request, WINDOW))
    assert ibkr.calls == ["SendRequest"]


def test_a_slow_drip_on_sendrequest_is_given_up_too(client: FlexClient, ibkr: Ibkr, clock: MovableClock) -> None:
    ibkr.replies = [drip]
    clock.tick = timedelta(seconds=1)
    assert "too slowly" in str(failure(client.send_request, WINDOW))
    assert ibkr.calls == ["SendRequest"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (http("<html>", 404), "answered HTTP 404"),
        (http("", 403), "answered HTTP 403"),
        (http("", 302, "Location: http://127.0.0.1:1/elsewhere\r\n"), "a redirect, which is not followed"),
    ],
)
def test_a_wrong_address_is_not_polled_but_its_reference_code_is_kept(
    reply: bytes, words: str, client: FlexClient, ibkr: Ibkr, ledger: RequestLedger
) -> None:
    ibkr.replies = [referenced(), reply]
    raised = failure(fetch, client)
    assert type(raised) is errors.ServiceUnreachable
    assert words in str(raised)
    assert ibkr.calls == ["SendRequest", "GetStatement"]
    assert ledger.pending("household", WINDOW)


def test_the_token_goes_neither_after_a_redirect_nor_to_the_url_of_the_reply(
    new_client: Callable[..., FlexClient], ibkr: Ibkr, clock: MovableClock
) -> None:
    elsewhere = Ibkr(clock)
    redirect = http("", 302, f"Location: {elsewhere.url}?t={quote(TOKEN)}\r\n")
    ibkr.replies = [redirect, referenced(url=f"{elsewhere.url}/GetStatement"), redirect]
    failure(new_client().send_request, WINDOW)
    failure(fetch, new_client())
    elsewhere.close()
    assert ibkr.calls == ["SendRequest", "SendRequest", "GetStatement"]
    assert elsewhere.seen == []


def test_a_proxy_of_the_environment_never_sees_an_unencrypted_request(
    client: FlexClient, ibkr: Ibkr, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Ibkr(clock)
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    ibkr.replies = [referenced()]
    client.send_request(WINDOW)
    proxy.close()
    assert proxy.seen == []


def test_an_address_that_would_send_the_token_unencrypted_is_refused(
    new_client: Callable[..., FlexClient],
) -> None:
    with pytest.raises(WealthError, match="not https"):
        new_client(base_url=BASE_URL.replace("https", "http"))
    new_client(base_url=BASE_URL)


def test_tags_may_be_written_in_any_case(client: FlexClient, ibkr: Ibkr) -> None:
    ibkr.replies = [
        http("<FLEXSTATEMENTRESPONSE><referencecode>1</referencecode></FLEXSTATEMENTRESPONSE>"),
        http("<flexstatementresponse><errorCODE> 1019 </errorCODE></flexstatementresponse>"),
        http(STATEMENT),
    ]
    assert fetch(client) == len(STATEMENT)


def test_the_code_decides_whatever_the_status_says(client: FlexClient, ibkr: Ibkr) -> None:
    ibkr.replies = [error(1012, status="Success")]
    assert type(failure(client.send_request, WINDOW)) is errors.TokenExpired


@pytest.mark.parametrize(
    "prologue",
    [
        b"\xef\xbb\xbf",
        b"\n  \n",
        b"\xef\xbb\xbf\n",
        b"",
    ],
)
def test_a_statement_is_known_by_its_root_whatever_stands_before_it(
    prologue: bytes, client: FlexClient, ibkr: Ibkr
) -> None:
    statement = prologue + STATEMENT.replace(b"?>", b"?><!-- <html> --><?xml-stylesheet href='x'?>", 1)
    ibkr.replies = [referenced(), http(statement)]
    into = io.BytesIO()
    fetch(client, into)
    assert into.getvalue() == statement


def test_a_compressed_statement_arrives_unpacked(client: FlexClient, ibkr: Ibkr) -> None:
    ibkr.replies = [referenced(), http(gzip.compress(STATEMENT), headers="Content-Encoding: gzip\r\n")]
    into = io.BytesIO()
    assert fetch(client, into) == len(STATEMENT)
    assert into.getvalue() == STATEMENT


def test_a_reply_above_the_limit_is_refused_without_being_kept(
    new_client: Callable[..., FlexClient], ibkr: Ibkr, ledger: RequestLedger
) -> None:
    packed = http(gzip.compress(STATEMENT), headers="Content-Encoding: gzip\r\n")
    ibkr.replies = [referenced(), packed]
    into = io.BytesIO()
    raised = failure(fetch, new_client(max_bytes=len(STATEMENT) - 1), into)
    assert type(raised) is errors.ReplyTooLarge
    assert "Ask for fewer days" in str(raised)
    assert into.getvalue() == b""
    assert ibkr.calls == ["SendRequest", "GetStatement"]
    assert outcome(ledger) == "failed"


def test_a_code_nobody_has_described_is_not_polled_away(client: FlexClient, ibkr: Ibkr, ledger: RequestLedger) -> None:
    ibkr.replies = [referenced(), error(1099, f"Weird {TOKEN} and {quote(TOKEN, safe='')}")]
    raised = failure(fetch, client)
    assert type(raised) is errors.UnexpectedReply
    assert '"Weird *** and ***" (code 1099)' in str(raised)
    assert ibkr.calls == ["SendRequest", "GetStatement"]
    assert outcome(ledger) == "failed"


def test_a_message_that_echoes_the_token_is_shown_without_it(
    client: FlexClient, ibkr: Ibkr, ledger: RequestLedger
) -> None:
    ibkr.replies = [error(1015, f"Token {TOKEN} is\ninvalid.")]
    assert '"Token *** is invalid."' in str(failure(client.send_request, WINDOW))


def test_a_reply_without_a_reference_code_is_unexpected(client: FlexClient, ibkr: Ibkr) -> None:
    ibkr.replies = [http("<FlexStatementResponse><Status>Success</Status></FlexStatementResponse>")]
    assert "without a reference code" in str(failure(client.send_request, WINDOW))


def test_malformed_headers_that_echo_the_address_are_in_no_log(client: FlexClient, ibkr: Ibkr) -> None:
    """urllib3 warns of them with the request's address and the bytes of the reply, also to handlers of its own."""
    malformed = f"HTTP/1.1 200 X\r\nno header\r\n bad: /SendRequest?t={TOKEN}\r\nx\r\n".encode()
    ibkr.replies = [referenced().replace(b"HTTP/1.1 200 X\r\n", malformed)]
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    loggers = [logging.getLogger(name) for name in ("urllib3", "urllib3.connection", "urllib3.connectionpool")]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    try:
        client.send_request(WINDOW)
        silent = log.getvalue()
        for logger in loggers:
            logger.removeFilter(_nothing)
        ibkr.replies = [referenced().replace(b"HTTP/1.1 200 X\r\n", b"HTTP/1.1 200 X\r\nno header\r\n")]
        requests.get(ibkr.url, headers={"User-Agent": "twin"}, timeout=5)
    finally:
        silence_loggers(*URLLIB3)
        for logger in loggers:
            logger.setLevel(logging.NOTSET)
            logger.removeHandler(handler)
    assert silent == ""
    assert "Failed to parse headers" in log.getvalue()


def test_every_logger_of_urllib3_is_silent() -> None:
    loggers = {name for name in logging.root.manager.loggerDict if name.startswith("urllib3.")}
    speaking = {name for name in loggers if not logging.getLogger(name).filters}
    assert "urllib3.connection" in loggers
    assert speaking <= {"urllib3.util", "urllib3.contrib", "urllib3.http2"}  # packages, in which nothing logs


def test_a_connection_that_never_came_about_is_tried_four_times_and_may_be_tried_again(
    new_client: Callable[..., FlexClient], ibkr: Ibkr, ledger: RequestLedger, clock: MovableClock
) -> None:
    ibkr.close()
    client, began = new_client(), clock.at
    raised = failure(client.send_request, WINDOW)
    assert type(raised) is errors.NotConnected
    assert "the request was not sent" in str(raised)
    assert timedelta(seconds=10) < clock.at - began < timedelta(minutes=1)
    assert len(ledger.all()) == 1
    assert type(failure(client.send_request, WINDOW)) is errors.NotConnected


def test_a_host_that_has_no_address_is_named(new_client: Callable[..., FlexClient]) -> None:
    raised = failure(new_client(base_url="https://flex.invalid/x").send_request, WINDOW)
    assert type(raised) is errors.NotConnected
    assert "no connection to flex.invalid" in str(raised)


def test_a_failed_connection_between_polls_is_polled_away(
    client: FlexClient, ibkr: Ibkr, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ibkr.replies = [referenced(), http(STATEMENT)]
    reference_code = client.send_request(WINDOW)
    address = client._calls.base_url
    client._calls.base_url = "http://127.0.0.1:1"
    sleep = clock.sleep

    def wake(seconds: float) -> None:
        sleep(seconds)
        if clock.at > datetime(2026, 7, 3, 10, 0, 30, tzinfo=UTC):
            client._calls.base_url = address

    monkeypatch.setattr(clock, "sleep", wake)
    assert client.get_statement(reference_code, io.BytesIO()) == len(STATEMENT)


def test_a_statement_never_made_ends_at_the_deadline_and_says_what_happens_next(
    client: FlexClient, ibkr: Ibkr, ledger: RequestLedger, clock: MovableClock
) -> None:
    ibkr.replies = [referenced(), *[error(1019, status="Warn")] * 100]
    raised = failure(fetch, client)
    assert type(raised) is errors.StillGenerating
    assert "polls in 15 minutes. Nothing to do: the next run goes on waiting" in str(raised)
    assert ibkr.calls.count("SendRequest") == 1
    assert 40 < len(ibkr.calls) < 55
    times = [seen.at for seen in ibkr.seen]
    assert min(later - earlier for earlier, later in pairwise(times)) >= timedelta(seconds=1)
    assert min(b - a for a, b in zip(times, times[10:], strict=False)) >= timedelta(minutes=1)
    assert ledger.pending("household", WINDOW)


def test_runs_that_follow_one_another_keep_the_limits_together(
    new_client: Callable[..., FlexClient], ibkr: Ibkr
) -> None:
    ibkr.replies = [reply for _ in range(12) for reply in (referenced(), http(STATEMENT))]
    for _ in range(12):
        fetch(new_client())
    times = [seen.at for seen in ibkr.seen]
    assert len(times) == 24
    assert min(later - earlier for earlier, later in pairwise(times)) >= timedelta(seconds=1)
    assert min(b - a for a, b in zip(times, times[10:], strict=False)) >= timedelta(minutes=1)


@pytest.mark.parametrize(("code", "hours"), [(1018, 2 / 60), (1025, 24)])
def test_an_embargo_holds_every_later_run_back_until_it_ends(
    code: int,
    hours: float,
    new_client: Callable[..., FlexClient],
    ibkr: Ibkr,
    ledger: RequestLedger,
    clock: MovableClock,
) -> None:
    ibkr.replies = [referenced(), error(code, status="Warn")]
    reference_code = new_client().send_request(WINDOW)
    failure(new_client().send_request, OTHER_WINDOW)
    until = clock.at + timedelta(hours=hours)

    raised = failure(new_client().send_request, WINDOW)
    assert isinstance(raised, errors.Embargoed)
    assert (raised.until, raised.code) == (until, code)
    assert f"no request before {until:%Y-%m-%d %H:%M} UTC" in str(raised)
    assert isinstance(failure(new_client().get_statement, reference_code, io.BytesIO()), errors.Embargoed)
    assert ibkr.calls == ["SendRequest"] * 2
    assert len(ledger.all()) == 2, "what isn't sent isn't on record"
    assert ledger.pending("household", WINDOW), "what was under way may be taken up again"

    ibkr.replies = [referenced("1"), referenced("2")]
    new_client(token="another").send_request(WINDOW)
    clock.at = until
    new_client().send_request(WINDOW)


def test_a_lockout_while_polling_is_kept_too(
    new_client: Callable[..., FlexClient], ibkr: Ibkr, clock: MovableClock
) -> None:
    ibkr.replies = [referenced(), error(1025, status="Warn")]
    assert type(failure(fetch, new_client())) is errors.LockedOut
    raised = failure(new_client().send_request, WINDOW)
    assert isinstance(raised, errors.Embargoed)
    assert raised.until == clock.at + timedelta(hours=24)


def test_throttling_until_the_deadline_holds_the_next_run_back(
    new_client: Callable[..., FlexClient], ibkr: Ibkr, clock: MovableClock
) -> None:
    ibkr.replies = [referenced(), *[error(1018)] * 20]
    assert type(failure(fetch, new_client(deadline=timedelta(minutes=3)))) is errors.Throttled
    raised = failure(new_client().send_request, OTHER_WINDOW)
    assert isinstance(raised, errors.Embargoed)
    assert raised.until == clock.at + timedelta(minutes=2)


def test_throttling_again_and_again_makes_the_embargo_longer_until_a_request_succeeds(
    new_client: Callable[..., FlexClient], ibkr: Ibkr, ledger: RequestLedger, clock: MovableClock
) -> None:
    client = new_client()
    for minutes in (2, 10, 60, 60):
        ibkr.replies = [error(1018)]
        failure(new_client().send_request, WINDOW)
        embargo = ledger.embargo(client.key)
        assert embargo
        assert embargo.until - clock.at == timedelta(minutes=minutes)
        clock.at = embargo.until
    ibkr.replies = [referenced(), error(1018)]
    new_client().send_request(WINDOW)
    failure(new_client().send_request, WINDOW)
    embargo = ledger.embargo(client.key)
    assert embargo
    assert embargo.until - clock.at == timedelta(minutes=2)


def test_a_client_can_be_printed_without_its_token(client: FlexClient) -> None:
    assert SENTINEL not in repr(client) + str(client)


def test_every_error_leads_to_one_of_three_things_a_person_can_do() -> None:
    groups = (errors.ActionNeeded, errors.TryLater, errors.HandsOff)
    for meaning in MEANINGS.values():
        assert sum(issubclass(meaning.error, group) for group in groups) == 1
        assert meaning.advice.endswith((".", ")"))
    assert set(MEANINGS) == {1001, *range(1003, 1022), 1025}, "IBKR: there is no 1002"


def test_the_guides_troubleshooting_is_in_the_advice() -> None:
    assert "Ensure that the full token was copied, without spaces" in MEANINGS[1015].advice
    assert "Generate a new token" in MEANINGS[1012].advice
    assert "Verify the Query ID" in MEANINGS[1014].advice
    assert "Activity Flex Query, not a Trade Confirmation" in MEANINGS[1014].advice


# The same over the sandbox, which keeps IBKR's limits and lockouts by itself.

ENDS_THE_ASKING = {
    **{code: MEANINGS[int(code)].error for code in MESSAGES if int(code) in MEANINGS},
    **dict.fromkeys(["1099", "html", "version-2"], errors.UnexpectedReply),
    **dict.fromkeys(["http-404", "http-500", "http-503", "reset", "hang"], errors.ServiceUnreachable),
    "expired": errors.TokenExpired,
    "lockout": errors.LockedOut,
}
ENDS_THE_POLLING = {
    **{str(code): MEANINGS[code].error for code in LASTING},
    "1099": errors.UnexpectedReply,
    "http-404": errors.ServiceUnreachable,
    "huge": errors.ReplyTooLarge,
    "expired": errors.TokenExpired,
    "lockout": errors.LockedOut,
}
POLLED_AWAY = {*map(str, TRANSIENT), "http-500", "http-503", "html", "version-2", "truncated"}
POLLED_AWAY |= {"reset", "reset-body", "hang", "drip"}
HARMLESS = {"ok", "url", "lowercase"}
IN_THE_STATEMENT = {"short", "late", "restated", "unready"}  # for whoever reads it


@pytest.fixture
def sandbox(clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    # Short for `hang`, and long for a busy machine that renders a statement.
    monkeypatch.setattr(calls, "TIMEOUTS", (5.0, 1.0))
    first_day = date(2026, 6, 1)
    with Sandbox(first_day=first_day, now=lambda: clock.at, clock=clock.seconds, token=SANDBOX_TOKEN) as server:
        server.service.faults.huge_bytes = 10_000_000
        server.service.faults.drip_seconds = 0.001
        yield server


@pytest.fixture
def run(sandbox: Sandbox, new_client: Callable[..., FlexClient]) -> Callable[[], bytes]:
    """One run against the sandbox: returns the statement."""

    def fetch_it() -> bytes:
        into = io.BytesIO()
        client = new_client(SANDBOX_TOKEN, sandbox.query_id, base_url=sandbox.flex_url, max_bytes=5_000_000)
        try:
            fetch(client, into)
        except FlexError:
            assert into.getvalue() == b""
            raise
        return into.getvalue()

    return fetch_it


def answers(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(request.path, request.answer) for request in sandbox.service.requests]


def test_every_fault_of_the_sandbox_is_in_one_of_these_tables() -> None:
    tables = (ENDS_THE_ASKING, ENDS_THE_POLLING, POLLED_AWAY, HARMLESS, IN_THE_STATEMENT)
    assert set().union(*tables) == set(NAMES)


@pytest.mark.parametrize("fault", sorted(ENDS_THE_ASKING))
def test_a_fault_of_the_sandbox_on_sendrequest_costs_one_request(
    fault: str, sandbox: Sandbox, run: Callable[[], bytes], ledger: RequestLedger
) -> None:
    sandbox.service.faults.script(fault, call="SendRequest")
    assert type(failure(run)) is ENDS_THE_ASKING[fault]
    assert [request.path for request in sandbox.service.requests] == ["SendRequest"]
    assert outcome(ledger) == ("unavailable" if fault == "1003" else "failed")


@pytest.mark.parametrize("fault", sorted(ENDS_THE_POLLING))
def test_a_lasting_fault_of_the_sandbox_on_getstatement_costs_one_poll(
    fault: str, sandbox: Sandbox, run: Callable[[], bytes]
) -> None:
    faults = sandbox.service.faults
    faults.script("ok", call="GetStatement")  # 1019, as the first poll always is
    faults.script(fault, call="GetStatement")
    assert type(failure(run)) is ENDS_THE_POLLING[fault]
    assert [request.path for request in sandbox.service.requests] == ["SendRequest", *["GetStatement"] * 2]


@pytest.mark.parametrize("fault", sorted(POLLED_AWAY | HARMLESS))
def test_a_passing_fault_of_the_sandbox_on_getstatement_is_polled_away(
    fault: str, sandbox: Sandbox, run: Callable[[], bytes], clock: MovableClock
) -> None:
    sandbox.service.faults.script(fault, 3, call="GetStatement")
    clock.tick = timedelta(seconds=fault == "drip")
    statement = run()
    assert statement.startswith(b"<")
    assert b"<FlexQueryResponse" in statement
    paths = [request.path for request in sandbox.service.requests]
    assert paths.count("SendRequest") == 1
    assert len({request.parameters["q"] for request in sandbox.service.requests[1:]}) == 1
    assert "1018" not in {answer for _, answer in answers(sandbox)} - {fault}, "its limits were kept"


@pytest.mark.parametrize("fault", sorted(HARMLESS))
def test_a_harmless_oddity_of_the_sandbox_on_sendrequest_changes_nothing(
    fault: str, sandbox: Sandbox, run: Callable[[], bytes]
) -> None:
    sandbox.service.faults.script(fault, call="SendRequest")
    assert b"<FlexQueryResponse" in run()
    assert [path for path, _ in answers(sandbox)] == ["SendRequest", "GetStatement", "GetStatement"]


def test_a_lockout_of_the_sandbox_ends_because_it_is_left_alone(
    sandbox: Sandbox, run: Callable[[], bytes], clock: MovableClock
) -> None:
    sandbox.service.faults.script("lockout")
    assert type(failure(run)) is errors.LockedOut
    for _ in range(23):
        clock.sleep(3600)
        assert type(failure(run)) is errors.Embargoed
    clock.sleep(3600)
    assert b"<FlexQueryResponse" in run()


def test_run_after_run_against_the_sandbox_meets_none_of_its_limits(sandbox: Sandbox, run: Callable[[], bytes]) -> None:
    for _ in range(8):
        run()
    assert {answer for _, answer in answers(sandbox)} == {"reference", "1019", "statement"}
