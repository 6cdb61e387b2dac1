"""One pull: one window, one SendRequest, one reference code, one archived statement."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import date, timedelta

from wealth_pipeline.calendar import new_york_day
from wealth_pipeline.errors import WealthError
from wealth_pipeline.flex.client import FlexClient
from wealth_pipeline.flex.errors import ReferenceInvalid, StatementNotAvailable
from wealth_pipeline.flex.ledger import FlexRequest, RequestLedger, Window
from wealth_pipeline.warehouse.archive import Archive, Entry

#: After so long a statement that IBKR does not have is one that it never made.
LONG_PAST = timedelta(days=10)
#: IBKR has not forgotten so young a reference code: when it says so all the same, the run has asked once and ends.
YOUNG_REFERENCE = timedelta(hours=1)
#: A quarter of weekdays. IBKR: multi-day windows broken out by day are large and slow, and can hang on 1019.
LONGEST_RANGE = 65


class PullError(WealthError):
    """What was asked for cannot be asked for like this, or did not come."""


class Refused(PullError):
    """What was asked for cannot be asked for like this; nothing was done."""


def asked_window(days: Iterable[date], overlap_days: int) -> Window:
    """The window to ask for so that `days` come, with the days before it as an audit of what IBKR said of them.

    Raises Refused for more than a quarter: one run asks once.
    """
    wanted = sorted(days)
    if len(wanted) > LONGEST_RANGE:
        raise Refused(
            f"{len(wanted)} days from {wanted[0]} to {wanted[-1]} are too many for one run (at most {LONGEST_RANGE})",
            "Start them as a backfill, which makes runs of a quarter: in the UI choose the range on the job's page,"
            " or use `wealth pull --from DATE --to DATE`.",
        )
    return Window(wanted[0] - timedelta(days=overlap_days), wanted[-1])


def request(client: FlexClient, window: Window, *, force: bool = False) -> FlexRequest:
    """The request for `window`: one that is under way or was answered today (New York), else a new one.

    IBKR makes about one statement per query and day, and punishes repeated requests; `force` asks all the same.
    IBKR: a window before the account was opened is answered with 1003, as is one that is not ready. When the window
    is long past it can only be the former: the request is returned as `unavailable`, and never made again.
    Raises the errors of `flex.errors`.
    """
    ledger = client.ledger
    today = ledger.clock.today()
    long_past = window.last < today - LONG_PAST
    if not force:
        latest = ledger.latest(client.connection, window)
        if latest and never_made(latest):
            return latest
        earlier = ledger.pending(client.connection, window) or ledger.received_on(client.connection, window, today)
        if earlier and earlier.query_id == client.query_id:
            return earlier
    try:
        client.send_request(window)
    except StatementNotAvailable:
        if not long_past:
            raise
    return latest_request(ledger, client.connection, window)


def never_made(asked: FlexRequest) -> bool:
    """Whether IBKR made no statement for this request and never will: 1003 so long after the days is not "not yet"."""
    asked_on = new_york_day(asked.requested_at)
    return asked.outcome == "unavailable" and asked.window.last < asked_on - LONG_PAST


def latest_request(ledger: RequestLedger, connection: str, window: Window) -> FlexRequest:
    """The newest request for `window`; raises Refused if nothing was asked."""
    found = ledger.latest(connection, window)
    if found is None:
        raise Refused(
            f"Nothing was asked of IBKR for {window} (connection {connection})",
            "Launch the connection's whole job for these days (daily_statement), or use `wealth pull`.",
        )
    return found


def download(client: FlexClient, window: Window, archive: Archive) -> Entry | None:
    """Wait for the statement of the newest request for `window` and archive it; one that came is only looked up.

    None where IBKR never made one (see `never_made`). The body goes to a temporary file beside the
    archive, never whole into memory. Raises the errors of `flex.errors` and Refused.
    """
    asked = latest_request(client.ledger, client.connection, window)
    if asked.statement_sha256 and asked.statement_sha256 in archive:
        return archive.entry(asked.statement_sha256)
    if never_made(asked):
        return None
    if asked.outcome == "unavailable" or asked.reference_code is None:
        raise Refused(
            f"IBKR gave no statement for {window} (connection {client.connection}): {asked.message}",
            "Run the job again; it asks again.",
        )
    archive.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=archive.folder, prefix=".download-") as body:
        try:
            client.get_statement(asked.reference_code, body)
        except ReferenceInvalid:
            # IBKR: 1017 is final for a reference. One that an earlier run left behind may have been forgotten since.
            if asked.requested_at > client.ledger.clock.now() - YOUNG_REFERENCE:
                raise
            client.send_request(window)
            asked = latest_request(client.ledger, client.connection, window)
            client.get_statement(asked.reference_code or "", body)
        body.seek(0)
        entry = archive.add(
            body,
            source="flex",
            connection=client.connection,
            window=(window.first, window.last),
            now=client.ledger.clock.now(),
        )
    client.ledger.finished(asked.id, "received", sha256=entry.sha256)
    return entry
