"""The Client Portal Gateway's API: is there a session, keep it alive, read accounts, balances and positions.

It only reads. It never logs in, opens or takes over a session: IBKR allows no automated login, and a loop of attempts
ends in a blocked address. One request after the other, within IBKR's limits, across processes.
"""

from __future__ import annotations

import json
import logging
import ssl
import sys
import time
from contextlib import ExitStack
from decimal import Decimal
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests
import urllib3
from requests.adapters import HTTPAdapter

from wealth_pipeline.gateway import errors
from wealth_pipeline.gateway.address import GatewayAddress
from wealth_pipeline.gateway.errors import GatewayError
from wealth_pipeline.gateway.state import GatewayState, embargoed
from wealth_pipeline.http.silence import URLLIB3, silence
from wealth_pipeline.text import inline

USER_AGENT = f"Python/{'.'.join(map(str, sys.version_info[:2]))} wealth-pipeline/{version('wealth-pipeline')}"
_LARGEST = 16 << 20  # Bytes; a page of positions has some 100,000.
_MOST_PAGES = 1000

log = logging.getLogger(__name__)

silence(*URLLIB3)  # account numbers are in the addresses

# Unverified requests go to loopback alone (GatewayAddress), and are said in our own words, once.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class _SelfSigned(HTTPAdapter):
    """Connects whoever signed the certificate and whatever name it carries; only to `fingerprint`, if there is one."""

    def __init__(self, fingerprint: str | None) -> None:
        self._fingerprint = fingerprint
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        # A context of its own, because the default one loads every public authority first, for each request anew.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        super().init_poolmanager(*args, ssl_context=context, assert_fingerprint=self._fingerprint, **kwargs)


class _NoRedirects(requests.Session):
    def get_redirect_target(self, resp: Any) -> None:
        """None: `allow_redirects=False` would still read a redirect's whole body, however slow or long."""


class GatewayClient:
    """The way to one gateway, while a `with` block has the turn to ask it.

    Args:
        address: where it is.
        state: when it was asked last, and the lock.
        patience: seconds that `with` waits for another process to end.
        timeout: seconds within which a reply has to be there, whole.

    Every method raises the errors of `gateway.errors`, and no other for what the gateway or the network does. Numbers
    come as `int` and `Decimal`, exactly as they were written.

    """

    def __init__(
        self, address: GatewayAddress, state: GatewayState, *, patience: float = 30, timeout: float = 10
    ) -> None:
        self.address = address
        self._state = state
        self._patience = patience
        self._timeout = timeout
        self._open = ExitStack()
        self._session = _NoRedirects()

    def __enter__(self) -> Self:
        fingerprint = self.address.fingerprint
        with ExitStack() as stack:
            stack.enter_context(self._state.turn(self._patience))
            self._session = stack.enter_context(_NoRedirects())
            # Not the environment's proxy: it would carry the account's data off this machine.
            self._session.trust_env = False
            self._session.headers["User-Agent"] = USER_AGENT
            # Elsewhere, and without a pin, the certificate is verified as that of any web site.
            if self.address.is_local or fingerprint:
                self._session.verify = False
                self._session.mount("https://", _SelfSigned(fingerprint))
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    def check_session(self) -> None:
        """Return if somebody is logged in; else raise NotLoggedIn, SessionTimedOut or CompetingSession."""
        self._require(self._object("POST", "/iserver/auth/status"))

    def tickle(self) -> None:
        """Keep the session alive, and raise like `check_session` if there is none.

        IBKR: a session ends after about six minutes without a request, and at midnight whatever is done.
        """
        reply = self._object("POST", "/tickle")
        told = reply.get("iserver")
        status = told.get("authStatus") if isinstance(told, dict) else None
        # `session` in this reply is a secret; only the status leaves this method.
        self._require(status if isinstance(status, dict) else self._object("POST", "/iserver/auth/status"))

    def accounts(self) -> list[dict[str, Any]]:
        """The open accounts, as IBKR describes them. Must come before any other `/portfolio` request (IBKR)."""
        rows = self._rows("/portfolio/accounts")
        # IBKR: O open; pending, abandoned, rejected and closed accounts have no balances.
        found = [row for row in rows if row.get("clearingStatus") in ("O", "", None) and self.account_id(row)]
        if not found:
            raise errors.UnexpectedReply(
                "The gateway names no open account", f"Open {self.address.login} and see which accounts this user has."
            )
        return found

    @staticmethod
    def account_id(account: dict[str, Any]) -> str:
        """The account's number, "" if the description has none."""
        return str(account.get("accountId") or account.get("id") or "")

    def ledger(self, account_id: str) -> dict[str, dict[str, Any]]:
        """The account's balances by currency, and under `BASE` their total in the base currency."""
        reply = self._object("GET", f"/portfolio/{quote(account_id, safe='')}/ledger")
        return {currency: entry for currency, entry in reply.items() if isinstance(entry, dict)}

    def positions(self, account_id: str) -> list[dict[str, Any]]:
        """All positions of the account. IBKR: pages of at most 100, until an empty one."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for page in range(_MOST_PAGES):
            rows = self._rows(f"/portfolio/{quote(account_id, safe='')}/positions/{page}")
            # A position that moved to the next page while we read is there twice, and counts once.
            new = {key: row for row in rows if (key := (str(row.get("conid")), str(row.get("model")))) not in found}
            if not new:
                return list(found.values())
            found |= new
        raise errors.UnexpectedReply(
            f"The gateway sends positions without end ({_MOST_PAGES} pages)", "Restart the gateway and log in again."
        )

    def _require(self, status: dict[str, Any]) -> None:
        if status.get("competing") is True:
            raise errors.CompetingSession(
                "Another programme (TWS, the mobile app, Client Portal) is logged in with the same IBKR user name",
                f"Log out there and log in again at {self.address.login}, or make a second user name for the gateway.",
            )
        if status.get("authenticated") is True:
            return
        raise self._timed_out() if status.get("connected") is True else self._not_logged_in()

    def _object(self, method: str, path: str) -> dict[str, Any]:
        reply = self._call(method, path)
        if not isinstance(reply, dict):
            raise self._unexpected(f"{inline(path)}: a {type(reply).__name__} where an object was expected")
        return reply

    def _rows(self, path: str) -> list[dict[str, Any]]:
        reply = self._call("GET", path)
        if reply is None:  # Some gateways end the pages with null.
            return []
        if not isinstance(reply, list) or not all(isinstance(row, dict) for row in reply):
            raise self._unexpected(f"{inline(path)}: a {type(reply).__name__} where a list of objects was expected")
        return reply

    def _call(self, method: str, path: str) -> Any:
        """One request; its JSON, or the error that its status or its text means."""
        if self.address.unproved and self._state.first_time(f"said unproved {self.address.login}"):
            log.warning(
                "The gateway's certificate at %s is self-signed and taken as it comes, which is allowed on this machine"
                " only. IBKR_GATEWAY_CERTIFICATE pins it (docs/gateway.md). This is said once.",
                self.address.login,
            )
        trouble: GatewayError | None = None
        status, body = 0, b""
        with self._state.paced(path):
            until = time.monotonic() + self._timeout
            try:
                with self._session.request(
                    method,
                    self.address.base + path,
                    timeout=(min(2, self._timeout), self._timeout),
                    stream=True,
                ) as response:
                    status = response.status_code
                    body = self._body(response, until)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                trouble = self._network_error(error)
        if status == 429:
            raise embargoed(self._state.set_embargo())
        # Raised out here, so that the library's error does not become this one's context in Dagster's event log.
        if trouble:
            raise trouble
        try:
            reply = json.loads(body, parse_float=Decimal, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            reply = body.decode("utf-8", "replace")
        refusal = self._refusal(status, reply)
        if refusal:
            raise refusal
        return reply

    def _body(self, response: requests.Response, until: float) -> bytes:
        """The reply's body, if it comes within the time and isn't absurdly long."""
        body = bytearray()
        # read1 returns what is there: read would wait for a full chunk, for hours in a slow drip.
        while chunk := response.raw.read1(1 << 16, decode_content=True):
            body += chunk
            if time.monotonic() > until or len(body) > _LARGEST:
                raise requests.Timeout
        return bytes(body)

    def _refusal(self, status: int, reply: Any) -> GatewayError | None:
        """The error that a reply means, or None. IBKR: some errors come with status 200."""
        # No other part of a reply is looked at or shown: a cut-off reply to a tickle holds the session's secret.
        told = reply.get("error") if isinstance(reply, dict) else None
        text = told if isinstance(told, str) else "" if told is None else json.dumps(told, default=str)
        lower = text.lower()
        if status == 401 or 300 <= status < 400 or "no session" in lower or "not authenticated" in lower:
            # IBKR: without a session some gateways answer with a redirect to the login page.
            return self._not_logged_in()
        if "no bridge" in lower:
            return self._timed_out()
        if status == 403:
            return errors.AccessDenied(
                f"What listens at {self.address.login} denies access (403)",
                "Put 127.0.0.1 under `ips: allow:` in the gateway's conf.yaml and restart it. On macOS, AirPlay"
                " Receiver occupies port 5000: choose another listenPort, and IBKR_GATEWAY_URL to match.",
            )
        if status >= 500:
            return errors.GatewayTrouble(
                f"The gateway answered HTTP {status}",
                "IBKR's servers may be restarting; the next look, in a minute, tries again.",
            )
        if status != 200 or text:
            return self._unexpected(f'HTTP {status}, "{inline(text)}"')
        if isinstance(reply, str):
            return self._unexpected("something that is no data (a web page, or cut off)")
        return None

    def _network_error(self, error: Exception) -> GatewayError:
        text = str(error)
        if isinstance(error, requests.exceptions.SSLError):
            if "Fingerprints did not match" in text:
                return errors.NotTrusted(
                    f"The gateway at {self.address.login} shows another certificate than the pinned one",
                    "If you did not replace it, another programme is listening there: stop it. If you did, put the new"
                    " fingerprint into IBKR_GATEWAY_CERTIFICATE (docs/gateway.md).",
                )
            if "CERTIFICATE_VERIFY_FAILED" in text:
                return errors.NotTrusted(
                    f"The certificate of the gateway at {self.address.login} could not be verified",
                    "A gateway on another machine needs one: pin it with IBKR_GATEWAY_CERTIFICATE (docs/gateway.md).",
                )
            if "EOF" not in text:  # A connection that ends in the handshake, as while the gateway starts, is below.
                return errors.NotTrusted(
                    f"What listens at {self.address.login} does not speak TLS",
                    "Set `listenSsl: true` in the gateway's conf.yaml and restart it, or check the port.",
                )
        if isinstance(error, requests.ReadTimeout) or type(error) is requests.Timeout:
            return errors.GatewayTrouble(
                f"The gateway did not answer within {self._timeout:g} s",
                "The next look, in a minute, tries again; if that lasts, restart the gateway and log in again.",
            )
        if isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in text or "refused" in text:
            return errors.NotRunning(
                f"No gateway is running at {self.address.login}",
                f"Start it (bin/run.sh root/conf.yaml) and log in at {self.address.login}, or correct"
                " IBKR_GATEWAY_URL.",
            )
        return errors.GatewayTrouble("The gateway broke off the connection", "The next look, in a minute, tries again.")

    def _not_logged_in(self) -> GatewayError:
        return errors.NotLoggedIn(
            "Nobody is logged in to the gateway", f"Open {self.address.login} in a browser on its machine and log in."
        )

    def _timed_out(self) -> GatewayError:
        return errors.SessionTimedOut(
            "The gateway's session has timed out",
            f"Open {self.address.login} in a browser on its machine and log in again.",
        )

    def _unexpected(self, got: str) -> GatewayError:
        return errors.UnexpectedReply(
            f"The gateway at {self.address.login} sent something unexpected: {got}",
            f"Open {self.address.login} in a browser: if that isn't IBKR's login page, correct IBKR_GATEWAY_URL; else"
            " log in again.",
        )
