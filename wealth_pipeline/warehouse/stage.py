"""Staging a statement: its rows as they stand in the file, in temporary tables, and of them those that count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import duckdb
import pyarrow as pa

from wealth_pipeline.statement.frame import StatementError
from wealth_pipeline.statement.notes import Notes
from wealth_pipeline.statement.reader import StatementReader
from wealth_pipeline.statement.rows import Batch
from wealth_pipeline.statement.vocabulary import RATIOS, declared, open_elements
from wealth_pipeline.tables.columns import AMOUNT, SQL_TYPES
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.sections import MODEL_ELEMENTS, OF_NO_ACCOUNT, SIDE_ELEMENTS
from wealth_pipeline.warehouse import aside, events, refuse, rules
from wealth_pipeline.warehouse.ddl import EVENTS, insert, stage_name

#: IBKR: "Realized P/L is not ready and has been disabled for this statement."
_NOT_READY = re.compile(r"(P\W*(/|&|and)\W*L\b|profit\W*(/|&|and)\W*loss).*\bnot\b.*\bready", re.IGNORECASE)
_AMOUNTS = {"ordinal": "INTEGER", "row": "BIGINT", "component": "VARCHAR", "amount": SQL_TYPES[AMOUNT]}
_STATEMENT = {
    "ordinal": "INTEGER", "account_id": "VARCHAR", "from_date": "DATE", "to_date": "DATE",
    "when_generated": "TIMESTAMP", "sections": "VARCHAR[]", "pnl_ready": "BOOLEAN",
}  # fmt: skip


def read(con: duckdb.DuckDBPyConnection, reader: StatementReader) -> set[str]:
    """Read the file into temporary tables, one an element; the elements that it has rows of."""
    con.execute(stage_tables())
    present = _stage_rows(con, reader)
    statements = pa.Table.from_pylist(
        [vars(s) for s in reader.statements],
        pa.schema(
            [
                ("ordinal", pa.int32()),
                ("account_id", pa.string()),
                ("from_date", pa.date32()),
                ("to_date", pa.date32()),
                ("when_generated", pa.timestamp("us")),
                ("sections", pa.list_(pa.string())),
            ]
        ),
    )
    insert(con, "stage_statement", statements)
    _take_out_unready_profits(con, reader)
    aside.begin(con, reader.set_aside)
    return present


def sort_out(con: duckdb.DuckDBPyConnection, reader: StatementReader, present: set[str], sha256: str) -> None:
    """Make of the rows as they stand in the file those that count, in `new_<table>`."""
    con.execute("INSERT INTO statement_accounts BY NAME SELECT ? AS sha256, * FROM stage_statement", [sha256])
    for element in sorted(present - OF_NO_ACCOUNT):
        _leave_out_sums(con, element, reader.notes)
    rules.make(con, *rules.SUMS)
    aside.settle(con, reader.set_aside)
    for element in sorted(present):
        _fill(con, element, reader.notes)
        if element in MODEL_ELEMENTS:
            _add_up_models(con, element, reader.notes)
    rules.make(con, *rules.COST)
    rules.make(con, *rules.PREPARE)
    aside.move(con, "OpenPosition", "row IN (FROM stray_lots)", "no SUMMARY row of its account and day is its position")
    aside.incomplete(con, present)
    if reader.two_digit_years:
        rules.make(con, *rules.UNMATURED)
    con.execute(unknown_values())
    rules.make(con, *rules.ROWS)
    for table in EVENTS:
        events.stage(con, table, reader.notes)
    refuse.differing_versions(con, reader.notes)
    for table in TABLES:
        if table.key and table.element in present and table.name != "accounts" and not table.events:
            if table.family:
                refuse.keyless(con, table)
            if table.element in SIDE_ELEMENTS:
                aside.contradictory(con, table)
            refuse.duplicates(con, table, reader.notes)


def write_notes(con: duckdb.DuckDBPyConnection, sha256: str, notes: Notes) -> None:
    """Write what was seen and not loaded as it stands in the file, or is not as it should be."""
    noted = sorted(notes.counts.items())
    if noted:
        insert(
            con,
            "statement_notes",
            pa.table(
                {
                    "sha256": pa.array([sha256] * len(noted), pa.string()),
                    "kind": [kind for (kind, _), _ in noted],
                    "name": [name for (_, name), _ in noted],
                    "count": [count for _, count in noted],
                    "sample": pa.array([notes.samples.get(key) for key, _ in noted], pa.string()),
                }
            ),
        )
    con.execute("INSERT INTO statement_notes BY NAME SELECT ? AS sha256, kind, name, count FROM dropped", [sha256])


def _take_out_unready_profits(con: duckdb.DuckDBPyConnection, reader: StatementReader) -> None:
    """Mark in `pnl_ready` the FlexStatements whose profit and loss IBKR says is not ready, and make its zeros NULL.

    It stays NULL where no section with profits and losses is there: such a statement says nothing of them.
    """
    sections = sorted({table.section.name for table in TABLES if any(c.profit for c in table.read)})
    con.execute("UPDATE stage_statement SET pnl_ready = true WHERE list_has_any(sections, ?)", [sections])
    not_ready = sorted({ordinal for ordinal, words in reader.messages if _NOT_READY.search(words)})
    if not not_ready:
        return
    con.execute("CREATE OR REPLACE TEMP TABLE said_not_ready AS SELECT unnest(?) AS ordinal", [not_ready])
    con.execute(profits())
    rules.make(con, *rules.PROFIT)
    for element, names in _profit_columns().items():
        con.execute(
            f"UPDATE {stage_name(element)} SET {', '.join(f'{name} = NULL' for name in names)}"
            " WHERE ordinal IN (SELECT ordinal FROM stage_statement WHERE NOT pnl_ready)"
        )
    (unready,) = con.execute("SELECT count(*) FROM stage_statement WHERE NOT pnl_ready").fetchone() or (0,)
    if unready:
        reader.notes.add("profit_not_ready", "FlexStatement", count=unready)


@cache
def profits() -> str:
    """All stated profits and losses, as profit.sql asks for them."""
    amounts = [
        f"SELECT ordinal, {name} AS amount FROM {stage_name(element)}"
        for element, names in _profit_columns().items()
        for name in names
    ]
    return f"CREATE OR REPLACE TEMP VIEW profits AS\n{f'{chr(10)}UNION ALL '.join(amounts)};"


def _profit_columns() -> dict[str, list[str]]:
    """The columns that state a profit or loss, by element."""
    return {
        table.element: [c.name for c in table.read if c.profit] for table in TABLES if any(c.profit for c in table.read)
    }


def _stage_rows(con: duckdb.DuckDBPyConnection, reader: StatementReader) -> set[str]:
    """Insert the file's rows into the temporary tables, while the next ones are being parsed; the elements found."""
    present: set[str] = set()

    def stage(batch: Batch) -> None:
        insert(con, stage_name(batch.element), batch.columns)
        if batch.odd is not None:
            insert(con, stage_name(batch.element), batch.odd)
        if batch.amounts is not None:
            insert(con, f"{stage_name(batch.element)}_amounts", batch.amounts)

    with ThreadPoolExecutor(1) as inserting:
        before: Future[None] | None = None
        for batch in reader:
            present.add(batch.element)
            if before:
                before.result()
            before = inserting.submit(stage, batch)
        if before:
            before.result()
    return present


@cache
def stage_tables() -> str:
    """The DDL of the temporary tables that rows are read into."""
    tables = {"stage_statement": _STATEMENT}
    for element, attributes in declared().items():
        tables[stage_name(element)] = {"ordinal": "INTEGER", "row": "BIGINT"} | {
            name: SQL_TYPES[kind] for name, kind in attributes.values()
        }
        if element in open_elements():
            tables[f"{stage_name(element)}_amounts"] = _AMOUNTS
    return "\n".join(
        f"CREATE OR REPLACE TEMP TABLE {table} (\n    {f',{chr(10)}    '.join(map(' '.join, columns.items()))}\n);"
        for table, columns in tables.items()
    )


@cache
def unknown_values() -> str:
    """Note each value that IBKR was not seen to write, in columns where few are known."""
    seen = {(t.element, c.attribute): (c.name, c.values) for t in TABLES for c in t.read if c.values}
    selects = []
    for (element, attribute), (name, values) in seen.items():
        known = ", ".join(f"'{value}'" for value in values)
        selects.append(
            f"SELECT 'unknown_value', '{element}.{attribute}=' || shown_value({name}), count(*)\n"
            f"FROM {stage_name(element)} WHERE {name} NOT IN ({known})\nGROUP BY {name}"
        )
    return f"INSERT INTO dropped\n{f'{chr(10)}UNION ALL{chr(10)}'.join(selects)};"


def _fill(con: duckdb.DuckDBPyConnection, element: str, notes: Notes) -> None:
    """Give rows the account and the dates that they don't state themselves, and no rate where they state none."""
    stage, attributes = stage_name(element), {attribute: name for attribute, (name, _) in declared()[element].items()}
    # IBKR: a row may lack the account and the dates of its FlexStatement, if the query doesn't tick these fields.
    defaults = {"accountId": "account_id", "fromDate": "from_date", "toDate": "to_date"}
    if element in ("OpenPosition", "OpenDividendAccrual"):
        defaults["reportDate"] = "to_date"
    filled = {
        attributes[a]: f"coalesce(s.{attributes[a]}, f.{name})" for a, name in defaults.items() if a in attributes
    }
    lacking = [f"s.{name} IS NULL" for name in filled]
    if "fxRateToBase" in attributes:
        # IBKR: -1 and 0 mean "no rate".
        (without,) = con.execute(f"SELECT count(*) FROM {stage} WHERE fx_rate_to_base IN (-1, 0)").fetchone() or (0,)
        if without:
            notes.add("no_rate", f"{element}.fxRateToBase", count=without)
        filled["fx_rate_to_base"] = "CASE WHEN s.fx_rate_to_base NOT IN (-1, 0) THEN s.fx_rate_to_base END"
        lacking.append("s.fx_rate_to_base IN (-1, 0)")
    # The other rows are left alone: what an update changes stays in memory until the transaction ends.
    con.execute(
        f"UPDATE {stage} s SET {', '.join(f'{name} = {value}' for name, value in filled.items())}"
        f" FROM stage_statement f WHERE f.ordinal = s.ordinal AND ({' OR '.join(lacking)})"
    )


def _leave_out_sums(con: duckdb.DuckDBPyConnection, element: str, notes: Notes) -> None:
    """Leave out the rows that sum up several accounts, and note those of another account than their FlexStatement's.

    IBKR: rows of account "-" do so, and in a query over several accounts rows without account beside such that have
    one. Where no row of the element has it, the field is not ticked, and the FlexStatement's account is meant.
    """
    stage = stage_name(element)
    ticked = con.execute(f"SELECT 1 FROM {stage} WHERE account_id IS NOT NULL LIMIT 1").fetchone() is not None
    (dropped,) = con.execute(
        f"DELETE FROM {stage} WHERE account_id = '-'{' OR account_id IS NULL' if ticked else ''}"
    ).fetchone() or (0,)
    if dropped:
        notes.add("summary_row_dropped", element, count=dropped)
    (others,) = con.execute(
        f"SELECT count(*) FROM {stage} s JOIN stage_statement f USING (ordinal) WHERE s.account_id <> f.account_id"
    ).fetchone() or (0,)
    if others:
        notes.add("other_account", element, count=others)


def _add_up_models(con: duckdb.DuckDBPyConnection, element: str, notes: Notes) -> None:
    """Make one row of those of several models: the account's figure is their sum. Returns have no sum.

    IBKR: a query may show models, and then what belongs to each. Raises StatementError for a model that is there twice.
    """
    stage = stage_name(element)
    if con.execute(f"SELECT 1 FROM {stage} WHERE model IS NOT NULL LIMIT 1").fetchone() is None:
        aside.take_out(con, element)
        return
    columns = {name: kind for name, kind in declared()[element].values() if name not in ("model", "level_of_detail")}
    summed = [name for name, kind in columns.items() if pa.types.is_decimal(kind)]
    of = ["ordinal", *(name for name in columns if name not in summed)]
    if element in SIDE_ELEMENTS:
        aside.models(con, element, of)
    key = ", ".join(of)
    rows = _rows_of_models(con, element, key)
    if not rows:
        return
    notes.add("models_added_up", element, count=rows)
    sums = ", ".join(f"CAST(sum({name}) AS {SQL_TYPES[columns[name]]}) AS {name}" for name in summed)
    con.execute(
        f"INSERT INTO {stage} BY NAME SELECT {key}, m.first_row AS row, first(level_of_detail) AS level_of_detail,"
        f" 'sum' AS model{', ' if sums else ''}{sums} FROM {stage} s JOIN model_rows m USING (row)"
        f" GROUP BY {key}, m.first_row"
    )
    con.execute(f"DELETE FROM {stage} WHERE row IN (SELECT row FROM model_rows) AND model IS DISTINCT FROM 'sum'")
    if element in open_elements():
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {stage}_amounts AS SELECT ordinal, coalesce(m.first_row, a.row) AS row,"
            f" component, CAST(sum(amount) AS {SQL_TYPES[AMOUNT]}) AS amount FROM {stage}_amounts a"
            f" LEFT JOIN model_rows m USING (row)"
            f" WHERE m.first_row IS NULL OR component NOT IN ({_quoted(RATIOS)}) GROUP BY ALL"
        )


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in sorted(texts))


def _rows_of_models(con: duckdb.DuckDBPyConnection, element: str, key: str) -> int:
    """Make `model_rows`: the rows that are to be added up, with the first of them; how many there are."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE model_rows AS SELECT row, min(row) OVER same AS first_row,"
        f" row_number() OVER (PARTITION BY {key}, model) AS place FROM {stage_name(element)}"
        f" WINDOW same AS (PARTITION BY {key})"
        f" QUALIFY min(coalesce(model, '')) OVER same <> max(coalesce(model, '')) OVER same"
    )
    if element in SIDE_ELEMENTS:
        again = "row IN (SELECT row FROM model_rows WHERE place > 1)"
        aside.move(con, element, again, "it states a model of its account a second time")
        con.execute("DELETE FROM model_rows WHERE place > 1")
    rows, again = con.execute("SELECT count(*), min(row) FILTER (place > 1) FROM model_rows").fetchone() or (0, None)
    if again is not None:
        raise StatementError(f"{element} row {again} states a model of its account a second time", refuse.REPORT)
    return int(rows)
