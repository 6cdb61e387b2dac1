"""Warehouses with years of history: one day's load, copied by SQL for every weekday before it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from itertools import islice
from pathlib import Path

import duckdb

from benchmarks import statements
from benchmarks.measure import ROOT
from wealth_pipeline.warehouse.folder import DataFolder
from wealth_pipeline.warehouse.warehouse import Warehouse

#: A weekday and the days after it, whose statements are loaded on top of the history.
TODAY, *NEXT_DAYS = islice(statements.weekdays(statements.FIRST_DAY + timedelta(days=3654)), 6)
_WEEKDAYS_A_YEAR = 261
#: Figures that move from day to day; with the same figure every day a column would take no space and no time.
_MOVING = ("mark_price", "position_value", "position_value_base", "nav_value_base", "unrealized_pnl", "total", "stock")


def day_file(folder: Path, accounts: int, number: int, positions: int = statements.POSITIONS) -> Path:
    """The statement of a day: 0 is the one that histories are made from, 1 and more follow it."""
    path = folder / f"day-{accounts}-{positions}-{number}.xml"
    if not path.exists():
        path.write_bytes(b"".join(statements.statement(accounts, [(TODAY, *NEXT_DAYS)[number]], positions)))
    return path


def build(root: Path, accounts: int, years: float, positions: int = statements.POSITIONS) -> Path:
    """A data folder whose published database holds so many years of these accounts.

    Its figures of a day don't go together with those of the day before; `flows` sees to it that the NAV's do.
    """
    first = day_file(root, accounts, 0, positions)
    folder = DataFolder(root / f"history-{accounts}-{positions}-{years:g}")
    subprocess.run(
        [sys.executable, "-m", "benchmarks.actions", "imported", str(folder.root), str(first)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    with duckdb.connect(str(folder.warehouse)) as con:
        _extend(con, round(years * _WEEKDAYS_A_YEAR))
    Warehouse(folder).publish()
    return folder.root


def _extend(con: duckdb.DuckDBPyConnection, weekdays: int) -> None:
    """Put the loaded day's rows once more for each of so many weekdays before it, in the order of days."""
    days = {"today": TODAY, "weekdays": weekdays}
    con.execute(
        "CREATE TEMP TABLE earlier AS SELECT n, CAST(day AS DATE) - $today AS shift FROM"
        " (SELECT day, row_number() OVER (ORDER BY day DESC) AS n FROM generate_series($today - INTERVAL 20 YEAR,"
        "  $today - INTERVAL 1 DAY, INTERVAL 1 DAY) d(day) WHERE isodow(day) < 6) WHERE n <= $weekdays ORDER BY n DESC",
        days,
    )
    columns = con.execute("SELECT table_name, list(column_name) FROM duckdb_columns() JOIN duckdb_tables()"
        " USING (table_name) WHERE NOT duckdb_tables.temporary GROUP BY ALL").fetchall()  # fmt: skip
    for table, names in columns:
        moved = {
            name: f"t.{name} + CAST(e.shift AS INTEGER)"
            for name in ("report_date", "previous_date", "from_date", "to_date")
        }
        moved |= {
            name: f"t.{name} + to_days(CAST(e.shift AS INTEGER))"
            for name in ("known_from", "known_since", "when_generated", "fetched_at")
        }
        moved |= {name: f"sha256(t.{name} || e.n)" for name in ("sha256", "statement_sha256")}
        moved |= {name: f"t.{name} + CAST((e.n * 7919 + hash(t.account_id)) % 9973 AS INTEGER)" for name in _MOVING}
        replaced = [f"{moved[name]} AS {name}" for name in names if name in moved]
        if replaced and table != "account_descriptions":
            if "report_date" in names:
                # A statement's NAV has the day before as well; here that day gets rows of its own.
                con.execute(f"DELETE FROM {table} WHERE report_date < $today AND $weekdays > 0", days)
            con.execute(f"CREATE TEMP TABLE day AS FROM {table}")
            con.execute(
                f"INSERT INTO {table} SELECT t.* REPLACE ({', '.join(replaced)}) FROM earlier e, day t"
                " ORDER BY e.n DESC"
            )
            con.execute("DROP TABLE day")


#: What moved each NAV since the one before: on one day of forty a deposit, on one of eighty a withdrawal. IBKR: the
#: return is of what was there and what came in, in percent with nine decimals.
_MOVES = """CREATE TEMP TABLE moves AS
SELECT *, total - started - flow AS mtm, CAST(100 * (total / (started + flow) - 1) AS DECIMAL(28,9)) AS twr
FROM (
    SELECT account_id, report_date, total, coalesce(lag(total) OVER of_account, 0) AS started,
        CASE WHEN started = 0 THEN total WHEN hash(account_id, report_date) % 40 = 0 THEN 5000
             WHEN hash(account_id, report_date) % 80 = 1 THEN -3000 ELSE 0 END AS flow
    FROM nav WINDOW of_account AS (PARTITION BY account_id ORDER BY report_date)
)"""
#: Which of these figures each component of Change in NAV and of the Cash Report states.
_STATED = {
    "nav_changes": {
        "startingValue": "started", "depositsWithdrawals": "flow", "mtm": "mtm", "endingValue": "total", "twr": "twr",
    },
    "cash_flows": {"depositWithdrawals": "flow"},
}  # fmt: skip


def flows(folder: Path) -> None:
    """Give every NAV of a history what moved it: deposits and withdrawals, by all sections, and IBKR's return."""
    with duckdb.connect(str(DataFolder(folder).warehouse)) as con:
        con.execute(_MOVES)
        for table, components in _STATED.items():
            cases = " ".join(f"WHEN '{component}' THEN {figure}" for component, figure in components.items())
            con.execute(
                f"UPDATE {table} t SET amount = CASE component {cases} END FROM moves m"
                " WHERE m.account_id = t.account_id AND m.report_date = t.to_date"
                f" AND component IN ({', '.join(map(repr, components))})"
            )
        con.execute(
            "INSERT INTO cash_transactions BY NAME SELECT account_id, account_id AS statement_account_id, report_date,"
            " report_date AS event_date, sha256(account_id || report_date) AS row_id, 'USD' AS currency,"
            " 'Deposits/Withdrawals' AS type, flow AS amount, 1 AS fx_rate_to_base, n.statement_sha256, n.known_since"
            " FROM moves JOIN (SELECT account_id, report_date, statement_sha256, known_since FROM nav) n"
            " USING (account_id, report_date) WHERE flow <> 0"
        )
