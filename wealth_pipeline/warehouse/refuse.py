"""What refuses a statement: nothing of it is loaded, and the reason names the row and the attribute."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pandas as pd
import pandera.errors
import pyarrow as pa

from wealth_pipeline.statement.frame import StatementError
from wealth_pipeline.statement.notes import Notes
from wealth_pipeline.tables.columns import Column
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.tables.sections import SIDE_ELEMENTS
from wealth_pipeline.text import inline
from wealth_pipeline.warehouse.ddl import stage_name

_VALIDATED_ROWS = 25_000
#: What is advised where the file itself is odd.
REPORT = "Nothing of this file was loaded. If IBKR really sends this, please report it."
#: What is advised where the query lacks a field.
_TICK = "Tick that field in the Flex query and download the statement again; nothing was loaded."
#: What must be the same of a position in two FlexStatements of one account and period: what the NAV rests on.
_CORE = {
    "positions": (
        "account_id", "model", "report_date", "conid", "security_id", "symbol", "asset_class", "currency", "quantity",
        "position_value", "fx_rate_to_base",
    ),
}  # fmt: skip


def too_large() -> StatementError:
    """A figure that DuckDB's decimals cannot hold."""
    return StatementError("A figure, or a sum or product of figures, has more than 16 digits before the point", REPORT)


def differing_versions(con: duckdb.DuckDBPyConnection, notes: Notes) -> None:
    """Two FlexStatements of one account and period may differ in their sides, which is noted, never in their core.

    Of two that differ in their core neither can be chosen: it may be two accounts. Of the sides, events are united,
    and states come from the later one, as what a position states besides its core does.
    """
    twice = con.execute(
        "SELECT list(ordinal ORDER BY ordinal), account_id, from_date, to_date FROM stage_statement"
        " GROUP BY account_id, from_date, to_date HAVING count(*) > 1"
    ).fetchall()
    for ordinals, account, first, last in twice:
        for table in TABLES:
            if table.name in ("accounts", "securities"):
                continue
            whole = (*(c.name for c in table.read), *(("component", "amount") if table.melt else ()))
            if not (_contradict(con, ordinals) if table.name == "fx_rates" else _differ(con, table, ordinals, whole)):
                continue
            side = table.element in SIDE_ELEMENTS or table.name == "position_lots"
            if side or (table.name in _CORE and not _differ(con, table, ordinals, _CORE[table.name])):
                notes.add("statements_differ", table.element)
            else:
                raise StatementError(
                    f"FlexStatements {ordinals[0]} and {ordinals[1]} are both of account '{inline(account[:40])}',"
                    f" {first} to {last}, with different {table.element} rows",
                    "If two accounts share an alias, switch Display Account Alias in Place of Account ID off in the"
                    " query; nothing of this file was loaded.",
                )


def _differ(con: duckdb.DuckDBPyConnection, table: TableSpec, ordinals: list[int], names: Sequence[str]) -> bool:
    """Whether FlexStatements state these columns differently; a section that only one of them has contradicts none."""
    stated = ", ".join(names)
    found = con.execute(
        f"WITH stated AS (SELECT DISTINCT ordinal, {stated} FROM {_compared(table)} WHERE list_contains(?, ordinal))"
        f" SELECT 1 FROM stated GROUP BY {stated} HAVING count(*) < (SELECT count(DISTINCT ordinal) FROM stated)"
        " LIMIT 1",
        [ordinals],
    )
    return found.fetchone() is not None


def _contradict(con: duckdb.DuckDBPyConnection, ordinals: list[int]) -> bool:
    """Whether FlexStatements state other conversion rates; more of them contradict none."""
    found = con.execute(
        "SELECT 1 FROM new_fx_rates WHERE list_contains(?, ordinal)"
        " GROUP BY report_date, from_currency, to_currency HAVING min(rate) <> max(rate) LIMIT 1",
        [ordinals],
    )
    return found.fetchone() is not None


def _compared(table: TableSpec) -> str:
    """Where a table's rows stand before those that two FlexStatements have in common are one."""
    return stage_name(table.element) if table.events else f"new_{table.name}"


def keyless(con: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """A row without what identifies it (a NAV row without its report date) cannot be put anywhere."""
    for column in table.columns:
        if column.name in table.key and column.attribute and not column.nullable:
            first = con.execute(f"SELECT min(row) FROM new_{table.name} WHERE {column.name} IS NULL").fetchone()
            if first and first[0] is not None:
                raise _lacking(con, table, column, first[0])


def _lacking(con: duckdb.DuckDBPyConnection, table: TableSpec, column: Column, row: int) -> StatementError:
    """What to say of a row without a value: the query lacks the field only where no row has it."""
    others = con.execute(f"SELECT 1 FROM {stage_name(table.element)} WHERE {column.name} IS NOT NULL LIMIT 1")
    return StatementError(
        f"{table.element} row {row} has no {column.attribute}", REPORT if others.fetchone() else _TICK
    )


def duplicates(con: duckdb.DuckDBPyConnection, table: TableSpec, notes: Notes) -> None:
    """A row that is there twice counts once; of two different rows for one thing neither can be chosen."""
    key = ", ".join(table.key)
    if not con.execute(
        f"SELECT 1 FROM new_{table.name} GROUP BY ordinal, {key} HAVING count(*) > 1 LIMIT 1"
    ).fetchone():
        return
    names = [*(c.name for c in table.read), *(["amount"] if table.melt else []), *table.key]
    stated = ", ".join(f"n.{name}" for name in dict.fromkeys(names))
    twice = con.execute(
        f"SELECT min(row), max(row) FROM (SELECT ordinal, min(row) AS row, {stated} FROM new_{table.name} n"
        f" GROUP BY ordinal, {stated}) GROUP BY ordinal, {key} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
    ).fetchone()
    if twice:
        raise StatementError(
            f"{table.element} rows {twice[0]} and {twice[1]} both state the same {' and '.join(table.key)}"
            f" of {table.name}, with different figures",
            REPORT,
        )
    (repeated,) = con.execute(
        f"DELETE FROM new_{table.name} WHERE rowid IN (SELECT rowid FROM (SELECT rowid, row_number() OVER"
        f" (PARTITION BY ordinal, {stated} ORDER BY row) AS place FROM new_{table.name} n) WHERE place > 1)"
    ).fetchone() or (0,)
    notes.add("repeated_row", table.name, count=repeated)


def broken_rules(con: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """Check `ready_<table>` against the table's Pandera model; raises StatementError naming row and attribute."""
    ruled = [c for c in table.columns if c.name in table.rules.columns]
    columns = ", ".join(
        "known_from AS known_since" if table.family and c.name == "known_since" else c.name for c in ruled
    )
    target = pa.schema([(c.name, c.type) for c in ruled])
    # Closed whatever happens: with a result still open DuckDB refuses the rollback, and any other query.
    with con.sql(f"SELECT {columns}, row FROM ready_{table.name}").to_arrow_reader(_VALIDATED_ROWS) as reader:
        broken = next(filter(None, (_rules_broken_by(table, target, batch) for batch in reader)), None)
    if broken:
        raise _refused(con, table, *broken)


def _rules_broken_by(
    table: TableSpec, target: pa.Schema, batch: pa.RecordBatch
) -> tuple[pa.Table, pandera.errors.SchemaErrors] | None:
    rows = pa.Table.from_batches([batch])
    try:
        table.rules.validate(rows.select(target.names).cast(target).to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return rows, errors
    return None


def _refused(
    con: duckdb.DuckDBPyConnection, table: TableSpec, rows: pa.Table, errors: pandera.errors.SchemaErrors
) -> StatementError:
    # The first failure, without its value: it may be personal, and error texts reach Dagster's event log.
    first = errors.failure_cases.iloc[0]
    column = next((c for c in table.columns if c.name == first["column"]), None)
    row = rows["row"][int(first["index"])].as_py() if pd.notna(first["index"]) else None
    attribute = column.attribute or column.name if column else first["column"]
    if first["check"] == "not_nullable" and column and column.attribute and row:
        return _lacking(con, table, column, row)
    return StatementError(
        f"{table.element}{f' row {row}' if row else ''}: {attribute} breaks the rule {first['check']}"
        f" of the table {table.name}",
        REPORT,
    )
