"""Events: trades, cash transactions, transfers. The newest statement that covers a day replaces that day's rows.

So a row that IBKR corrected or took back does not stay beside the new one. Which rows there are follows from the loaded
statements alone, whatever the order in which they came: a row stands unless a later statement covers its day, and rows
that are equal in all they state stand as often as in the statement that has most of them.
"""

from __future__ import annotations

import duckdb

from wealth_pipeline.statement.reader import Notes
from wealth_pipeline.tables.columns import MOMENT
from wealth_pipeline.tables.figures import TableSpec
from wealth_pipeline.warehouse.ddl import stage_name, texts

_LATER = "(f.when_generated, f.sha256) > "


def stage(con: duckdb.DuckDBPyConnection, table: TableSpec, notes: Notes) -> None:
    """Make `new_<table>` of the staged rows, each once for the whole file, with `told` (a hash of all it states).

    Equal rows of two FlexStatements are one, equal rows of one are several; but where all rows of one id are equal,
    that id was only repeated.
    """
    new = f"new_{table.name}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {new} AS"
        f" SELECT *, row_number() OVER (PARTITION BY ordinal, account_id, told ORDER BY row) AS place,"
        f" min(told) OVER same_id = max(told) OVER same_id AND transaction_id IS NOT NULL AS repeated"
        f" FROM (SELECT *, {_told(table)} AS told FROM (SELECT {', '.join(f'n.{c.name}' for c in table.read)},"
        f" n.ordinal, n.row, f.account_id AS statement_account_id, f.when_generated,"
        f" coalesce(n.report_date, CASE WHEN f.from_date = f.to_date THEN f.to_date END, {_days(table)}, f.to_date)"
        f" AS event_date FROM {stage_name(table.element)} n JOIN stage_statement f USING (ordinal)))"
        f" WINDOW same_id AS (PARTITION BY ordinal, account_id, transaction_id)"
    )
    (repeated,) = con.execute(f"DELETE FROM {new} WHERE repeated AND place > 1").fetchone() or (0,)
    if repeated:
        notes.add("repeated_row", table.name, count=repeated)
    con.execute(
        f"DELETE FROM {new} WHERE rowid IN (SELECT rowid FROM {new} QUALIFY row_number() OVER ("
        " PARTITION BY account_id, told, place ORDER BY when_generated DESC, ordinal DESC) > 1)"
    )


def merge(con: duckdb.DuckDBPyConnection, sha256: str, table: TableSpec) -> bool:
    """Bring the stored rows and those in `new_<table>` together; leaves the ones to be added in `ready_<table>`.

    False: there are neither rows to be added nor rows that went, and nothing more has to be done.
    """
    new, section = f"new_{table.name}", table.section.name
    file = {"sha256": sha256, "section": section}
    (gone,) = con.execute(
        f"DELETE FROM {table.name} t USING (SELECT *, $sha256 AS sha256 FROM stage_statement) f"
        f" WHERE list_contains(f.sections, $section) AND f.account_id = t.statement_account_id"
        f" AND t.event_date BETWEEN f.from_date AND f.to_date AND {_LATER}(t.known_since, t.statement_sha256)",
        file,
    ).fetchone() or (0,)
    if not gone and con.execute(f"SELECT 1 FROM {new} LIMIT 1").fetchone() is None:
        return False
    con.execute(
        f"DELETE FROM {new} n USING statement_accounts f"
        f" WHERE list_contains(f.sections, $section) AND f.account_id = n.statement_account_id AND f.sha256 <> $sha256"
        f" AND n.event_date BETWEEN f.from_date AND f.to_date AND {_LATER}(n.when_generated, $sha256)",
        file,
    )
    # What no statement covers is known again by all that it states; without a report date by its id.
    undated = "CASE WHEN report_date IS NULL AND transaction_id IS NOT NULL THEN transaction_id ELSE told END"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE stored_events AS SELECT *, row_number() OVER (PARTITION BY account_id, told"
        f" ORDER BY known_since DESC, statement_sha256 DESC) AS place FROM ("
        f" SELECT *, {undated} AS known_by FROM (SELECT rowid AS id, account_id, report_date, transaction_id,"
        f" known_since, statement_sha256, {_told(table)} AS told FROM {table.name}"
        f" SEMI JOIN {new} USING (account_id)))"
    )
    same = (
        f"FROM stored_events s JOIN (SELECT *, {undated} AS known_by FROM {new}) n"
        f" ON n.account_id = s.account_id AND n.known_by = s.known_by AND (n.place = s.place OR n.told <> s.told)"
    )
    newer = "(n.when_generated, $sha256) > (s.known_since, s.statement_sha256)"
    only = {"sha256": sha256}
    con.execute(f"CREATE OR REPLACE TEMP TABLE outdated AS SELECT s.id {same} WHERE {newer}", only)
    con.execute(f"DELETE FROM {new} WHERE row IN (SELECT n.row {same} WHERE NOT {newer})", only)
    con.execute(f"DELETE FROM {table.name} WHERE rowid IN (FROM outdated)")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE ready_{table.name} AS SELECT * EXCLUDE (ordinal, place, repeated, told,"
        f" when_generated), coalesce(transaction_id, told) AS row_id, when_generated AS known_since,"
        f" $sha256 AS statement_sha256 FROM {new}",
        only,
    )
    return True


def number(con: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """Give the rows of the statement's accounts their `row_id`: it depends on the rows that share an id."""
    con.execute(
        f"""UPDATE {table.name} t SET row_id = n.row_id FROM (
        SELECT rowid AS id, CASE WHEN transaction_id IS NULL THEN md5(told || '|' || place)
            WHEN alike > 1 THEN transaction_id || '/' || place ELSE transaction_id END AS row_id
        FROM (
            SELECT rowid, transaction_id, told, count(*) OVER (PARTITION BY account_id, transaction_id) AS alike,
                row_number() OVER (PARTITION BY account_id, coalesce(transaction_id, told)
                    ORDER BY event_date, told, known_since, statement_sha256) AS place
            FROM (SELECT *, rowid, {_told(table)} AS told FROM {table.name} WHERE account_id IN (
                SELECT account_id FROM stage_statement
                UNION SELECT account_id FROM {table.name} SEMI JOIN (
                    SELECT account_id AS statement_account_id FROM stage_statement) USING (statement_account_id)))
        )) n WHERE t.rowid = n.id AND t.row_id <> n.row_id"""
    )


def _days(table: TableSpec) -> str:
    """What says the day of a row without report date, in a FlexStatement of several days.

    A time is taken for New York's by its summer clock: what was done in the hour before a winter's midnight counts for
    the next day.
    """
    columns = {c.name: c for c in table.columns}
    return ", ".join(
        f"CAST({name} - INTERVAL 4 HOUR AS DATE)" if columns[name].type == MOMENT else name for name in table.event_days
    )


def _told(table: TableSpec) -> str:
    """A hash of all that a row states, and of the day it counts for."""
    names = (*(c.name for c in table.read), "event_date")
    return f"md5(concat_ws('|', {texts(names)}))"
