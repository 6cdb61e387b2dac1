"""Loading one archived statement: staged, typed, merged, derived, validated and reconciled in one transaction."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

import duckdb
import pandas as pd
import pandera.errors
import pyarrow as pa

from wealth_pipeline.statement.reader import (
    Batch,
    Notes,
    StatementError,
    StatementReader,
    declared,
    open_elements,
)
from wealth_pipeline.tables.columns import AMOUNT, SQL_TYPES
from wealth_pipeline.tables.figures import TABLES, Column, TableSpec
from wealth_pipeline.tables.sections import MODEL_ELEMENTS, SIDE_ELEMENTS
from wealth_pipeline.text import inline
from wealth_pipeline.warehouse import aside, events, versions
from wealth_pipeline.warehouse.archive import Archive, Entry
from wealth_pipeline.warehouse.ddl import EVENTS, FAMILIES, LATEST, insert, sql, stage_name

_VALIDATED_ROWS = 25_000
#: IBKR: "Realized P/L is not ready and has been disabled for this statement."
_NOT_READY = re.compile(r"(P\W*(/|&|and)\W*L\b|profit\W*(/|&|and)\W*loss).*\bnot\b.*\bready", re.IGNORECASE)
_AMOUNTS = {"ordinal": "INTEGER", "row": "BIGINT", "component": "VARCHAR", "amount": SQL_TYPES[AMOUNT]}
_STATEMENT = {
    "ordinal": "INTEGER", "account_id": "VARCHAR", "from_date": "DATE", "to_date": "DATE",
    "when_generated": "TIMESTAMP", "sections": "VARCHAR[]", "pnl_ready": "BOOLEAN",
}  # fmt: skip
_REPORT = "Nothing of this file was loaded. If IBKR really sends this, please report it."
_TICK = "Tick that field in the Flex query and download the statement again; nothing was loaded."
#: What must be the same of a position in two FlexStatements of one account and period: what the NAV rests on.
_CORE = {
    "positions": (
        "account_id", "model", "report_date", "conid", "security_id", "symbol", "currency", "quantity",
        "position_value", "fx_rate_to_base",
    ),
}  # fmt: skip
_TOO_LARGE = ("A figure, or a sum or product of figures, has more than 16 digits before the point", _REPORT)


@dataclass(frozen=True)
class Loaded:
    """What became of one archived statement.

    status: `loaded`, `known` (it was loaded before) or `rejected`, then with the reason.
    changed: the account-days whose figures are new or different.
    """

    sha256: str
    status: str
    reason: str | None = None
    changed: tuple[tuple[str, date], ...] = ()


def load(con: duckdb.DuckDBPyConnection, archive: Archive, sha256: str, slash_format: str | None = None) -> Loaded:
    """Load an archived statement whole or not at all, and record which in `statements`.

    slash_format: what its dates with slashes mean, see `values.parse_day`.
    A statement that was rejected before is tried again: a newer version of the software may understand it.
    Raises ArchiveError where the archive cannot give it back; the warehouse is unchanged then.
    """
    try:
        return _load(con, archive, sha256, slash_format)
    except duckdb.OutOfMemoryException:
        # The limit is ours, for the usual; rather than leave a statement out, it may take what the machine has.
        con.execute("RESET memory_limit")
        return _load(con, archive, sha256, slash_format)


def _load(con: duckdb.DuckDBPyConnection, archive: Archive, sha256: str, slash_format: str | None) -> Loaded:
    status = con.execute("SELECT status FROM statements WHERE sha256 = ?", [sha256]).fetchone()
    if status == ("loaded",):
        return Loaded(sha256, "known")
    entry = archive.entry(sha256)
    # A clock that was set back must not refuse what was there before.
    now = max(datetime.now(UTC).replace(tzinfo=None), entry.fetched_at)
    try:
        with _transaction(con):
            with archive.open(sha256) as stream:
                reader = StatementReader(stream, slash_format, now=now)
                present = _read(con, reader)
            _stage(con, reader, present, sha256)
            with archive.open(sha256) as stream:
                aside.keep(con, sha256, stream, reader.statements, reader.notes, slash_format)
            _write_notes(con, sha256, reader.notes)
            changed = _merge(con, sha256)
            words = dict.fromkeys(words for _, words in reader.messages)
            _record(con, entry, "loaded", None, " ".join(words) or None)
            con.execute("INSERT INTO days_to_report FROM touched EXCEPT FROM days_to_report")
            con.execute("UPDATE warehouse_info SET load_id = CAST(uuid() AS VARCHAR)")
        return Loaded(sha256, "loaded", None, changed)
    except StatementError as error:
        reason = str(error)
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        reason = str(StatementError(*_TOO_LARGE))
    if not archive.is_whole(sha256):
        # A damaged object reads like a malformed statement, which IBKR did not send.
        raise archive.damaged(sha256)
    with _transaction(con):
        _record(con, entry, "rejected", reason)
    return Loaded(sha256, "rejected", reason)


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.begin()
    try:
        yield
    except BaseException:
        # After a fatal error of DuckDB's there is nothing left to roll back, and the first error tells more.
        with suppress(duckdb.Error):
            con.rollback()
        raise
    con.commit()


def _record(
    con: duckdb.DuckDBPyConnection, entry: Entry, status: str, reason: str | None, message: str | None = None
) -> None:
    con.execute("DELETE FROM statements WHERE sha256 = ?", [entry.sha256])
    con.execute(
        "INSERT INTO statements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            entry.sha256,
            entry.connection,
            entry.source,
            entry.fetched_at,
            entry.asked_from,
            entry.asked_to,
            entry.bytes,
            status,
            reason,
            message,
        ],
    )


def _read(con: duckdb.DuckDBPyConnection, reader: StatementReader) -> set[str]:
    """Read the file into temporary tables, one an element; the elements that it has rows of."""
    con.execute(_stage_tables())
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


def _stage(con: duckdb.DuckDBPyConnection, reader: StatementReader, present: Collection[str], sha256: str) -> None:
    """Make of the rows as they stand in the file those that count, in `new_<table>`."""
    con.execute("INSERT INTO statement_accounts BY NAME SELECT ? AS sha256, * FROM stage_statement", [sha256])
    for element in sorted(present):
        _fill(con, element, reader.notes)
        if element in MODEL_ELEMENTS:
            _add_up_models(con, element, reader.notes)
    con.execute(sql("cost"))
    con.execute(sql("prepare"))
    aside.incomplete(con, present)
    if reader.two_digit_years:
        con.execute(sql("unmatured"))
    con.execute(_unknown_values())
    con.execute(sql("rows"))
    for table in EVENTS:
        events.stage(con, table, reader.notes)
    _compare_second_version(con, reader.notes)
    for table in TABLES:
        if table.key and table.element in present and table.name != "accounts" and not table.events:
            if table.family:
                _refuse_keyless(con, table)
            if table.element in SIDE_ELEMENTS:
                aside.contradictory(con, table)
            _refuse_duplicates(con, table, reader.notes)


def _write_notes(con: duckdb.DuckDBPyConnection, sha256: str, notes: Notes) -> None:
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
    con.execute("INSERT INTO statement_notes SELECT ?, kind, name, count, NULL FROM dropped", [sha256])


def _take_out_unready_profits(con: duckdb.DuckDBPyConnection, reader: StatementReader) -> None:
    """Mark in `pnl_ready` the FlexStatements whose profit and loss IBKR says is not ready, and make its zeros NULL.

    It stays NULL where no section with profits and losses is there: such a statement says nothing of them.
    """
    con.execute("UPDATE stage_statement SET pnl_ready = true WHERE list_has_any(sections, ['OpenPositions', 'Trades'])")
    said = sorted({ordinal for ordinal, words in reader.messages if _NOT_READY.search(words)})
    if not said:
        return
    con.execute("CREATE OR REPLACE TEMP TABLE said_not_ready AS SELECT unnest(?) AS ordinal", [said])
    columns = {
        stage_name(table.element): [c for c in table.read if c.profit]
        for table in TABLES
        if any(c.profit for c in table.read)
    }
    amounts = [f"SELECT ordinal, {c.name} AS amount FROM {stage}" for stage, own in columns.items() for c in own]
    con.execute(f"CREATE OR REPLACE TEMP VIEW profits AS {' UNION ALL '.join(amounts)}")
    con.execute(sql("profit"))
    for stage, own in columns.items():
        con.execute(
            f"UPDATE {stage} SET {', '.join(f'{c.name} = NULL' for c in own)}"
            " WHERE ordinal IN (SELECT ordinal FROM stage_statement WHERE NOT pnl_ready)"
        )
    (unready,) = con.execute("SELECT count(*) FROM stage_statement WHERE NOT pnl_ready").fetchone() or (0,)
    if unready:
        reader.notes.add("profit_not_ready", "FlexStatement", count=unready)


def _stage_rows(con: duckdb.DuckDBPyConnection, reader: StatementReader) -> set[str]:
    """Insert the file's rows into the temporary tables, while the next ones are being parsed; the elements found."""
    present: set[str] = set()

    def stage(batch: Batch) -> None:
        insert(con, stage_name(batch.element), batch.columns)
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
def _stage_tables() -> str:
    """The DDL of the temporary tables that rows are read into."""
    tables = {"stage_statement": _STATEMENT}
    for element, attributes in declared().items():
        tables[stage_name(element)] = {"ordinal": "INTEGER", "row": "BIGINT"} | {
            name: SQL_TYPES[kind] for name, kind in attributes.values()
        }
        if element in open_elements():
            tables[f"{stage_name(element)}_amounts"] = _AMOUNTS
    return ";".join(
        f"CREATE OR REPLACE TEMP TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
        for table, columns in tables.items()
    )


@cache
def _unknown_values() -> str:
    """Note each value that IBKR was not seen to write, in columns where few are known."""
    seen = {(t.element, c.attribute): (c.name, c.values) for t in TABLES for c in t.read if c.values}
    selects = []
    for (element, attribute), (name, values) in seen.items():
        known = ", ".join(f"'{value}'" for value in values)
        selects.append(
            f"SELECT 'unknown_value', '{element}.{attribute}=' || told_value({name}), count(*)"
            f" FROM {stage_name(element)} WHERE {name} NOT IN ({known}) GROUP BY {name}"
        )
    return f"INSERT INTO dropped {' UNION ALL '.join(selects)}"


def _fill(con: duckdb.DuckDBPyConnection, element: str, notes: Notes) -> None:
    """Give rows the account and the dates that they don't state themselves, and leave out those of no account."""
    stage, attributes = stage_name(element), {attribute: name for attribute, (name, _) in declared()[element].items()}
    if element not in ("ConversionRate", "SecurityInfo", "AccountInformation"):
        _leave_out_sums(con, element, notes)
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
    """Make one row of those of several models: the account's figure is their sum.

    IBKR: a query may show models, and then what belongs to each. Raises StatementError for a model that is there twice.
    """
    stage = stage_name(element)
    if con.execute(f"SELECT 1 FROM {stage} WHERE model IS NOT NULL LIMIT 1").fetchone() is None:
        return
    columns = {name: kind for name, kind in declared()[element].values() if name not in ("model", "level_of_detail")}
    summed = [name for name, kind in columns.items() if pa.types.is_decimal(kind)]
    key = ", ".join(["ordinal", *(name for name in columns if name not in summed)])
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE model_rows AS SELECT row, min(row) OVER same AS first_row,"
        f" row_number() OVER (PARTITION BY {key}, model) AS place FROM {stage}"
        f" WINDOW same AS (PARTITION BY {key})"
        f" QUALIFY min(coalesce(model, '')) OVER same <> max(coalesce(model, '')) OVER same"
    )
    if element in SIDE_ELEMENTS:
        again = "row IN (SELECT row FROM model_rows WHERE place > 1)"
        aside.move(con, element, again, "it states a model of its account a second time")
        con.execute("DELETE FROM model_rows WHERE place > 1")
    rows, again = con.execute("SELECT count(*), min(row) FILTER (place > 1) FROM model_rows").fetchone() or (0, None)
    if again is not None:
        raise StatementError(f"{element} row {again} states a model of its account a second time", _REPORT)
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
            " LEFT JOIN model_rows m USING (row) GROUP BY ALL"
        )


def _compare_second_version(con: duckdb.DuckDBPyConnection, notes: Notes) -> None:
    """Two FlexStatements of one account and period may differ in their sides, which is noted, never in their core.

    Of two that differ in their core neither can be chosen: it may be two accounts. Of the sides, events are united,
    and states come from the later one.
    """
    twice = con.execute(
        "SELECT list(ordinal ORDER BY ordinal), account_id, from_date, to_date FROM stage_statement"
        " GROUP BY account_id, from_date, to_date HAVING count(*) > 1"
    ).fetchall()
    for ordinals, account, first, last in twice:
        for table in TABLES:
            if table.name in ("accounts", "fx_rates", "securities"):
                continue
            melted = ["component", "amount"] if table.melt else []
            core = _CORE.get(table.name, tuple(c.name for c in table.read))
            stated = ", ".join([*core, *melted])
            # A section that only one of them has contradicts nothing.
            differing = con.execute(
                f"WITH told AS (SELECT DISTINCT ordinal, {stated} FROM {_compared(table)}"
                " WHERE list_contains(?, ordinal)) SELECT 1 FROM told"
                f" GROUP BY {stated} HAVING count(*) < (SELECT count(DISTINCT ordinal) FROM told) LIMIT 1",
                [ordinals],
            ).fetchone()
            if differing and (table.element in SIDE_ELEMENTS or table.name == "position_lots"):
                notes.add("statements_differ", table.element)
            elif differing:
                raise StatementError(
                    f"FlexStatements {ordinals[0]} and {ordinals[1]} are both of account '{inline(account[:40])}',"
                    f" {first} to {last}, with different {table.element} rows",
                    "If two accounts share an alias, switch Display Account Alias in Place of Account ID off in the"
                    " query; nothing of this file was loaded.",
                )


def _compared(table: TableSpec) -> str:
    """Where a table's rows stand before those that two FlexStatements have in common are one."""
    return stage_name(table.element) if table.events else f"new_{table.name}"


def _merge(con: duckdb.DuckDBPyConnection, sha256: str) -> tuple[tuple[str, date], ...]:
    """Merge the staged rows into the warehouse; the changed account-days."""
    _describe_accounts(con, sha256)
    _latest(con, sha256, *(table for table in LATEST if table.name == "fx_rates"))
    versions.merge(con, sha256)
    con.execute(sql("derive"))
    for family, tables in FAMILIES.items():
        if _empty(con, f"changed_{family}"):
            continue
        for table in tables:
            derived = table.name in ("positions", "position_lots", "cash_balances")
            versions.ready(con, table, f"{'derived' if derived else 'pool'}_{table.name}")
            _validate(con, table)
        versions.store(con, family)
    _latest(con, sha256, *(table for table in LATEST if table.name != "fx_rates"))
    for table in EVENTS:
        if not events.merge(con, sha256, table):
            continue
        _validate(con, table)
        con.execute(f"INSERT INTO {table.name} BY NAME SELECT * EXCLUDE (row) FROM ready_{table.name}")
        events.number(con, table)
    con.execute(sql("reconcile"))
    con.execute(sql("history"))
    changed = con.execute("SELECT account_id, report_date FROM touched ORDER BY ALL").fetchall()
    return tuple(changed)


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
        _validate(con, table)
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


def _refuse_keyless(con: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """A row without what identifies it (a NAV row without its report date) cannot be put anywhere."""
    for column in table.columns:
        if column.name in table.key and column.attribute and not column.nullable:
            keyless = con.execute(f"SELECT min(row) FROM new_{table.name} WHERE {column.name} IS NULL").fetchone()
            if keyless and keyless[0] is not None:
                raise _lacking(con, table, column, keyless[0])


def _lacking(con: duckdb.DuckDBPyConnection, table: TableSpec, column: Column, row: int) -> StatementError:
    """What to say of a row without a value: the query lacks the field only where no row has it."""
    others = con.execute(f"SELECT 1 FROM {stage_name(table.element)} WHERE {column.name} IS NOT NULL LIMIT 1")
    return StatementError(
        f"{table.element} row {row} has no {column.attribute}", _REPORT if others.fetchone() else _TICK
    )


def _refuse_duplicates(con: duckdb.DuckDBPyConnection, table: TableSpec, notes: Notes) -> None:
    """A row that is there twice counts once; of two different rows for one thing neither can be chosen."""
    key = ", ".join(table.key)
    if not con.execute(
        f"SELECT 1 FROM new_{table.name} GROUP BY ordinal, {key} HAVING count(*) > 1 LIMIT 1"
    ).fetchone():
        return
    told = [*(c.name for c in table.read), *(["amount"] if table.melt else []), *table.key]
    stated = ", ".join(f"n.{name}" for name in dict.fromkeys(told))
    twice = con.execute(
        f"SELECT min(row), max(row) FROM (SELECT ordinal, min(row) AS row, {stated} FROM new_{table.name} n"
        f" GROUP BY ordinal, {stated}) GROUP BY ordinal, {key} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
    ).fetchone()
    if twice:
        raise StatementError(
            f"{table.element} rows {twice[0]} and {twice[1]} both state the same {' and '.join(table.key)}"
            f" of {table.name}, with different figures",
            _REPORT,
        )
    (repeated,) = con.execute(
        f"DELETE FROM new_{table.name} WHERE rowid IN (SELECT rowid FROM (SELECT rowid, row_number() OVER"
        f" (PARTITION BY ordinal, {stated} ORDER BY row) AS place FROM new_{table.name} n) WHERE place > 1)"
    ).fetchone() or (0,)
    notes.add("repeated_row", table.name, count=repeated)


def _validate(con: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """Check `ready_<table>` against the table's Pandera model; raises StatementError naming row and attribute."""
    ruled = [c for c in table.columns if c.name in table.rules.columns]
    columns = ", ".join(
        "known_from AS known_since" if table.family and c.name == "known_since" else c.name for c in ruled
    )
    target = pa.schema([(c.name, c.type) for c in ruled])
    # Closed whatever happens: with a result still open DuckDB refuses the rollback, and any other query.
    with con.sql(f"SELECT {columns}, row FROM ready_{table.name}").to_arrow_reader(_VALIDATED_ROWS) as reader:
        broken = next(filter(None, (_broken_rules(table, target, batch) for batch in reader)), None)
    if broken:
        raise _refused(con, table, *broken)


def _broken_rules(
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
        "Nothing of this file was loaded. If IBKR really sends this, please report it.",
    )


def _empty(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None
