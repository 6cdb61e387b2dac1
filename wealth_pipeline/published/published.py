"""Reading `wealth.duckdb`: the few questions that the pipeline itself asks of what it published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from wealth_pipeline.gateway import live
from wealth_pipeline.published.income import Income
from wealth_pipeline.published.reading import NothingPublished, named, reading, sql
from wealth_pipeline.published.results import (
    Drift,
    Holding,
    NavDay,
    Overview,
    ProofSummary,
    ReturnDay,
    ReturnPeriod,
    Unfilled,
)
from wealth_pipeline.warehouse import version
from wealth_pipeline.warehouse.proofs import proofs

#: How many days of a NAV history a small chart shows.
RECENT_DAYS = 60
#: How many of a proof's failures and reasons are shown, and of an account's holdings.
_FAILURES, _HOLDINGS = 20, 10


class Published(Income):
    """wealth.duckdb, one method a question. Each raises as `reading` does, unless it says otherwise."""

    # The NAV

    def nav_days(
        self,
        accounts: Iterable[str],
        first: date,
        last: date,
        *,
        sha256: str | None = None,
        others: Collection[date] = (),
    ) -> list[NavDay]:
        """The NAV of these accounts from `first` to `last`, on the days `others`, and on those `sha256` changed."""
        found = self.records(
            "nav_days",
            accounts=list(accounts),
            first=first,
            last=last,
            others=list(others),
            sha256=sha256,
            recent=RECENT_DAYS,
            deciding=proofs.names("required", "failure"),
            required=proofs.names("required"),
        )
        return [NavDay(**row) for row in found]

    def nav_dates(self, accounts: Iterable[str]) -> set[date]:
        """The report dates on which one of these accounts has a NAV."""
        return {day for (day,) in self.rows("nav_dates", accounts=list(accounts))}

    def newest_day(self) -> date | None:
        """The newest report date with a NAV, of whichever account."""
        day: date | None = self.value("newest_day")
        return day

    def newest_nav(self) -> list[tuple[Any, ...]]:
        """Account, report date, total, base currency, day's change and proof of each account's newest day."""
        return self.rows("newest_nav")

    def nav_table(self, first: date, last: date) -> list[tuple[Any, ...]]:
        """Report date, account, base currency, total, cash, day's change and proof of every account, day by day."""
        return self.rows("nav_table", first=first, last=last)

    def largest_holdings(self, accounts: Iterable[str], first: date, last: date) -> list[Holding]:
        """The positions of each account and day that add most to its NAV, or take most from it."""
        found = self.records("largest_holdings", accounts=list(accounts), first=first, last=last, most=_HOLDINGS)
        return [Holding(**row) for row in found]

    def drift(self, data_dir: Path) -> list[Drift]:
        """Every day and account that has both a live and an official NAV, newest day first.

        data_dir: where live.duckdb lies. Without either database there is nothing to compare.
        """
        # In a database of its own: what is attached to one that is open already, every connection to it would see.
        with closing(duckdb.connect()) as con:
            if not (self.path.exists() and live.attach(con, data_dir)):
                return []
            quoted = str(self.path).replace("'", "''")
            con.execute(f"ATTACH '{quoted}' AS official (READ_ONLY)")
            return [Drift(**row) for row in named(con.execute(sql("drift")))]

    # Returns; a scope is an account, or `household`

    def return_days(
        self, scopes: Iterable[str], days: Collection[date], sha256s: Collection[str] = ()
    ) -> list[ReturnDay]:
        """The returns of these days and of those that statements changed, each with the day that follows it."""
        found = self.records("return_days", scopes=list(scopes), days=list(days), sha256s=list(sha256s))
        return [ReturnDay(**row) for row in found]

    def return_dates(self, scopes: Iterable[str]) -> set[date]:
        """The days of which one of these scopes has a row of returns."""
        return {day for (day,) in self.rows("return_dates", scopes=list(scopes))}

    def return_periods(self, scopes: Iterable[str] | None = None) -> list[ReturnPeriod]:
        """What these scopes earned, None: all, in the month, the year, 365 days, and since the start."""
        return [ReturnPeriod(**row) for row in self.records("return_periods", scopes=_listed(scopes))]

    def return_rules(self) -> list[dict[str, Any]]:
        """How the returns of each account stand, and how IBKR was seen to count its flows."""
        return self.records("return_rules")

    # Accounts, and the days that are expected of them

    def accounts_of(self, connection: str, only_connection: bool) -> dict[str, date | None]:
        """The accounts of a connection, with the first day of their NAV history; none where nothing is published.

        only_connection: there is just this one, so accounts that were only imported are its as well.
        """
        try:
            return dict(self.rows("accounts_of", connection=connection, only_connection=only_connection))
        except NothingPublished:
            return {}

    def first_days(self) -> dict[str, date | None]:
        """Every account with the day from which on its NAV is expected, None where it has none."""
        return dict(self.rows("expected_from", connection=None))

    def expected_accounts(self, connection: str) -> dict[str, date | None]:
        """The accounts in a connection's newest statement, as `first_days`; none where nothing is published.

        An account that was closed, or only imported, is not waited for.
        """
        try:
            return dict(self.rows("expected_from", connection=connection))
        except NothingPublished:
            return {}

    def ended_accounts(self) -> dict[str, date]:
        """The accounts that ended, with their last day; one that may only be waiting for its funds did not."""
        return {account: ended for account, ended, _, past in self.rows("ended_accounts") if past}

    def missing(self, accounts: dict[str, date | None], days: Sequence[date]) -> list[date]:
        """The days of `days` on which an account has neither a NAV row nor a statement that says there is none.

        Days before an account's first NAV, and after it ended, are not missing for it. Without any account every day is
        missing.
        """
        begun = {account: first for account, first in accounts.items() if first is not None}
        if not begun or not days:
            return list(days)
        with self:
            known = set(self.rows("known_days", first=min(days), last=max(days)))
            last = self._last_days()
        return [
            day
            for day in days
            if any(
                (account, day) not in known and first <= day <= last.get(account, date.max)
                for account, first in begun.items()
            )
        ]

    def without_row(self, accounts: dict[str, date | None], days: Sequence[date]) -> list[date]:
        """The days of `days`, in an account's life, for which a statement came without a NAV row for it."""
        if not days:
            return []
        with self:
            rows = self.rows("days_without_row", first=min(days), last=max(days))
            last = self._last_days()
        begun = {account: first for account, first in accounts.items() if first is not None}
        return sorted(
            {
                day
                for account, day in rows
                if day in days and begun.get(account, date.max) <= day <= last.get(account, date.max)
            }
        )

    def _last_days(self) -> dict[str, date]:
        """The accounts after whose last day no NAV is expected, with that day."""
        return {account: ended for account, ended, for_good, _ in self.rows("ended_accounts") if for_good}

    def unfilled(self, accounts: Iterable[str] | None = None) -> list[Unfilled]:
        """The days whose profit and loss are not ready at IBKR, oldest first; None: of all accounts."""
        return [Unfilled(**row) for row in self.records("unfilled", accounts=_listed(accounts))]

    # Statements

    def strangers(self, sha256: str) -> tuple[list[str], list[str]] | None:
        """The accounts of a statement of somebody else, and those that its connection has; None for another."""
        found = self.rows("strangers", sha256=sha256)
        return (found[0][0], found[0][1]) if found else None

    def days_of_statement(self, sha256: str) -> dict[str, tuple[date, date]]:
        """The first and last day that a statement covers, by account."""
        return {account: (first, last) for account, first, last in self.rows("days_of_statement", sha256=sha256)}

    def rejected_statements(self) -> list[dict[str, Any]]:
        """The statements that could not be loaded, the newest first, with the reason."""
        return self.records("rejected_statements")

    def set_aside(self, accounts: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The rows of side sections that were set aside, newest first; None: of all accounts."""
        return self.records("set_aside", accounts=_listed(accounts))

    def unreported(self) -> tuple[str | None, list[tuple[str, date]]]:
        """Which load was the last, and the account-days that it and those before it left to be reported to Dagster."""
        with self:
            days = [(account, day) for account, day in self.rows("days_to_report")]
            return self.value("load_id"), days

    # Proofs

    def proofs(self, accounts: Iterable[str], check_name: str) -> ProofSummary:
        """The state of a proof; its newest failures, with account, day, expected, actual and difference."""
        of: dict[str, Any] = {"accounts": list(accounts), "check_name": check_name}
        with self:
            reasons = [reason for (reason,) in self.rows("proof_reasons", **of)]
            return _summary(
                self.records("proof_accounts", **of),
                reasons=reasons[:_FAILURES],
                failures=self.records("proof_failures", **of, most=_FAILURES),
            )

    def proved(self, accounts: Iterable[str]) -> ProofSummary:
        """The state of nav_history's column `proof`; the newest days that failed, with their failed proofs."""
        of = list(accounts)
        with self:
            by_account = self.records("proved_accounts", accounts=of)
            return _summary(
                by_account,
                reasons=["docs/proof.md says what each proof needs"] if by_account else [],
                failures=self.failed_days(of)[:_FAILURES],
            )

    def failed_days(self, accounts: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """The account-days with a proof that failed, the newest first, with these proofs; None: of all accounts."""
        return self.records("failed_days", accounts=_listed(accounts))

    # Tables, and the database as a whole

    def digests(self, tables: Iterable[str]) -> dict[str, str]:
        """One hash for each table's content: equal content, in whatever order it came, gives equal hashes.

        Reasons are not in it: they are sentences, whose words may change from version to version.
        """
        with self:
            return {table: str(self.value("digest", table=table)) for table in tables}

    def row_counts(self, tables: Iterable[str]) -> dict[str, int]:
        """How many rows each table has."""
        with self:
            return {table: int(self.value("row_count", table=table)) for table in tables}

    def duplicate_keys(self, keys: dict[str, Sequence[str]]) -> list[dict[str, Any]]:
        """The tables in which two rows have one key, with how many keys that concerns. keys: of each table."""
        with self:
            found = [self.records("duplicate_keys", table=table, key=list(key))[0] for table, key in keys.items()]
        return [row for row in found if row["keys"]]

    def unknown_costs(self) -> list[tuple[str, int, date]]:
        """The accounts whose newest positions have a cost unknown in base currency, with how many, and the day."""
        return [(account, count, day) for account, count, day in self.rows("unknown_costs")]

    def overview(self) -> Overview:
        """What the database is and holds, whichever version of this software wrote it."""
        with reading(self.path, any_version=True) as con:
            return Overview(origin=version.origin(con), **named(con.execute(sql("overview")))[0])


def _listed(accounts: Iterable[str] | None) -> list[str] | None:
    return None if accounts is None else list(accounts)


def _summary(
    by_account: Sequence[dict[str, Any]], *, reasons: Sequence[str], failures: Sequence[dict[str, Any]]
) -> ProofSummary:
    return ProofSummary(
        passed=sum(account["days passed"] for account in by_account),
        failed=sum(account["days failed"] for account in by_account),
        not_evaluable=sum(account["days not evaluable"] for account in by_account),
        reasons=tuple(reasons),
        failures=tuple(failures),
        accounts=tuple(by_account),
    )
