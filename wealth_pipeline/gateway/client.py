"""The Client Portal Gateway's API: is there a session, keep it alive, read accounts, balances and positions.

It only reads. It never logs in, opens or takes over a session: IBKR allows no automated login, and a loop of attempts
ends in a blocked address. One request after the other, within IBKR's limits, across processes.
"""

from __future__ import annotations

import json
import logging
from contextlib import ExitStack
from decimal import Decimal
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from wealth_pipeline.gateway import errors
from wealth_pipeline.gateway.address import GatewayAddress
from wealth_pipeline.gateway.errors import GatewayError
from wealth_pipeline.gateway.state import GatewayState, embargoed
from wealth_pipeline.http.session import (
    Bounds,
    NotConnected,
    NotTrusted,
    Session,
    Silent,
    TooLarge,
    TooSlow,
    Unanswered,
)
from wealth_pipeline.text import inline

_LARGEST = 16 << 20  # Bytes; a page of positions has some 100,000.
_MOST_PAGES = 1000
_AGAIN = "The sensor checks again in a minute"

log = logging.getLogger(__name__)


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
        self._session: Session | None = None

    def __enter__(self) -> Self:
        pinned = self.address.fingerprint
        bounds = Bounds(
            connect=min(2, self._timeout),
            silence=self._timeout,
            headers=self._timeout,
            whole=self._timeout,
            largest=_LARGEST,
        )
        with ExitStack() as stack:
            stack.enter_context(self._state.turn(self._patience))
            session = Session(
                bounds,
                # Not the environment's proxy: it would carry the account's data off this machine.
                environment=False,
                pinned=pinned,
                # Elsewhere, and without a pin, the certificate is verified as that of any web site.
                unverified=self.address.is_local,
                clock=self._state.clock,
            )
            self._session = stack.enter_context(session)
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
        server = reply.get("iserver")
        status = server.get("authStatus") if isinstance(server, dict) else None
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
                "Another program (TWS, the mobile app, Client Portal) is logged in with the same IBKR user name",
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
        failed: GatewayError | None = None
        status, body = 0, b""
        with self._state.paced(path):
            assert self._session is not None  # within `with`
            try:
                with self._session.ask(method, self.address.base + path) as reply:
                    status = reply.status
                    body = b"".join(reply)
            except Unanswered as unanswered:
                failed = self._unanswered(unanswered)
        if status == 429:
            raise embargoed(self._state.set_embargo())
        if failed:
            raise failed
        try:
            content = json.loads(body, parse_float=Decimal, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            content = body.decode("utf-8", "replace")
        refusal = self._refusal(status, content)
        if refusal:
            raise refusal
        return content

    def _refusal(self, status: int, reply: Any) -> GatewayError | None:
        """The error that a reply means, or None. IBKR: some errors come with status 200."""
        # No other part of a reply is looked at or shown: a cut-off reply to a tickle holds the session's secret.
        error = reply.get("error") if isinstance(reply, dict) else None
        text = error if isinstance(error, str) else "" if error is None else json.dumps(error, default=str)
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
                "IBKR's servers may be restarting; the sensor checks again in a minute.",
            )
        if status != 200 or text:
            return self._unexpected(f'HTTP {status}, "{inline(text)}"')
        if isinstance(reply, str):
            return self._unexpected("something other than data (a web page, or cut off)")
        return None

    def _unanswered(self, failure: Unanswered) -> GatewayError:
        if isinstance(failure, NotTrusted):
            return self._not_trusted(failure)
        if isinstance(failure, Silent | TooSlow | TooLarge):
            return errors.GatewayTrouble(
                f"The gateway did not answer within {self._timeout:g} s",
                f"{_AGAIN}; if that lasts, restart the gateway and log in again.",
            )
        if isinstance(failure, NotConnected):
            return errors.NotRunning(
                f"No gateway is running at {self.address.login}",
                f"Start it (bin/run.sh root/conf.yaml) and log in at {self.address.login}, or correct"
                " IBKR_GATEWAY_URL.",
            )
        return errors.GatewayTrouble("The gateway broke off the connection", f"{_AGAIN}.")

    def _not_trusted(self, failure: NotTrusted) -> GatewayError:
        if failure.lacks == "pinned certificate":
            return errors.NotTrusted(
                f"The gateway at {self.address.login} shows another certificate than the pinned one",
                "If you did not replace it, another program is listening there: stop it. If you did, put the new"
                " fingerprint into IBKR_GATEWAY_CERTIFICATE (docs/gateway.md).",
            )
        if failure.lacks == "verified certificate":
            return errors.NotTrusted(
                f"The certificate of the gateway at {self.address.login} could not be verified",
                "A gateway on another machine needs one: pin it with IBKR_GATEWAY_CERTIFICATE (docs/gateway.md).",
            )
        return errors.NotTrusted(
            f"What listens at {self.address.login} does not speak TLS",
            "Set `listenSsl: true` in the gateway's conf.yaml and restart it, or check the port.",
        )

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
