"""What a statement covers of what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wealth_pipeline.flex.ledger import FlexRequest, RequestLedger, Window
from wealth_pipeline.published.published import Published
from wealth_pipeline.pull.ask import PullError, Refused, latest_request, never_made
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.text import inline
from wealth_pipeline.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Answer:
    """What a load left. rows: of each table. caught_up: account-days that came from statements of earlier runs."""

    rows: dict[str, int]
    caught_up: frozenset[tuple[str, date]]


def load_answer(warehouse: Warehouse, ledger: RequestLedger, connection: str, window: Window) -> Answer:
    """Load and publish the statement that answered the newest request for `window`.

    Raises PullError if the statement was rejected: it stays archived, and a newer version may load it; and Refused if
    none has come.
    """
    asked = latest_request(ledger, connection, window)
    if asked.statement_sha256 is None and not never_made(asked):
        raise Refused(
            f"The statement for {window} (connection {connection}) has not come yet",
            "Launch the connection's whole job for these days (daily_statement), or use `wealth pull`.",
        )
    with warehouse.writing():
        came = [asked.statement_sha256] if asked.statement_sha256 else []
        results = list(warehouse.load(came, ledger.all()))
    for loaded in (result for result in results if result.sha256 in came and result.status == "rejected"):
        raise PullError(
            f"The statement for {window} (connection {connection}) cannot be loaded: {loaded.reason}",
            f"It is kept in the archive as {loaded.sha256[:12]}; see the table `statements`.",
        )
    return Answer(
        Published(warehouse.folder.published).row_counts(table.name for table in TABLES),
        frozenset(pair for loaded in results if loaded.sha256 not in came for pair in loaded.changed),
    )


def refuse_strangers(published: Published, connection: str, asked: FlexRequest) -> None:
    """Raise PullError if the statement that answered a request is of accounts that the connection never had."""
    sha256 = asked.statement_sha256
    if sha256 is None or (found := published.strangers(sha256)) is None:
        return
    accounts, expected = (", ".join(map(inline, names)) for names in found)
    raise PullError(
        f"The statement for {asked.window} (connection {connection}) is of {accounts}, which never came before, and"
        f" has none of {expected}",
        "It is archived and loaded, and stays out of the net worth until its accounts come a second time, or are named"
        " in accounts.toml. Check the token, the query and the accounts chosen in it.",
    )


def refuse_lacking(
    published: Published, *, ledger: RequestLedger, connection: str, lacking: Sequence[date], asked: FlexRequest
) -> None:
    """Raise PullError if days are lacking, naming them, the window asked and the one that came."""
    if not lacking:
        return
    if asked.outcome == "received":
        ledger.finished(asked.id, "partial", message="The statement lacks days.", sha256=asked.statement_sha256)
    covered = published.days_of_statement(asked.statement_sha256) if asked.statement_sha256 else {}
    came = "; ".join(f"{inline(account)} {first} to {last}" for account, (first, last) in sorted(covered.items()))
    raise PullError(
        f"No NAV for {', '.join(map(str, lacking))} (connection {connection}):"
        f" asked for {asked.window}, the statement covers {came or 'no account'}",
        "What came is loaded. IBKR may be late: the schedule asks again; if it stays so, look at the query's period"
        " and its NAV section (Net Asset Value (NAV) in Base).",
    )
