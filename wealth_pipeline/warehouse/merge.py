"""Merging a staged statement into the warehouse: history, derived figures, proofs."""

from __future__ import annotations

from datetime import date

import duckdb

from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.warehouse import events, periods, refuse, rules, versions
from wealth_pipeline.warehouse.ddl import EVENTS, FAMILIES, LATEST
from wealth_pipeline.warehouse.proofs import proofs


def merge(con: duckdb.DuckDBPyConnection, sha256: str) -> tuple[tuple[str, date], ...]:
    """Merge the staged rows into the warehouse; the changed account-days."""
    _describe_accounts(con, sha256)
    _latest(con, sha256, *(table for table in LATEST if table.name == "fx_rates"))
    versions.merge(con, sha256)
    rules.make(con, *rules.DERIVE)
    for family, tables in FAMILIES.items():
        if _empty(con, f"changed_{family}"):
            continue
        for table in tables:
            derived = table.name in ("positions", "position_lots", "cash_balances")
            versions.ready(con, table, f"{'derived' if derived else 'pool'}_{table.name}")
            refuse.broken_rules(con, table)
        versions.store(con, family)
    _latest(con, sha256, *(table for table in LATEST if table.name != "fx_rates"))
    if not _empty(con, "new_nav_changes"):
        rules.make(con, *rules.CHANGES_SEEN)
    rules.make(con, *rules.INCOME_TOUCHED)
    for table in EVENTS:
        if not events.merge(con, sha256, table):
            continue
        refuse.broken_rules(con, table)
        con.execute(f"INSERT INTO {table.name} BY NAME SELECT * EXCLUDE (row) FROM ready_{table.name}")
        events.number(con, table)
    rules.make(con, *rules.CASH_IN_BASE)
    if not _empty(con, "trades WHERE fx_rate_to_base IS NULL OR commission_currency <> currency OR taxes_base IS NULL"):
        rules.make(con, *rules.TRADES_IN_BASE)
    rules.make(con, *rules.PROVE)
    returns(con)
    rules.make(con, *rules.INCOME)
    rules.run(con, proofs.reconciling())
    rules.make(con, *rules.KEPT_RETURNS)
    rules.make(con, *rules.HISTORY)
    rules.make(con, *rules.HOUSEHOLD_TOUCHED)
    household(con)
    changed = con.execute("SELECT account_id, report_date FROM days_changed ORDER BY ALL").fetchall()
    return tuple(changed)


def returns(con: duckdb.DuckDBPyConnection) -> None:
    """Make the returns of the days that changed, and of all days of an account of which another rule is learned."""
    rules.make(con, *rules.RETURN_DAYS)
    if _learn(con):
        _learn(con)
    if not _empty(con, "window_trials"):
        rules.make(con, *rules.FAILED_WINDOWS)
    rules.make(con, *rules.RETURNS)


def _learn(con: duckdb.DuckDBPyConnection) -> bool:
    """Find out how IBKR counts the flows of `return_days`; whether there are more of these days now."""
    rules.make(con, *rules.STEPS)
    if not _empty(con, "return_steps ANTI JOIN (FROM exact_changes WHERE is_exact) USING (account_id, report_date)"):
        rules.make(con, *rules.AGREED)
    rules.make(con, *rules.TRIALS)
    periods = "nav_changes c SEMI JOIN return_days d ON d.account_id = c.account_id AND"
    if not _empty(con, f"{periods} d.report_date BETWEEN c.from_date AND c.to_date WHERE c.from_date < c.to_date"):
        rules.make(con, *rules.WINDOW_TRIALS)
    rules.make(con, *rules.LEARNED)
    if _empty(con, "changed_rules"):
        return False
    rules.make(con, *rules.LEARN)
    return not _empty(con, "return_days ANTI JOIN return_steps USING (account_id, report_date)")


def household(con: duckdb.DuckDBPyConnection) -> None:
    """Make the household's returns of the days in `household_touched`, and of those on which another account counts.

    Then the periods of all returns that changed.
    """
    rules.make(con, *rules.HOUSEHOLD_SPAN)
    if not _empty(con, "household_span"):
        rules.make(con, *rules.HOUSEHOLD_DAYS)
        near = "transfers JOIN household_span ON report_date BETWEEN first - 42 AND last + 42"
        rules.make(con, *(rules.NO_TRANSFERS if _empty(con, near) else rules.HOUSEHOLD_TRANSFERS))
        rules.make(con, *rules.HOUSEHOLD)
    rules.make(con, *rules.CHANGED_RETURNS)
    if not _empty(con, "changed_returns"):
        periods.make(con)


def follow_settings(con: duckdb.DuckDBPyConnection) -> None:
    """Make the household's returns again where the settings or accounts.toml change who belongs to it."""
    con.execute("CREATE OR REPLACE TEMP TABLE return_days (account_id VARCHAR, report_date DATE)")
    con.execute("CREATE OR REPLACE TEMP TABLE household_touched (first DATE, last DATE)")
    household(con)


def _describe_accounts(con: duckdb.DuckDBPyConnection, sha256: str) -> None:
    """Write what the statement says of its accounts, and note in `rebased` whose base currency it changes.

    `bases` is then every account's base currency, without what else the view `accounts` looks up.
    """
    known = "SELECT account_id, arg_max(base_currency, (when_generated, sha256)) AS base_currency"
    con.execute(f"CREATE OR REPLACE TEMP TABLE bases_before AS {known} FROM account_descriptions GROUP BY account_id")
    fields = ", ".join(
        f"arg_max(a.{c.name}, (f.when_generated, f.ordinal)) AS {c.name}"
        for c in TABLES[0].read
        if c.name not in ("account_id", "base_currency")
    )
    con.execute(
        f"""INSERT INTO account_descriptions BY NAME
        SELECT account_id, {fields}, arg_max(b.base_currency, (f.when_generated, f.ordinal)) AS base_currency,
            $sha256 AS sha256, max(f.when_generated) AS when_generated
        FROM stage_base b JOIN (SELECT ordinal, when_generated FROM stage_statement) f USING (ordinal)
            LEFT JOIN stage_account_information a USING (ordinal, account_id)
        GROUP BY account_id""",
        {"sha256": sha256},
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE bases AS {known} FROM account_descriptions GROUP BY account_id")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE rebased AS
        SELECT a.account_id FROM bases a JOIN bases_before b USING (account_id)
        WHERE a.base_currency IS DISTINCT FROM b.base_currency"""
    )


def _latest(con: duckdb.DuckDBPyConnection, sha256: str, *tables: TableSpec) -> None:
    """Merge the tables in which the latest statement wins, scope by scope."""
    for table in tables:
        scope = ", ".join(table.scope)
        if table.section.empty:
            _forget_emptied(con, sha256, table)
        # An empty stage needs none of this; fx_rates must leave its changes, none included.
        if _empty(con, f"new_{table.name}") and table.name != "fx_rates":
            continue
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE ready_{table.name} AS"
            f" SELECT * EXCLUDE (ordinal, row), min(row) AS row, $sha256 AS statement_sha256"
            f" FROM (SELECT * FROM new_{table.name}"
            f" JOIN (SELECT ordinal, when_generated AS known_since FROM stage_statement) USING (ordinal)"
            f" QUALIFY ordinal = first(ordinal) OVER (PARTITION BY {scope} ORDER BY known_since DESC, ordinal DESC))"
            f" GROUP BY ALL",
            {"sha256": sha256},
        )
        refuse.broken_rules(con, table)
        if table.name == "fx_rates":
            con.execute(
                "CREATE OR REPLACE TEMP TABLE rate_changes AS SELECT report_date, from_currency, to_currency"
                " FROM ready_fx_rates ANTI JOIN fx_rates USING (report_date, from_currency, to_currency, rate)"
            )
        same = " AND ".join(f"t.{column} = n.{column}" for column in table.scope)
        con.execute(
            f"DELETE FROM {table.name} t USING (SELECT DISTINCT {scope}, known_since, statement_sha256"
            f" FROM ready_{table.name}) n WHERE {same}"
            " AND (t.known_since, t.statement_sha256) <= (n.known_since, n.statement_sha256)"
        )
        con.execute(
            f"INSERT INTO {table.name} BY NAME SELECT * EXCLUDE (row) FROM ready_{table.name}"
            f" ANTI JOIN {table.name} USING ({scope})"
        )


def _forget_emptied(con: duckdb.DuckDBPyConnection, sha256: str, table: TableSpec) -> None:
    """Take out the rows of a period of which a later statement has the section: it states all that there was of it.

    Both those that are stored and those of this file, so that the order in which they come does not matter.
    """
    of_period = "f.account_id = t.account_id AND f.from_date = t.from_date AND f.to_date = t.to_date"
    file = {"sha256": sha256, "section": table.section.name}
    con.execute(
        f"DELETE FROM {table.name} t USING stage_statement f WHERE list_contains(f.sections, $section) AND {of_period}"
        " AND (f.when_generated, $sha256) > (t.known_since, t.statement_sha256)",
        file,
    )
    con.execute(
        f"DELETE FROM new_{table.name} t USING statement_accounts f, stage_statement s"
        f" WHERE list_contains(f.sections, $section) AND {of_period} AND s.ordinal = t.ordinal"
        " AND (f.when_generated, f.sha256) > (s.when_generated, $sha256)",
        file,
    )


def _empty(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None
