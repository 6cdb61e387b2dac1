"""Reading `wealth.duckdb`: the few questions that the pipeline itself asks of what it published.

Each function opens the file read-only and closes it again, so that nothing here can hold up a reader or a writer.
Several of them inside one `with connected(path):` share the open file: opening it takes longer than most questions.
Figures come as Decimal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from wealth_pipeline.errors import WealthError
from wealth_pipeline.files.duck import connect, trouble
from wealth_pipeline.text import sentence
from wealth_pipeline.warehouse import version

#: How many days of a NAV history a small chart shows.
RECENT_DAYS = 60
#: What of a table is its content, where that is not all of it.
_CONTENT = {"reconciliation": "* EXCLUDE (reason)"}
#: A table and the columns that identify a row of it.
TableKey = tuple[str, tuple[str, ...]]


class NothingPublished(WealthError):
    """There is no wealth.duckdb yet, or none that this version can read: the next load makes it."""


@dataclass(frozen=True)
class NavDay:
    """A row of nav_history: the NAV of an account at the close of a report date, in its base currency.

    wanting: the proofs that failed, or if none did those for want of which the NAV is not proved. recent: the totals
    of the days up to this one, as many as a chart shows; recent_from: the first of these days.
    """

    account_id: str
    report_date: date
    currency: str
    total: Decimal | None
    day_change: Decimal | None
    proof: str
    wanting: list[str]
    statement_sha256: str
    recent: list[Decimal]
    recent_from: date


@dataclass(frozen=True)
class Holding:
    """A position among the largest of an account on a day.

    value: in `currency`, notional for futures and CFDs. nav_value: what it adds to the NAV, in `base_currency`.
    percent: that, of the NAV; None where either is unknown.
    """

    account_id: str
    report_date: date
    symbol: str
    quantity: Decimal
    value: Decimal | None
    currency: str
    nav_value: Decimal | None
    base_currency: str
    percent: float | None


@contextmanager
def connected(path: Path, any_version: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published database; raises NothingPublished if it isn't there.

    One that another version of this software wrote is refused, unless `any_version`: its tables may differ.
    """
    if not path.exists():
        raise NothingPublished(
            f"There is no {path} yet",
            "Pull or import a statement first: `wealth pull`, `wealth import`, `wealth demo`.",
        )
    try:
        con = connect(path, read_only=True)
    except duckdb.Error as error:
        raise WealthError(*trouble(path, error)) from None
    try:
        if not any_version:
            _refuse_other_version(con, path)
        yield con
    finally:
        con.close()


def _refuse_other_version(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        written = version.origin(con)
    except duckdb.Error as error:
        raise WealthError(*trouble(path, error)) from None
    if written.newer:
        raise WealthError(
            f"{path} was written by a newer wealth_pipeline ({written.written_by}, this is {version.program()})",
            "Update wealth_pipeline.",
        )
    if not written.ours:
        raise NothingPublished(
            f"{path} was written by an older wealth_pipeline", "The next load rebuilds it; or run `wealth replay` now."
        )


def nav_days(
    path: Path, accounts: Sequence[str], first: date, last: date, sha256: str | None = None, others: Sequence[date] = ()
) -> list[NavDay]:
    """The NAV of these accounts from `first` to `last`, on the days `others`, and on those `sha256` changed.

    What a statement changes of a day may be its NAV, or only the positions or the cash that prove it.
    """
    with connected(path) as con:
        rows = con.execute(
            "WITH wanting AS (SELECT account_id, report_date, status, list(check_name ORDER BY check_name) AS checks"
            "   FROM reconciliation WHERE (status = 'failed' AND check_name <> 'cost')"
            "   OR (status = 'not_evaluable' AND check_name IN ('positions', 'cash', 'parts')) GROUP BY ALL),"
            " history AS (SELECT *, coalesce(list(total) FILTER (total IS NOT NULL) OVER recent, []) AS totals,"
            "   min(report_date) OVER recent AS recent_from"
            "   FROM nav_history WHERE account_id IN (SELECT unnest($accounts))"
            f"   WINDOW recent AS (PARTITION BY account_id ORDER BY report_date ROWS {RECENT_DAYS - 1} PRECEDING))"
            " SELECT h.account_id, h.report_date, coalesce(base_currency, 'base currency'), total, day_change, proof,"
            " coalesce(checks, []), statement_sha256, totals, recent_from FROM history h"
            " LEFT JOIN wanting w ON w.account_id = h.account_id AND w.report_date = h.report_date AND status = proof"
            " WHERE h.report_date BETWEEN $first AND $last OR h.report_date IN (SELECT unnest(CAST($others AS DATE[])))"
            " OR (h.account_id, h.report_date) IN (SELECT (account_id, report_date) FROM versions"
            "   WHERE statement_sha256 = $sha256)"
            " ORDER BY h.report_date, h.account_id",
            {"accounts": list(accounts), "first": first, "last": last, "others": list(others), "sha256": sha256},
        ).fetchall()
    return [NavDay(*row) for row in rows]


def nav_dates(path: Path, accounts: Sequence[str]) -> set[date]:
    """The report dates on which one of these accounts has a NAV."""
    with connected(path) as con:
        rows = con.execute(
            "SELECT DISTINCT report_date FROM nav WHERE account_id IN (SELECT unnest(?))", [list(accounts)]
        ).fetchall()
    return {day for (day,) in rows}


def largest_holdings(path: Path, accounts: Sequence[str], first: date, last: date, most: int = 10) -> list[Holding]:
    """The `most` positions of each account and day that add most to its NAV, or take most from it."""
    with connected(path) as con:
        rows = con.execute(
            "SELECT p.account_id, p.report_date, coalesce(p.symbol, p.description, p.conid, p.security_id), quantity,"
            " position_value, p.currency, nav_value_base,"
            " coalesce(n.base_currency, a.base_currency, 'base currency'),"
            " CAST(100 * nav_value_base AS DOUBLE) / nullif(CAST(n.total AS DOUBLE), 0)"
            " FROM positions p LEFT JOIN nav n USING (account_id, report_date) LEFT JOIN accounts a USING (account_id)"
            " WHERE p.account_id IN (SELECT unnest(?)) AND p.report_date BETWEEN ? AND ?"
            " QUALIFY row_number() OVER (PARTITION BY p.account_id, p.report_date"
            "   ORDER BY abs(nav_value_base) DESC NULLS LAST, p.symbol) <= ?"
            " ORDER BY p.report_date, p.account_id, abs(nav_value_base) DESC NULLS LAST, p.symbol",
            [list(accounts), first, last, most],
        ).fetchall()
    return [Holding(*row) for row in rows]


def unreported(path: Path) -> tuple[str | None, list[tuple[str, date]]]:
    """Which load was the last, and the account-days that it and those before it left to be reported to Dagster."""
    with connected(path) as con:
        load_id = _one(con, "SELECT load_id FROM warehouse_info")
        return load_id, con.execute("FROM days_to_report ORDER BY ALL").fetchall()


def newest_nav(path: Path) -> list[tuple[Any, ...]]:
    """Account, report date, total, base currency, day's change and proof of each account's newest day."""
    with connected(path) as con:
        return con.execute(
            "SELECT account_id, report_date, total, base_currency, day_change, proof FROM nav_latest"
            " ORDER BY account_id"
        ).fetchall()


def nav_table(path: Path, first: date, last: date) -> list[tuple[Any, ...]]:
    """Report date, account, base currency, total, cash, day's change and proof of every account, day by day."""
    with connected(path) as con:
        return con.execute(
            "SELECT report_date, account_id, base_currency, total, cash, day_change, proof FROM nav_history"
            " WHERE report_date BETWEEN ? AND ? ORDER BY report_date, account_id",
            [first, last],
        ).fetchall()


#: From when on an account's NAV is expected: from its first one; but from ever, where that is the row of the day before
#: a statement. IBKR sends that row along only where the account existed, so that earlier days can be asked for.
_EXPECTED_FROM = """
CASE WHEN EXISTS (FROM nav n WHERE n.account_id = accounts.account_id AND n.report_date = first_date AND n.total <> 0)
    AND NOT EXISTS (FROM statement_accounts s WHERE s.account_id = accounts.account_id
        AND first_date BETWEEN s.from_date AND s.to_date)
THEN DATE '0001-01-01' ELSE first_date END"""


def first_days(path: Path) -> dict[str, date | None]:
    """Every account with the day from which on its NAV is expected, None where it has none."""
    with connected(path) as con:
        return dict(con.execute(f"SELECT account_id, {_EXPECTED_FROM} FROM accounts ORDER BY account_id").fetchall())


def accounts_of(path: Path, connection: str, only_one: bool) -> dict[str, date | None]:
    """The accounts of a connection, with the first day of their NAV history.

    only_one: there is just this connection, so accounts that were only imported are its as well.
    """
    try:
        with connected(path) as con:
            rows = con.execute(
                "SELECT account_id, first_date FROM accounts WHERE connection = ? OR (connection IS NULL AND ?)"
                " ORDER BY account_id",
                [connection, only_one],
            ).fetchall()
    except NothingPublished:
        return {}
    return dict(rows)


def expected_accounts(path: Path, connection: str) -> dict[str, date | None]:
    """The accounts in a connection's newest statement, with the day from which on their NAV is expected.

    An account that was closed, or only imported, is not waited for.
    """
    try:
        with connected(path) as con:
            rows = con.execute(
                f"SELECT DISTINCT account_id, {_EXPECTED_FROM} FROM statement_accounts JOIN accounts USING (account_id)"
                " WHERE sha256 = (SELECT arg_max(sha256, (fetched_at, sha256)) FROM statements"
                "   WHERE statements.connection = ? AND status = 'loaded') ORDER BY account_id",
                [connection],
            ).fetchall()
    except NothingPublished:
        return {}
    return dict(rows)


def ended_accounts(path: Path) -> dict[str, date]:
    """The accounts that ended, each with its last day; one whose last total is zero, and is of the newest day, did not.

    IBKR reports an account that is not funded yet.
    """
    with connected(path) as con:
        return dict(
            con.execute(
                "SELECT account_id, ended FROM accounts WHERE ended < (SELECT max(last_date) FROM accounts)"
                f" OR (ended <= last_date AND {_OVER})"
                " ORDER BY account_id"
            ).fetchall()
        )


#: Whether an account is known to be over, whatever its statements still bring. A last total of zero is not enough: it
#: may be funded again.
_OVER = """ended IS NOT NULL AND (date_closed IS NOT NULL OR successor IS NOT NULL
    OR account_id IN (SELECT account_id FROM account_settings WHERE ended IS NOT NULL))"""


def missing(path: Path, accounts: dict[str, date | None], days: Sequence[date]) -> list[date]:
    """The days of `days` on which one of the accounts has neither a NAV row nor a statement that says there is none.

    Days before an account's first NAV, and after it ended, are not missing for it. Without any account every day is
    missing.
    """
    begun = {account: first for account, first in accounts.items() if first is not None}
    if not begun or not days:
        return list(days)
    with connected(path) as con:
        known = set(
            con.execute(
                "SELECT account_id, report_date FROM nav WHERE report_date BETWEEN $first AND $last"
                " UNION SELECT account_id, report_date FROM days_without_row"
                " WHERE report_date BETWEEN $first AND $last",
                {"first": min(days), "last": max(days)},
            ).fetchall()
        )
        over = _over(con)
    return [
        day
        for day in days
        if any(
            (account, day) not in known and first <= day <= over.get(account, date.max)
            for account, first in begun.items()
        )
    ]


def without_row(path: Path, accounts: dict[str, date | None], days: Sequence[date]) -> list[date]:
    """The days of `days`, in an account's life, for which a statement came without a NAV row for it."""
    if not days:
        return []
    with connected(path) as con:
        rows = con.execute(
            "SELECT account_id, report_date FROM days_without_row WHERE report_date BETWEEN ? AND ? ORDER BY ALL",
            [min(days), max(days)],
        ).fetchall()
        over = _over(con)
    begun = {account: first for account, first in accounts.items() if first is not None}
    return sorted(
        {
            day
            for account, day in rows
            if day in days and begun.get(account, date.max) <= day <= over.get(account, date.max)
        }
    )


def _over(con: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """The accounts after whose last day no NAV is expected, with that day."""
    return dict(con.execute(f"SELECT account_id, ended FROM accounts WHERE {_OVER}").fetchall())


def strangers(path: Path, sha256: str) -> tuple[list[str], list[str]] | None:
    """The accounts of a statement of somebody else, and those that its connection has; None if it is none.

    It is none any more once its accounts came again, are named in accounts.toml, or succeed to others.
    """
    with connected(path) as con:
        return con.execute(
            "SELECT accounts, expected FROM foreign_statements f WHERE sha256 = ? AND EXISTS (FROM accounts"
            " WHERE left_out = 'unconfirmed' AND list_contains(f.accounts, account_id))",
            [sha256],
        ).fetchone()


@dataclass(frozen=True)
class Unfilled:
    """A day whose profit and loss IBKR has not filled. generated: when it last said so (UTC, without zone).

    alone: that statement covers more days, so that only another one that ends on this day shows its positions.
    """

    account_id: str
    report_date: date
    generated: datetime
    alone: bool


def unfilled(path: Path, accounts: Sequence[str]) -> list[Unfilled]:
    """The days of these accounts whose profit and loss are not ready at IBKR, oldest first."""
    with connected(path) as con:
        rows = con.execute(
            "SELECT account_id, report_date, when_generated, from_date < report_date FROM profit_not_ready"
            " WHERE account_id IN (SELECT unnest(?)) ORDER BY report_date, account_id",
            [list(accounts)],
        ).fetchall()
    return [Unfilled(*row) for row in rows]


def days_of_statement(path: Path, sha256: str) -> dict[str, tuple[date, date]]:
    """The first and last day that a statement covers, by account."""
    with connected(path) as con:
        rows = con.execute(
            "SELECT account_id, min(from_date), max(to_date) FROM statement_accounts WHERE sha256 = ? GROUP BY ALL",
            [sha256],
        ).fetchall()
    return {account: (first, last) for account, first, last in rows}


def digests(path: Path, tables: Sequence[str]) -> dict[str, str]:
    """One hash for each table's content: equal content, in whatever order it came, gives equal hashes.

    Sentences for people are not in it: their words may change from version to version.
    """
    with connected(path) as con:
        return {
            table: str(
                _one(
                    con,
                    "SELECT hash_of_all(line) FROM (SELECT md5_number(CAST(t AS VARCHAR)) AS line FROM"
                    f" (SELECT {_CONTENT.get(table, '*')} FROM {table}) t)",
                )
            )
            for table in tables
        }


def row_counts(path: Path, tables: Sequence[str]) -> dict[str, int]:
    """How many rows each table has."""
    with connected(path) as con:
        return {table: int(_one(con, f"SELECT count(*) FROM {table}")) for table in tables}


def _one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = con.execute(query).fetchone()
    return row[0] if row else None


@dataclass(frozen=True)
class ProofSummary:
    """How one proof stands over all days of some accounts: counts, why some could not be evaluated, what failed.

    accounts: the same counts by account, with its newest day and how the proof came out on it.
    """

    passed: int
    failed: int
    not_evaluable: int
    reasons: tuple[str, ...]
    failures: tuple[dict[str, Any], ...]
    accounts: tuple[dict[str, Any], ...]


def proofs(path: Path, accounts: Sequence[str], check_name: str, most: int = 20) -> ProofSummary:
    """The state of a proof; the newest `most` failures, with account, day, expected, actual and difference."""
    with connected(path) as con:
        reasons = con.execute(
            "SELECT reason || ' (' || count(*) || ' days)' FROM reconciliation WHERE check_name = ?"
            " AND status = 'not_evaluable' AND account_id IN (SELECT unnest(?)) GROUP BY reason ORDER BY count(*) DESC",
            [check_name, list(accounts)],
        ).fetchall()
    by_account = _dicts(
        path,
        "SELECT account_id AS account, count(*) FILTER (status = 'passed') AS \"days passed\","
        " count(*) FILTER (status = 'failed') AS \"days failed\","
        " count(*) FILTER (status = 'not_evaluable') AS \"days not evaluable\", max(report_date)"
        " || ': ' || replace(arg_max(status, report_date), '_', ' ') AS \"newest day\" FROM reconciliation"
        " WHERE check_name = ? AND account_id IN (SELECT unnest(?)) GROUP BY account_id ORDER BY account_id",
        [check_name, list(accounts)],
    )
    failures = _dicts(
        path,
        # The cash flows are proved in each currency, and the cost in the position's or in base: the reason names it.
        "SELECT account_id, report_date, expected, actual, difference, tolerance,"
        " CASE WHEN check_name = 'lots' THEN 'the position''s' WHEN regexp_matches(reason, '^currency [A-Z]{3}$')"
        "   THEN reason[10:] WHEN check_name = 'cost' THEN regexp_extract(reason, ' in ([^ ;]+)', 1)"
        "   ELSE base_currency END AS currency, reason"
        " FROM reconciliation LEFT JOIN accounts USING (account_id)"
        " WHERE check_name = ? AND status = 'failed' AND account_id IN (SELECT unnest(?))"
        " ORDER BY report_date DESC, account_id LIMIT ?",
        [check_name, list(accounts), most],
    )
    return ProofSummary(
        sum(account["days passed"] for account in by_account),
        sum(account["days failed"] for account in by_account),
        sum(account["days not evaluable"] for account in by_account),
        tuple(reason for (reason,) in reasons[:most]),
        tuple(failures),
        tuple(by_account),
    )


def proved(path: Path, accounts: Sequence[str], most: int = 20) -> ProofSummary:
    """The state of nav_history's column `proof`; the newest `most` days that failed, with their failed proofs."""
    by_account = _dicts(
        path,
        "SELECT account_id AS account, count(*) FILTER (proof = 'passed') AS \"days passed\","
        " count(*) FILTER (proof = 'failed') AS \"days failed\","
        " count(*) FILTER (proof = 'not_evaluable') AS \"days not evaluable\", max(report_date)"
        " || ': ' || replace(arg_max(proof, report_date), '_', ' ') AS \"newest day\" FROM nav_history"
        " WHERE account_id IN (SELECT unnest(?)) GROUP BY account_id ORDER BY account_id",
        [list(accounts)],
    )
    return ProofSummary(
        sum(account["days passed"] for account in by_account),
        sum(account["days failed"] for account in by_account),
        sum(account["days not evaluable"] for account in by_account),
        ("docs/proof.md says what each proof needs",) if by_account else (),
        tuple(failed_days(path, accounts)[:most]),
        tuple(by_account),
    )


def failed_days(path: Path, accounts: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The account-days with a proof that failed, the newest first, with these proofs; None: of all accounts."""
    return _dicts(
        path,
        "SELECT account_id, report_date, string_agg(check_name, ', ' ORDER BY check_name) AS failed"
        " FROM reconciliation WHERE status = 'failed'"
        " AND ($accounts IS NULL OR account_id IN (SELECT unnest($accounts)))"
        " GROUP BY account_id, report_date ORDER BY report_date DESC, account_id",
        {"accounts": None if accounts is None else list(accounts)},
    )


def rejected_statements(path: Path) -> list[dict[str, Any]]:
    """The statements that could not be loaded, the newest first, with the reason."""
    return _dicts(
        path,
        "SELECT sha256, connection, source, fetched_at, reason FROM statements WHERE status = 'rejected'"
        " ORDER BY fetched_at DESC, sha256",
        [],
    )


def duplicate_keys(path: Path, tables: Sequence[TableKey]) -> list[dict[str, Any]]:
    """The tables in which two rows have one key, with how many keys that concerns."""
    with connected(path) as con:
        found = [
            {
                "table": name,
                "keys": _one(
                    con, f"SELECT count(*) FROM (FROM {name} SELECT 1 GROUP BY {', '.join(key)} HAVING count(*) > 1)"
                ),
            }
            for name, key in tables
        ]
    return [row for row in found if row["keys"]]


def rowless_weekdays(path: Path, accounts: Sequence[str]) -> list[dict[str, Any]]:
    """The weekdays between an account's first and newest day without a NAV row, newest first."""
    return _dicts(
        path,
        "SELECT account_id, CAST(day AS DATE) AS report_date FROM (SELECT account_id,"
        " unnest(generate_series(first_date, last_date, INTERVAL 1 DAY)) AS day FROM accounts"
        " WHERE account_id IN (SELECT unnest(?))) d"
        " WHERE isodow(day) < 6 AND NOT EXISTS (FROM nav n WHERE n.account_id = d.account_id"
        " AND n.report_date = CAST(d.day AS DATE)) ORDER BY report_date DESC, account_id",
        [list(accounts)],
    )


#: The days with a NAV before them, and what was deposited, withdrawn or transferred since that one: as the changes of
#: the NAV state it, whatever periods within that time they are of; apart from these, as the transactions do.
_FLOWS = """
WITH days AS (
    FROM nav_history WHERE previous_date IS NOT NULL AND account_id IN (SELECT unnest($accounts))
),
periods AS (
    SELECT account_id, from_date, to_date, sum(amount) FILTER (component IN (
        'depositsWithdrawals', 'assetTransfers', 'internalCashTransfers', 'grantActivity', 'debitCardActivity',
        'billPay', 'paxosTransfers', 'donations')) AS flow
    FROM nav_changes GROUP BY ALL HAVING bool_or(component = 'depositsWithdrawals')
),
inside AS (
    SELECT p.*, d.report_date FROM periods p
    ASOF JOIN days d ON d.account_id = p.account_id AND d.report_date >= p.to_date WHERE p.from_date > d.previous_date
),
stated AS (
    FROM inside i WHERE NOT EXISTS (FROM inside o WHERE o.account_id = i.account_id AND o.from_date <= i.from_date
        AND o.to_date >= i.to_date AND (o.from_date, o.to_date) <> (i.from_date, i.to_date))
),
moved AS (
    SELECT m.account_id, m.report_date AS day,
        in_base(m.amount, coalesce(m.fx_rate_to_base, CASE WHEN m.currency = a.base_currency THEN 1 END))
            + coalesce(m.in_base, 0) AS flow
    FROM (
        SELECT account_id, report_date, currency, fx_rate_to_base, amount, NULL AS in_base FROM cash_transactions
        WHERE type IN ('Deposits/Withdrawals', 'Deposits & Withdrawals')
        UNION ALL
        SELECT account_id, report_date, currency, fx_rate_to_base, coalesce(cash_transfer, 0), position_amount_base
        FROM transfers
    ) m JOIN accounts a USING (account_id)
),
unstated AS (
    SELECT m.account_id, d.report_date, m.flow FROM moved m
    ASOF JOIN days d ON d.account_id = m.account_id AND d.report_date >= m.day WHERE m.day > d.previous_date
        AND NOT EXISTS (FROM stated s WHERE s.account_id = m.account_id AND m.day BETWEEN s.from_date AND s.to_date)
),
flows AS (
    SELECT account_id, report_date, sum(flow) AS flow
    FROM (SELECT account_id, report_date, flow FROM stated UNION ALL FROM unstated) GROUP BY ALL
)
"""


def large_changes(path: Path, accounts: Sequence[str], share: Decimal) -> list[dict[str, Any]]:
    """The days, newest first, on which the NAV changed by more than `share` of the one before, external flows apart.

    The first funding is no jump.
    """
    return _dicts(
        path,
        f"{_FLOWS} SELECT d.account_id, d.report_date, d.day_change, coalesce(f.flow, 0) AS flow, d.base_currency"
        " FROM days d LEFT JOIN flows f USING (account_id, report_date) WHERE d.total <> d.day_change"
        " AND abs(d.day_change - coalesce(f.flow, 0)) > $share * abs(d.total - d.day_change)"
        " ORDER BY d.report_date DESC, d.account_id",
        {"accounts": list(accounts), "share": share},
    )


def restated_by(path: Path, accounts: Sequence[str]) -> list[dict[str, Any]]:
    """The days that the newest statement of each account restated, newest first."""
    return _dicts(
        path,
        "SELECT r.table_name, r.account_id, r.report_date, array_to_string(r.changed, ', ') AS changed, r.old_total,"
        " r.new_total, a.base_currency"
        " FROM restatements r LEFT JOIN accounts a USING (account_id)"
        " WHERE r.account_id IN (SELECT unnest($accounts)) AND r.new_sha256 IN (SELECT arg_max(sha256, when_generated)"
        "   FROM statement_accounts WHERE account_id IN (SELECT unnest($accounts)) GROUP BY account_id)"
        " ORDER BY r.report_date DESC, r.account_id, r.table_name, r.known_from",
        {"accounts": list(accounts)},
    )


#: The notes on the statements of some accounts, with the last day of each statement.
_NOTED = """
FROM statement_notes JOIN (SELECT sha256, max(to_date) AS day FROM statement_accounts
    WHERE account_id IN (SELECT unnest(?)) GROUP BY sha256) USING (sha256)"""


def unknown_names(path: Path, accounts: Sequence[str]) -> list[dict[str, Any]]:
    """What the statements of these accounts hold that this software has never heard of, the newest first.

    first_seen, last_seen: the last day of the first and of the newest statement that holds it.
    """
    return _dicts(
        path,
        f"SELECT kind, name, sum(count) AS count, min(day) AS first_seen, max(day) AS last_seen {_NOTED}"
        " WHERE kind LIKE 'unknown%' OR kind = 'wrong_count' GROUP BY kind, name ORDER BY last_seen DESC, kind, name",
        [list(accounts)],
    )


def also_noted(path: Path, accounts: Sequence[str]) -> list[dict[str, Any]]:
    """What the statements of these accounts hold that is known and not loaded, or in doubt; five names a kind."""
    return _dicts(
        path,
        "SELECT kind, sum(count) AS count, array_to_string(list_sort(list(DISTINCT name))[:5], ', ')"
        " || CASE WHEN count(DISTINCT name) > 5 THEN ' and ' || (count(DISTINCT name) - 5) || ' more' ELSE '' END"
        f" AS names {_NOTED} WHERE kind NOT LIKE 'unknown%' AND kind <> 'wrong_count' GROUP BY kind ORDER BY kind",
        [list(accounts)],
    )


def set_aside(path: Path, accounts: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The rows of side sections that were set aside, newest first; None: of all accounts.

    Only those of the newest statement that has the section for their day: a later one has repaired what was before.
    """
    return _dicts(
        path,
        "SELECT r.account_id, r.report_date, r.element, r.reason, r.sha256, r.row FROM rows_set_aside r"
        " JOIN (SELECT sha256, ordinal, account_id AS owner, from_date, to_date, when_generated"
        "   FROM statement_accounts) f USING (sha256, ordinal)"
        " WHERE ($accounts IS NULL OR f.owner IN (SELECT unnest($accounts)))"
        " AND NOT EXISTS (FROM statement_accounts g WHERE g.account_id = f.owner"
        " AND list_contains(g.sections, r.section) AND (g.when_generated, g.sha256) > (f.when_generated, f.sha256)"
        " AND g.from_date <= coalesce(r.report_date, f.from_date) AND g.to_date >= coalesce(r.report_date, f.to_date))"
        " ORDER BY f.when_generated DESC, r.report_date DESC, r.account_id, r.element, r.row",
        {"accounts": None if accounts is None else list(accounts)},
    )


def set_aside_line(path: Path) -> str | None:
    """One sentence about the rows that were set aside, for all accounts; None if there are none."""
    rows = set_aside(path)
    if not rows:
        return None
    elements = ", ".join(f"{count} {element}" for element, count in Counter(row["element"] for row in rows).items())
    first = rows[0]
    return sentence(
        f"{elements}: set aside, as a row cannot be read exactly or contradicts another one (the newest, of"
        f" {first['account_id']}: {first['reason']}). No NAV rests on them; the table rows_set_aside has them whole."
    )


def _dicts(path: Path, query: str, parameters: Any) -> list[dict[str, Any]]:
    with connected(path) as con:
        found = con.execute(query, parameters)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
