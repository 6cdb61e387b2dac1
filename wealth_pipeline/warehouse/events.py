"""Events: trades, cash transactions, transfers. The newest statement that covers a day replaces that day's rows.

So a row that IBKR corrected or took back does not stay beside the new one. Which rows there are follows from the loaded
statements alone, whatever the order in which they came: a row stands unless a later statement covers its day, and rows
that are equal in all they state stand as often as in the statement that has most of them.
"""

from __future__ import annotations

import duckdb

from wealth_pipeline.statement.notes import Notes
from wealth_pipeline.tables.columns import MOMENT
from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.warehouse.ddl import stage_name, texts


def stage(con: duckdb.DuckDBPyConnection, table: TableSpec, notes: Notes) -> None:
    """Make `new_<table>` of the staged rows, each once for the whole file, with `row_hash` (of all that it states).

    Equal rows of two FlexStatements are one, equal rows of one are several; but where all rows of one id are equal,
    that id was only repeated.
    """
    con.execute(_staged(table))
    (repeated,) = con.execute(_without_repeated(table)).fetchone() or (0,)
    if repeated:
        notes.add("repeated_row", table.name, count=repeated)
    con.execute(_united(table))


def merge(con: duckdb.DuckDBPyConnection, sha256: str, table: TableSpec) -> bool:
    """Bring the stored rows and those in `new_<table>` together; leaves the ones to be added in `ready_<table>`.

    False: there are neither rows to be added nor rows that went, and nothing more has to be done.
    """
    only, file = {"sha256": sha256}, {"sha256": sha256, "section": table.section.name}
    (gone,) = con.execute(_replaced(table), file).fetchone() or (0,)
    if not gone and con.execute(f"SELECT 1 FROM new_{table.name} LIMIT 1").fetchone() is None:
        return False
    con.execute(_superseded(table), file)
    con.execute(_stored(table))
    con.execute(_outdated(table), only)
    con.execute(_known(table), only)
    con.execute(_without_outdated(table))
    con.execute(_ready(table), only)
    return True


def number(con: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """Give the rows of the statement's accounts their `row_id`: it depends on the rows that share an id."""
    con.execute(_numbered(table))


def statements(table: TableSpec) -> list[str]:
    """All SQL that is made for a table, in the order in which it runs."""
    made = (
        _staged, _without_repeated, _united, _replaced, _superseded, _stored, _outdated, _known, _without_outdated,
        _ready, _numbered,
    )  # fmt: skip
    return [sql(table) for sql in made]


def _staged(table: TableSpec) -> str:
    stated = ", ".join(f"n.{c.name}" for c in table.read)
    return f"""CREATE OR REPLACE TEMP TABLE new_{table.name} AS
SELECT *, row_number() OVER (PARTITION BY ordinal, account_id, row_hash ORDER BY row) AS place,
    min(row_hash) OVER same_id = max(row_hash) OVER same_id AND transaction_id IS NOT NULL AS repeated
FROM (
    SELECT *, {_row_hash(table)} AS row_hash
    FROM (
        SELECT {stated},
            n.ordinal, n.row, f.account_id AS statement_account_id, f.when_generated,
            coalesce(n.report_date, CASE WHEN f.from_date = f.to_date THEN f.to_date END,
                {_days(table)}, f.to_date) AS event_date
        FROM {stage_name(table.element)} n JOIN stage_statement f USING (ordinal)
    )
)
WINDOW same_id AS (PARTITION BY ordinal, account_id, transaction_id)"""


def _without_repeated(table: TableSpec) -> str:
    return f"DELETE FROM new_{table.name} WHERE repeated AND place > 1"


def _united(table: TableSpec) -> str:
    return f"""DELETE FROM new_{table.name} WHERE rowid IN (
    SELECT rowid FROM new_{table.name}
    QUALIFY row_number() OVER (
        PARTITION BY account_id, row_hash, place ORDER BY when_generated DESC, ordinal DESC) > 1)"""


def _replaced(table: TableSpec) -> str:
    """The stored rows of the days that this statement covers go, where it is the later one."""
    return f"""DELETE FROM {table.name} t USING (SELECT *, $sha256 AS sha256 FROM stage_statement) f
WHERE list_contains(f.sections, $section) AND f.account_id = t.statement_account_id
    AND t.event_date BETWEEN f.from_date AND f.to_date
    AND (f.when_generated, f.sha256) > (t.known_since, t.statement_sha256)"""


def _superseded(table: TableSpec) -> str:
    """Its own rows go of the days that a later statement covers, or a later FlexStatement of this file.

    Those of one period are united, whichever is the later one.
    """
    return f"""DELETE FROM new_{table.name} n USING statement_accounts f, stage_statement s
WHERE list_contains(f.sections, $section) AND f.account_id = n.statement_account_id AND s.ordinal = n.ordinal
    AND n.event_date BETWEEN f.from_date AND f.to_date
    AND (f.when_generated, f.sha256) > (n.when_generated, $sha256)
    AND (f.sha256 <> $sha256 OR f.from_date <> s.from_date OR f.to_date <> s.to_date)"""


#: What no statement covers is known again by all that it states; without a report date by its id.
_KNOWN_BY = (
    "CASE WHEN report_date IS NULL AND transaction_id IS NOT NULL THEN transaction_id ELSE row_hash END AS known_by"
)


def _stored(table: TableSpec) -> str:
    return f"""CREATE OR REPLACE TEMP TABLE stored_events AS
SELECT *, row_number() OVER (
    PARTITION BY account_id, row_hash ORDER BY known_since DESC, statement_sha256 DESC) AS place
FROM (
    SELECT *, {_KNOWN_BY}
    FROM (
        SELECT rowid AS id, account_id, report_date, transaction_id, known_since, statement_sha256,
            {_row_hash(table)} AS row_hash
        FROM {table.name} SEMI JOIN new_{table.name} USING (account_id)
    )
)"""


def _same(table: TableSpec) -> str:
    """The pairs of a stored and a new row that are one event."""
    return f"""FROM stored_events s JOIN (SELECT *, {_KNOWN_BY} FROM new_{table.name}) n
    ON n.account_id = s.account_id AND n.known_by = s.known_by AND (n.place = s.place OR n.row_hash <> s.row_hash)"""


_NEWER = "(n.when_generated, $sha256) > (s.known_since, s.statement_sha256)"


def _outdated(table: TableSpec) -> str:
    return f"CREATE OR REPLACE TEMP TABLE outdated AS\nSELECT s.id {_same(table)}\nWHERE {_NEWER}"


def _known(table: TableSpec) -> str:
    return f"DELETE FROM new_{table.name} WHERE row IN (\nSELECT n.row {_same(table)}\nWHERE NOT {_NEWER})"


def _without_outdated(table: TableSpec) -> str:
    return f"DELETE FROM {table.name} WHERE rowid IN (FROM outdated)"


def _ready(table: TableSpec) -> str:
    return f"""CREATE OR REPLACE TEMP TABLE ready_{table.name} AS
SELECT * EXCLUDE (ordinal, place, repeated, row_hash, when_generated), coalesce(transaction_id, row_hash) AS row_id,
    when_generated AS known_since, $sha256 AS statement_sha256
FROM new_{table.name}"""


def _numbered(table: TableSpec) -> str:
    return f"""UPDATE {table.name} t SET row_id = n.row_id
FROM (
    SELECT rowid AS id, CASE WHEN transaction_id IS NULL THEN md5(row_hash || '|' || place)
        WHEN alike > 1 THEN transaction_id || '/' || place ELSE transaction_id END AS row_id
    FROM (
        SELECT rowid, transaction_id, row_hash, count(*) OVER (PARTITION BY account_id, transaction_id) AS alike,
            row_number() OVER (PARTITION BY account_id, coalesce(transaction_id, row_hash)
                ORDER BY event_date, row_hash, known_since, statement_sha256) AS place
        FROM (
            SELECT *, rowid, {_row_hash(table)} AS row_hash
            FROM {table.name} WHERE account_id IN (
                SELECT account_id FROM stage_statement
                UNION SELECT account_id FROM {table.name} SEMI JOIN (
                    SELECT account_id AS statement_account_id FROM stage_statement) USING (statement_account_id))
        )
    )
) n
WHERE t.rowid = n.id AND t.row_id <> n.row_id"""


def _days(table: TableSpec) -> str:
    """What says the day of a row without report date, in a FlexStatement of several days.

    A time is taken for New York's by its summer clock: what was done in the hour before a winter's midnight counts for
    the next day.
    """
    columns = {c.name: c for c in table.columns}
    return ", ".join(
        f"CAST({name} - INTERVAL 4 HOUR AS DATE)" if columns[name].type == MOMENT else name for name in table.event_days
    )


def _row_hash(table: TableSpec) -> str:
    """A hash of all that a row states, and of the day it counts for."""
    names = (*(c.name for c in table.read), "event_date")
    return f"md5(concat_ws('|', {texts(names)}))"
