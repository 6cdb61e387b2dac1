"""The Flex Web Service, version 3: SendRequest, then GetStatement with the reference code until it comes.

The service punishes impatience: a second SendRequest after a 1001 ends in 1025, a lockout of a day or more.
So a request is sent once, and only its reference code is polled.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import chain, repeat
from typing import BinaryIO

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from wealth_pipeline.flex import errors
from wealth_pipeline.flex.calls import FlexCalls
from wealth_pipeline.flex.errors import FlexError
from wealth_pipeline.flex.ledger import FlexRequest, RequestLedger, Window
from wealth_pipeline.flex.state import Outcome

__all__ = ["BASE_URL", "FlexClient", "Window"]

BASE_URL = "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService"

#: Seconds before each poll; the last repeats.
PAUSES = (2, 3, 5, 8, 13, 20)
#: Seconds before the next poll after a 1018, at least.
THROTTLED_PAUSE = 60
#: After a 1018 that ended the asking or the polling, by how often that happened.
THROTTLED_EMBARGO = [timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1)]

log = logging.getLogger(__name__)


class FlexClient:
    """One connection's way to the Flex Web Service, for one run.

    `connection` is its name in messages and in the ledger. `deadline` limits the waiting for a statement, not
    the download of one that flows; `max_bytes` its size after decompression. Time is the ledger's. Raises
    WealthError for a `base_url` to which the token would go unencrypted.

    Every method raises the errors of `flex.errors`, and no other for what the service or the network does.
    """

    def __init__(
        self,
        connection: str,
        token: str,
        query_id: str,
        ledger: RequestLedger,
        *,
        base_url: str = BASE_URL,
        deadline: timedelta = timedelta(minutes=15),
        max_bytes: int = 2 << 30,
    ) -> None:
        self.connection = connection
        self.query_id = query_id
        self.ledger = ledger
        self.deadline = deadline
        self._calls = FlexCalls(connection, token, query_id, ledger, base_url=base_url, max_bytes=max_bytes)
        self.key = self._calls.key
        self._clock = ledger.clock
        self._refusal: FlexError | None = None

    def send_request(self, window: Window) -> str:
        """Ask IBKR to make the statement for `window`; returns the reference code to poll.

        The ledger has the request before it goes out, and what became of it after. It goes out once; only
        when no connection came about at all is it tried again, three times, unless the environment names a proxy or
        certificates that cannot be used. After any other failure, save "no statement for this window", this client
        sends no second one and raises the same failure instead.
        """
        self._calls.respect_embargo(window)
        if self._refusal:
            raise type(self._refusal)(
                f"No second request in one run, after this: {self._refusal.what}",
                self._refusal.advice,
                connection=self.connection,
                code=self._refusal.code,
            )
        request = self.ledger.start(self.connection, self.query_id, window)
        again = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, errors.NotConnected) and error.transient),
            stop=stop_after_attempt(4),
            wait=wait_exponential(multiplier=2),
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            reference_code = again(self._calls.send_request, window)
        except FlexError as error:
            self._remember_throttling(error)
            if not isinstance(error, errors.NotConnected | errors.StatementNotAvailable | errors.Embargoed):
                self._refusal = error
            sent = not isinstance(error, errors.NotConnected | errors.Embargoed)
            self.ledger.finished(request, _outcome(error), error.what, sent=sent)
            raise
        self.ledger.referenced(request, reference_code)
        self.ledger.lift_embargo(self.key)
        return reference_code

    def get_statement(self, reference_code: str, into: BinaryIO) -> int:
        """Poll until the statement comes and write it as it is to `into` (seekable); returns its bytes.

        Only a whole document with the root FlexQueryResponse is accepted. Whatever a later poll may cure is
        polled again, until the deadline; then the request stays `pending` in the ledger, so that the next
        run can take it up. Nothing is left in `into` after an error. The caller records the success, once
        the statement is archived.
        """
        request = self.ledger.by_reference(self.connection, reference_code)
        window = request.window if request else None
        # Whoever sets the machine's clock meanwhile neither ends the polling nor makes it go on for a year.
        begin, until = into.tell(), self._clock.monotonic() + self.deadline.total_seconds()
        pauses = chain(PAUSES, repeat(PAUSES[-1]))
        pause, polls = next(pauses), 0
        while True:
            self._clock.sleep(pause)
            try:
                return self._calls.get_statement(reference_code, window, into)
            except FlexError as error:
                into.seek(begin)
                into.truncate()
                polls += 1
                pause = max(next(pauses), THROTTLED_PAUSE if isinstance(error, errors.Throttled) else 0)
                if not error.transient:
                    self._record(request, error)
                    raise
                last = error
            if self._clock.monotonic() + pause > until:
                break
            log.info("%s Polling again in %d s.", last.what, pause)
        self._remember_throttling(last)
        gave_up = self._gave_up(last, polls)
        self._record(request, gave_up)
        raise gave_up

    def _gave_up(self, last: FlexError, polls: int) -> FlexError:
        """The error that ends the polling at the deadline."""
        minutes = self.deadline.total_seconds() / 60
        return type(last)(
            f"{last.what}; the last answer to {polls} polls in {minutes:g} minutes",
            last.advice,
            connection=self.connection,
            code=last.code,
        )

    def _remember_throttling(self, error: FlexError) -> None:
        if isinstance(error, errors.Throttled):
            self.ledger.set_embargo(self.key, self.connection, 1018, THROTTLED_EMBARGO)

    def _record(self, request: FlexRequest | None, error: FlexError) -> None:
        """Close the request if its reference code is worth nothing any more; else note why it waits."""
        if request is None:
            return
        if error.transient or isinstance(error, errors.Embargoed | errors.ServiceUnreachable):
            self.ledger.noted(request.id, error.what)
        else:
            self.ledger.finished(request.id, _outcome(error), error.what)


def _outcome(error: FlexError) -> Outcome:
    return "unavailable" if isinstance(error, errors.StatementNotAvailable) else "failed"
