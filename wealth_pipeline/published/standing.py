"""How the accounts stand: which are stale, dropped, moved or doubtful, since when, and what to do about it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from wealth_pipeline.calendar import weekdays_between
from wealth_pipeline.errors import SettingsError
from wealth_pipeline.published.published import Published
from wealth_pipeline.text import sentence, terminal
from wealth_pipeline.warehouse.accounts_file import FILE, digest, read_accounts
from wealth_pipeline.warehouse.benchmark_files import LEFT_OUT, read_benchmarks

#: How many weekdays net_worth carries an account forward; see sql/views/net_worth.sql.
CARRIED_WEEKDAYS = 5
#: How many days or statements are named; of the rest, their number.
_NAMED = 5


@dataclass(frozen=True)
class Notice:
    """Something about the accounts that their owner has to know.

    urgent: whether the net worth is unknown or may be wrong until something is done. sentence: what, since when, and
    what to do. lines: what to put into accounts.toml, if that is what is to be done.
    """

    urgent: bool
    sentence: str
    lines: tuple[str, ...] = ()


def notices(published: Published, folder: Path) -> list[Notice]:
    """What is to be said of the accounts in the published database, and of accounts.toml in `folder`."""
    with published:
        accounts = published.records("standing")
        unknown = [name for (name,) in published.rows("unknown_accounts")]
        ((loaded, newest),) = published.rows("accounts_file")
    return [
        *_of_the_file(folder, loaded),
        *(Notice(False, f"{FILE} names {terminal(name)}, of which no statement has come.") for name in unknown),
        *(notice for account in accounts for notice in _of_account(account, newest, folder / FILE)),
    ]


def failures(published: Published, of: Collection[tuple[str, date]] | None = None) -> Iterator[str]:
    """A sentence for each account with proofs that failed: on which days, and which. of: among these account-days."""
    found = [f for f in published.failed_days() if of is None or (f["account_id"], f["report_date"]) in of]
    for account, rows in groupby(sorted(found, key=lambda f: f["account_id"]), lambda f: f["account_id"]):
        days = list(rows)
        shown_days = [f"{day['report_date']} ({day['failed']})" for day in days[:_NAMED]]
        more = f" and {len(days) - _NAMED} days more" if len(days) > _NAMED else ""
        yield (
            f"{terminal(account)}: proofs failed on {', '.join(shown_days)}{more}. The table reconciliation has the"
            " figures; docs/proof.md says what they mean."
        )


def rejections(published: Published) -> Iterator[str]:
    """A sentence for each of the newest statements that could not be loaded, and how many more there are."""
    found = published.rejected_statements()
    for one in found[:_NAMED]:
        origin = f"connection {one['connection']}" if one["connection"] else one["source"]
        yield terminal(
            f"Statement {one['sha256'][:12]} ({origin}, {one['fetched_at']:%Y-%m-%d}) was rejected: {one['reason']}"
        )
    if len(found) > _NAMED:
        yield f"{len(found) - _NAMED} more statements were rejected; see the table statements."


def set_aside(published: Published) -> str | None:
    """One sentence about the rows that were set aside, for all accounts; None if there are none."""
    rows = published.set_aside()
    if not rows:
        return None
    elements = ", ".join(f"{count} {element}" for element, count in Counter(row["element"] for row in rows).items())
    first = rows[0]
    return sentence(
        f"{elements}: set aside, as a row cannot be read exactly or contradicts another one (the newest, of"
        f" {first['account_id']}: {first['reason']}). No NAV rests on them; the table rows_set_aside has them whole."
    )


def _of_the_file(folder: Path, loaded: str | None) -> Iterator[Notice]:
    for wrong in read_benchmarks(folder)[1]:
        yield Notice(True, f"{wrong} {LEFT_OUT}")
    try:
        entries = read_accounts(folder)
    except SettingsError as error:
        yield Notice(True, f"{error} Until then nothing is loaded.")
        return
    if digest(entries) != loaded:
        yield Notice(
            False,
            f"{folder / FILE} has changed since the last load. It counts from the next one on, or `wealth replay`.",
        )


def _of_account(account: Mapping[str, Any], newest: date | None, file: Path) -> Iterator[Notice]:
    name = shown(account["account_id"], account["name"])
    last, end = account["last_date"], account["stated_end"]
    if account["left_out"] == "unconfirmed":
        yield Notice(
            True,
            f"{name} came once, on {account['fetched_at']:%Y-%m-%d}, in a statement of the connection"
            f" {account['connection']} that lacks all of its accounts ({terminal(', '.join(account['expected']))}). It"
            " stays out of the net worth until it comes again. If it is somebody else's, correct the token or query and"
            f" put these lines into {file} with exclude = true; if it is yours, put them there as they are:",
            entry(account["account_id"]),
        )
    if account["left_out"] or last is None:
        return
    if end and last > end:
        yield Notice(False, f"{FILE} says that {name} ended on {end}. Its NAV after it, up to {last}, does not count.")
    if account["successor_presumed"]:
        yield Notice(
            False,
            f"{name} ended on {last}, and {terminal(account['successor'])} is taken for its successor: it begins alone"
            " on the next weekday, with much the same total. To confirm that, put these lines into"
            f' {file}; to deny it, the same with successor = "":',
            entry(account["account_id"], successor=account["successor"]),
        )
    if (
        account["ended"] is None
        and newest
        and (account["dropped"] or weekdays_between(last + timedelta(days=1), newest))
    ):
        yield _stale(account, name, newest, file)


def _stale(account: Mapping[str, Any], name: str, newest: date, file: Path) -> Notice:
    """An account that goes on as far as anybody said, and has no NAV on the newest day, or will have none."""
    last = account["last_date"]
    unknown_from = weekdays_between(last + timedelta(days=1), last + timedelta(days=14))[CARRIED_WEEKDAYS]
    dropped = f"The newest statement of {account['connection']}, up to {account['reached']}, does not have it."
    worth = "is unknown since" if unknown_from <= newest else "will be unknown from"
    return Notice(
        account["dropped"] or unknown_from <= newest,
        " ".join(
            [
                f"{name} is stale: its newest NAV is of {last}.",
                *([dropped] if account["dropped"] else []),
                f"It is carried forward for {CARRIED_WEEKDAYS} weekdays; the net worth {worth} {unknown_from}. If it"
                " goes on, choose it in the Flex query again, or import its statements; if it ended, put these lines"
                f" into {file}, with successor = and the new account's number if it goes on under another one:",
            ]
        ),
        entry(account["account_id"], ended=last),
    )


def shown(account_id: str, name: str | None) -> str:
    """An account as people know it."""
    return f"{terminal(name)} ({terminal(account_id)})" if name else terminal(account_id)


def entry(account_id: str, **keys: str | date) -> tuple[str, ...]:
    """The lines of an [[account]] in accounts.toml."""
    pairs = {"id": account_id, **keys}
    return (
        "[[account]]",
        *(f"{key} = {value if isinstance(value, date) else json.dumps(value)}" for key, value in pairs.items()),
    )
