"""Rows of side sections that cannot be loaded: they are set aside with the reason, and the rest of the file loads.

The NAV does not rest on a side section. Exactly the row that cannot be read, is incomplete or contradicts another one
is set aside; `rows_set_aside` keeps it, with its attributes as the file states them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import BinaryIO

import duckdb
import pyarrow as pa

from wealth_pipeline.statement.frame import Statement, StatementError, reported_day
from wealth_pipeline.statement.picker import attributes_of
from wealth_pipeline.statement.reader import StatementReader
from wealth_pipeline.statement.rows import SetAside
from wealth_pipeline.statement.values import NULLS
from wealth_pipeline.tables.figures import TABLES
from wealth_pipeline.tables.records import RECORDS_BY_NAME
from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.tables.sections import MODEL_ELEMENTS, SECTION_OF, SECTIONS, SIDE_ELEMENTS
from wealth_pipeline.warehouse.ddl import insert, stage_name, texts
from wealth_pipeline.warehouse.refuse import REPORT

_DAY_OF_STATE = {section.element: section.day for section in SECTIONS}

Row = tuple[str, int, int, str]


def begin(con: duckdb.DuckDBPyConnection, read: Sequence[SetAside]) -> None:
    """Start the file's list of rows that are set aside, with those that the reader could not read."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE aside (element VARCHAR, row BIGINT, ordinal INTEGER, reason VARCHAR,"
        " attribute VARCHAR, refuses BOOLEAN)"
    )
    # The days of accounts whose proofs rest on rows that lack now.
    con.execute("CREATE OR REPLACE TEMP TABLE aside_days (account_id VARCHAR, report_date DATE)")
    if read:
        insert(con, "aside", pa.Table.from_pylist([vars(row) for row in read]))


def settle(con: duckdb.DuckDBPyConnection, read: Sequence[SetAside]) -> None:
    """Once the sums of other rows are left out: those that could not be read are nothing to be set aside.

    The rest leave the stage, but for those of models, which the other models of their account must see first. Raises
    StatementError for a row that is no sum, and on which the NAV rests.
    """
    for (element,) in con.execute("SELECT DISTINCT element FROM aside ORDER BY ALL").fetchall():
        staged = f"row IN (SELECT row FROM {stage_name(element)})"
        con.execute(f"DELETE FROM aside WHERE element = '{element}' AND NOT {staged}")
        left = con.execute(f"SELECT min(row) FROM aside WHERE element = '{element}' AND refuses").fetchone()
        for row in read:
            if left and (row.element, row.row) == (element, left[0]):
                raise row.refusal()
        if element not in MODEL_ELEMENTS:
            take_out(con, element)


def incomplete(con: duckdb.DuckDBPyConnection, present: Collection[str]) -> None:
    """Set aside the rows that lack what their table cannot do without, or that state what cannot be."""
    for table in TABLES:
        lots = table.name == "position_lots"
        if table.element not in present or (table.element not in SIDE_ELEMENTS and not lots):
            continue
        level = " AND level_of_detail = 'LOT'" if lots else ""
        for where, reason in _unusable(table):
            move(con, table.element, f"{where}{level}", reason)


def _unusable(table: TableSpec) -> Iterator[tuple[str, str]]:
    """What makes a row unusable, as a condition and as a sentence."""
    for column in table.read:
        if not column.nullable:
            yield f"{column.name} IS NULL", f"it has no {column.attribute}"
        if column.name == "fx_rate_to_base":
            yield f"{column.name} < 0", f"its {column.attribute} is negative"
        if column.name == "to_date":
            yield "from_date > to_date", "it ends before it begins"


def models(con: duckdb.DuckDBPyConnection, element: str, key: Sequence[str]) -> None:
    """Set aside the rows of all models of an account and period, where the row of one of them cannot be loaded.

    What the others add up to is not the account's figure. key: the columns that say what is added up; a row that lacks
    one of them may belong to any.
    """
    stage = stage_name(element)
    table = next(table for table in TABLES if table.element == element)
    for where, reason in _unusable(table):
        _mark(con, element, where, reason)
    same = " AND ".join(f"(s.{name} = o.{name} OR o.{name} IS NULL)" for name in key)
    con.execute(
        f"INSERT INTO aside BY NAME SELECT '{element}' AS element, row, ordinal,"
        f" 'the row of another model of its account was set aside' AS reason FROM {stage} s"
        f" WHERE EXISTS (FROM {stage} o WHERE {_is_aside(element)} AND {same}"
        f" AND coalesce(s.model, o.model) IS NOT NULL) AND NOT {_is_aside(element)}"
    )
    take_out(con, element)


def contradictory(con: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """Of rows of one FlexStatement for one thing, keep the first and set aside those that state other figures.

    IBKR lists a contract once for each of its exchanges or names in Financial Instrument Information: the listing under
    the symbol of a position stays, else the first by symbol, currency, exchange and the rest.
    """
    new = f"new_{table.name}"
    columns = [c.name for c in table.read] + (["component", "amount"] if table.melt else [])
    stated = f"md5(concat_ws('|', {texts(columns)}))"
    first = "row"
    reason = f"'row ' || first_value(row) OVER same || ' states the same {' and '.join(table.scope)} differently'"
    if table.name == "securities":
        held = "EXISTS (FROM new_positions p WHERE p.ordinal = n.ordinal AND p.conid = n.conid AND p.symbol = n.symbol)"
        first = f"({held}) DESC, symbol, currency, listing_exchange, {', '.join(columns)}"
        reason = "'conid ' || conid || ' is listed a second time'"
    con.execute(
        f"INSERT INTO aside BY NAME SELECT DISTINCT ON (row) '{table.element}' AS element, row, ordinal, reason FROM ("
        f" SELECT ordinal, row, {reason} AS reason, {stated} <> first_value({stated}) OVER same AS differs"
        f" FROM {new} n WINDOW same AS (PARTITION BY ordinal, {', '.join(table.key)} ORDER BY {first})) WHERE differs"
    )
    con.execute(f"DELETE FROM {new} WHERE row IN (SELECT row FROM aside WHERE element = '{table.element}')")


def move(con: duckdb.DuckDBPyConnection, element: str, where: str, reason: str) -> None:
    """Set aside the staged rows of an element for which `where` holds. reason: a sentence."""
    if _mark(con, element, where, reason):
        take_out(con, element)


def take_out(con: duckdb.DuckDBPyConnection, element: str) -> None:
    """Take the rows of an element that are set aside out of its stage."""
    con.execute(f"DELETE FROM {stage_name(element)} WHERE {_is_aside(element)}")


def _mark(con: duckdb.DuckDBPyConnection, element: str, where: str, reason: str) -> bool:
    """Set rows aside that stay in their stage for now; whether there are any."""
    stage, where = stage_name(element), f"({where}) AND NOT {_is_aside(element)}"
    if not con.execute(f"SELECT 1 FROM {stage} WHERE {where} LIMIT 1").fetchone():
        return False
    con.execute(
        f"INSERT INTO aside BY NAME SELECT '{element}' AS element, row, ordinal, '{reason}' AS reason"
        f" FROM {stage} WHERE {where}"
    )
    return True


def _is_aside(element: str) -> str:
    return f"row IN (SELECT row FROM aside WHERE element = '{element}')"


def keep(
    con: duckdb.DuckDBPyConnection,
    sha256: str,
    stream: BinaryIO,
    *,
    reader: StatementReader,
    date_format: str | None,
) -> None:
    """Write the rows that were set aside, with their attributes, and note how many there are of each element.

    stream: the file once more: attributes are not kept of rows that load. Raises StatementError for a lot that is a
    position itself, as the query has no SUMMARY rows: the NAV rests on it.
    """
    listed: list[Row] = con.execute("SELECT element, row, ordinal, reason FROM aside ORDER BY ALL").fetchall()
    if not listed:
        return
    found = attributes_of(stream, [(element, row) for element, row, _, _ in listed])
    _refuse_only_lots(con, listed, found, reader.statements, date_format)
    kept = []
    for row in listed:
        reader.notes.add("row_set_aside", row[0])
        kept.append({"sha256": sha256, **_kept(row, found[row[:2]], reader.statements[row[2] - 1], date_format)})
    insert(con, "rows_set_aside", pa.Table.from_pylist(kept, RECORDS_BY_NAME["rows_set_aside"].schema))
    con.execute(
        "INSERT INTO aside_days SELECT DISTINCT account_id, report_date FROM rows_set_aside"
        " WHERE sha256 = ? AND report_date IS NOT NULL",
        [sha256],
    )


def _kept(
    listed: Row, attributes: dict[str, str], statement: Statement, date_format: str | None
) -> dict[str, str | int | date | None]:
    """What `rows_set_aside` shows of a row."""
    element, row, ordinal, reason = listed
    account = attributes.get("accountId") if element != "SecurityInfo" else None
    return {
        "element": element,
        "row": row,
        "ordinal": ordinal,
        "account_id": account or statement.account_id,
        "report_date": _day(element, attributes, statement, date_format),
        "section": SECTION_OF[element],
        "reason": reason,
        "attributes": json.dumps(attributes, ensure_ascii=False),
    }


def _day(element: str, attributes: dict[str, str], statement: Statement, date_format: str | None) -> date | None:
    """The day that a row is of; None: any day of its FlexStatement."""
    state = _DAY_OF_STATE.get(element)
    day = reported_day(attributes.get(state or "reportDate", ""), statement, date_format)
    whole = state or statement.from_date == statement.to_date
    return day or (statement.to_date if whole else None)


def _refuse_only_lots(
    con: duckdb.DuckDBPyConnection,
    listed: Sequence[Row],
    found: dict[tuple[str, int], dict[str, str]],
    statements: Sequence[Statement],
    date_format: str | None,
) -> None:
    """Raise StatementError for a lot that may be a position itself: of no SUMMARY row beside it can it be a part."""
    lots = [row for row in listed if row[0] == "OpenPosition"]
    if not lots:
        return
    named = "SELECT DISTINCT ordinal, account_id, report_date, conid, security_id, symbol FROM new_positions"
    held = con.execute(f"{named} WHERE NOT from_lots").fetchall()
    for element, row, ordinal, reason in lots:
        attributes, statement = found[element, row], statements[ordinal - 1]
        account = attributes.get("accountId") or statement.account_id
        of = (ordinal, account, _day(element, attributes, statement, date_format))
        contract = [attributes.get(name, "") for name in ("conid", "securityID", "symbol")]
        if not any(position[:3] == of and not _differ(position[3:], contract) for position in held):
            raise StatementError(
                f"{element} row {row}, a lot of a position without a SUMMARY row: {reason}",
                REPORT,
            )


def _differ(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    """Whether two rows are of different contracts: as in stray_lots, the strongest identifier of both decides."""
    for mine, theirs in zip(one, other, strict=True):
        if mine and theirs and theirs not in NULLS:
            return mine != theirs
    return False
