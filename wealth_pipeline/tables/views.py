"""The columns of what people query besides the declared tables: views, macros, and the tables that keep the records.

How they are made is in `warehouse/sql/` and `gateway/sql/`; a test compares these columns with what DuckDB publishes.
Dagster's column schema of `nav_history` and the data dictionary in docs/ are made from here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa

from wealth_pipeline.tables.columns import Column, TableSpec
from wealth_pipeline.tables.figures import BY_NAME, TABLES
from wealth_pipeline.tables.live import LIVE_TABLES

_TEXT, _FLAG, _DAY, _MOMENT = pa.string(), pa.bool_(), pa.date32(), pa.timestamp("us")
_INTEGER, _COUNT, _TEXTS = pa.int32(), pa.int64(), pa.list_(pa.string())
_AMOUNT, _DIFFERENCE, _SHARE = pa.decimal128(28, 12), pa.decimal128(38, 12), pa.decimal128(18, 10)


@dataclass(frozen=True)
class View:
    """A view, a macro or a table of records.

    name: as in SQL; a macro's ends with its parameter, `nav_asof(t)`. description: what a row is. key: the columns
    that identify a row. columns: in their order. like: the table or view whose columns it hands on, if it does.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    like: str | None = None


def _column(name: str, kind: pa.DataType, description: str, unit: str | None = None, nullable: bool = True) -> Column:
    return Column(name, kind, None, description, unit, nullable)


def _same(table: str, *names: str) -> tuple[Column, ...]:
    """Columns of a declared table, which the view hands on; all of them if none is named."""
    columns = {c.name: replace(c, attribute=None) for c in BY_NAME[table].columns}
    return tuple(columns[name] for name in names or columns)


_ACCOUNT = _column("account_id", _TEXT, "IBKR account.", nullable=False)
_REPORT_DATE = _column("report_date", _DAY, "The day whose close it states.", nullable=False)
_SHA256 = _column("sha256", _TEXT, "The archived statement.", nullable=False)
_FAMILY = _column(
    "family", _TEXT, "nav, positions, cash or dividends: the tables that change together.", nullable=False
)
_CONTENT = _column("content", _TEXT, "Hash of the figures that were stated.", nullable=False)
_KNOWN_FROM = _column(
    "known_from", _MOMENT, "When IBKR generated the statement that first said so (UTC).", nullable=False
)
_KNOWN_TO = _column("known_to", _MOMENT, "When a statement first said otherwise (UTC); NULL: it still holds.")

_NAV_HISTORY = (
    _ACCOUNT,
    _REPORT_DATE,
    _column("base_currency", _TEXT, "The currency of the row's amounts."),
    *_same("nav", "total", "cash", "stock", "options", "bonds", "funds", "notes", "commodities", "crypto"),
    *_same("nav", "dividend_accruals", "interest_accruals"),
    _column(
        "other",
        _AMOUNT,
        "Sum of the remaining named components of `nav`, and of `nav_parts_learned`; NULL if none is stated.",
        "base",
    ),
    _column("previous_date", _DAY, "The report date of the row before; NULL on the first."),
    _column("day_change", _AMOUNT, "Total less the total of the row before; NULL on the first.", "base"),
    _column("proof", _TEXT, "passed, failed or not_evaluable (docs/proof.md).", nullable=False),
    *_same("nav", "statement_sha256", "known_since"),
)


def _versions(table: TableSpec) -> tuple[Column, ...]:
    return (*(c for c in _same(table.name) if c.name != "known_since"), _KNOWN_FROM, _KNOWN_TO)


_VERSIONED = [table for table in TABLES if table.family]

#: What is made from the tables of figures.
VIEWS: tuple[View, ...] = (
    View(
        "nav_history",
        "Net asset value (net liquidation value) of an account at the close of a report date, with the day's change and"
        " the state of its proof.",
        ("account_id", "report_date"),
        _NAV_HISTORY,
    ),
    View(
        "nav_latest",
        "The newest row of `nav_history` of each account.",
        ("account_id",),
        _NAV_HISTORY,
        like="nav_history",
    ),
    View(
        "positions_latest",
        "Each account's positions on the newest day for which a statement tells them.",
        BY_NAME["positions"].key,
        _same("positions"),
        like="positions",
    ),
    View(
        "cash_latest",
        "Each account's cash by currency on the newest day for which a statement tells it.",
        ("account_id", "currency"),
        _same("cash_balances"),
        like="cash_balances",
    ),
    View(
        "net_worth",
        "All accounts together, in one currency (WEALTH_REPORTING_CURRENCY, else the base currency they share). An"
        " account without a row is carried forward for at most five weekdays, and no further than its end; then the"
        " total is NULL, not smaller. Accounts with a `left_out` in `accounts` do not count.",
        ("report_date",),
        (
            _column("report_date", _DAY, "A day on which at least one account has a NAV.", nullable=False),
            _column("reporting_currency", _TEXT, "The currency of the total; NULL if it is not set and not shared."),
            _column("total", _AMOUNT, "Sum of the accounts' NAV at IBKR's conversion rates.", "reporting_currency"),
            _column("accounts", _COUNT, "How many accounts there were that day.", nullable=False),
            _column("stale_accounts", _COUNT, "How many of them are carried forward.", nullable=False),
            _column("complete", _FLAG, "Whether every account has a row of its own and a rate.", nullable=False),
        ),
    ),
    View(
        "foreign_statements",
        "A statement whose accounts its connection never had, and in which none of those is that it had: somebody"
        " else's, or of another query.",
        ("sha256",),
        (
            _column("sha256", _TEXT, "The archived statement.", nullable=False),
            _column("connection", _TEXT, "The connection whose request brought it."),
            _column("accounts", _TEXTS, "The accounts in it.", nullable=False),
            _column("expected", _TEXTS, "The accounts that the connection had before.", nullable=False),
        ),
    ),
    View(
        "reconciliation",
        "A proof of an account and day: what was compared, and how it came out (docs/proof.md). `cash_flow` shows the"
        " currency, and `lots` the position, that differs most, in its own currency or unit.",
        ("account_id", "report_date", "check_name"),
        (
            _ACCOUNT,
            _REPORT_DATE,
            _column(
                "check_name",
                _TEXT,
                "Which proof: docs/proof.md lists them.",
                nullable=False,
            ),
            _column("expected", _DIFFERENCE, "What the statement's NAV or total says.", "base"),
            _column("actual", _DIFFERENCE, "What its parts add up to.", "base"),
            _column("difference", _DIFFERENCE, "Expected less actual.", "base"),
            _column("tolerance", _DIFFERENCE, "The largest difference that rounding explains.", "base"),
            _column("status", _TEXT, "passed, failed or not_evaluable.", nullable=False),
            _column("reason", _TEXT, "Why it failed or could not be evaluated; what else is to be known."),
        ),
    ),
    View(
        "restatements",
        "A day whose figures a later statement of IBKR's changed.",
        ("table_name", "account_id", "report_date", "known_from"),
        (
            _column("table_name", _TEXT, "nav, positions or cash.", nullable=False),
            _ACCOUNT,
            _REPORT_DATE,
            _column("known_from", _MOMENT, "When IBKR generated the statement that changed it (UTC).", nullable=False),
            _column("changed", _TEXTS, "The columns whose figures changed.", nullable=False),
            _column(
                "old_total",
                _AMOUNT,
                "The total before: NAV, value of the positions, or cash; NULL where it stayed.",
                "base",
            ),
            _column("new_total", _AMOUNT, "The total after; NULL where it stayed.", "base"),
            _column("old_sha256", _TEXT, "The archived statement that said the old figures.", nullable=False),
            _column("new_sha256", _TEXT, "The archived statement that said the new ones.", nullable=False),
        ),
    ),
    *(
        View(
            f"{table.name}_versions",
            f"Every version of `{table.name}`, with the time at which it was known.",
            (*table.key, "known_from") if table.key else (),
            (*_versions(table), _CONTENT),
            like=table.name,
        )
        for table in _VERSIONED
    ),
    View(
        "cash_versions",
        "Another name of `cash_balances_versions`.",
        (*BY_NAME["cash_balances"].key, "known_from"),
        (*_versions(BY_NAME["cash_balances"]), _CONTENT),
        like="cash_balances",
    ),
    View(
        "nav_asof(t)",
        "The rows of `nav` as they were known at a time (UTC): `FROM nav_asof('2026-03-10')`.",
        BY_NAME["nav"].key,
        _versions(BY_NAME["nav"]),
        like="nav",
    ),
    View(
        "positions_asof(t)",
        "The rows of `positions` as they were known at a time (UTC).",
        BY_NAME["positions"].key,
        _versions(BY_NAME["positions"]),
        like="positions",
    ),
)

#: What is kept besides the figures: where they come from, and by which rules they are proved.
RECORDS: tuple[View, ...] = (
    View(
        "statements",
        "An archived statement.",
        ("sha256",),
        (
            _column("sha256", _TEXT, "Hash of its bytes: the name under which it is archived.", nullable=False),
            _column("connection", _TEXT, "The connection whose request brought it; NULL for files."),
            _column("source", _TEXT, "flex, import or inbox.", nullable=False),
            _column("fetched_at", _MOMENT, "When it was archived (UTC).", nullable=False),
            _column("asked_from", _DAY, "First day that was asked for; NULL for files."),
            _column("asked_to", _DAY, "Last day that was asked for; NULL for files."),
            _column("bytes", _COUNT, "Its size, uncompressed.", "bytes", nullable=False),
            _column("status", _TEXT, "loaded or rejected.", nullable=False),
            _column("reason", _TEXT, "Why it was rejected."),
            _column("message", _TEXT, "What IBKR says in it, if anything."),
        ),
    ),
    View(
        "statement_accounts",
        "A FlexStatement in a statement: one account and period.",
        ("sha256", "ordinal"),
        (
            _SHA256,
            _column("ordinal", _INTEGER, "Its place in the file, from 1.", nullable=False),
            _ACCOUNT,
            _column("from_date", _DAY, "First day of the period.", nullable=False),
            _column("to_date", _DAY, "Last day of the period.", nullable=False),
            _column("when_generated", _MOMENT, "When IBKR generated it (UTC).", nullable=False),
            _column("sections", _TEXTS, "IBKR's names of the sections that are there.", nullable=False),
            _column(
                "pnl_ready",
                _FLAG,
                "False where IBKR's message says that profit and loss are not ready, so that they are NULL; NULL"
                " without positions and trades.",
            ),
        ),
    ),
    View(
        "statement_notes",
        "What a statement holds that was not loaded, is not known, or is in doubt: attributes, sections, values,"
        " descriptions that could not be read exactly, rows set aside, rates of -1 or 0, dropped summary rows, rows of"
        " another account than their FlexStatement's, a NAV of a weekend, a level that had to be guessed, a base"
        " currency stated in two ways.",
        ("sha256", "kind", "name"),
        (
            _SHA256,
            _column("kind", _TEXT, "What it is; those not known to this software begin with unknown.", nullable=False),
            _column("name", _TEXT, "IBKR's name of it.", nullable=False),
            _column("count", _COUNT, "How often it is there.", nullable=False),
            _column("sample", _TEXT, "One of its values; none of what names or locates a person."),
        ),
    ),
    View(
        "rows_set_aside",
        "A row of a side section (one that the NAV does not rest on) that cannot be read exactly, lacks what it needs,"
        " or contradicts another one, and is therefore in no table of figures.",
        ("sha256", "element", "row"),
        (
            _SHA256,
            _column("element", _TEXT, "IBKR's name of the row's element.", nullable=False),
            _column("row", _COUNT, "The element's number in the file, from 1.", nullable=False),
            _column("ordinal", _INTEGER, "The FlexStatement in which it stands, from 1.", nullable=False),
            _column("account_id", _TEXT, "Account of the row, else of its FlexStatement.", nullable=False),
            _column("report_date", _DAY, "The day that it is of; NULL: any day of its FlexStatement."),
            _column("section", _TEXT, "IBKR's name of its section.", nullable=False),
            _column("reason", _TEXT, "Why it was set aside.", nullable=False),
            _column("attributes", _TEXT, "What it states, as JSON, without what names a person.", nullable=False),
        ),
    ),
    View(
        "flex_requests",
        "A request to the Flex Web Service: a copy of the request ledger, as of the last load. Never the token.",
        ("id",),
        (
            _column("id", _COUNT, "Running number.", nullable=False),
            _column("connection", _TEXT, "Whose request it was.", nullable=False),
            _column("query_id", _TEXT, "Which Flex query.", nullable=False),
            _column("asked_from", _DAY, "First day that was asked for.", nullable=False),
            _column("asked_to", _DAY, "Last day that was asked for.", nullable=False),
            _column("requested_at", _MOMENT, "When (UTC).", nullable=False),
            _column("reference_code", _TEXT, "IBKR's code, by which the statement is fetched."),
            _column("outcome", _TEXT, "What became of it.", nullable=False),
            _column("message", _TEXT, "IBKR's words, or what was wrong."),
            _column("statement_sha256", _TEXT, "The archived statement that answered it."),
            _column("finished_at", _MOMENT, "When that was (UTC)."),
        ),
    ),
    View(
        "days_without_row",
        "A weekday that a statement with the NAV section covers without a NAV row: a holiday, or before the account"
        " began.",
        ("account_id", "report_date"),
        (_ACCOUNT, _REPORT_DATE),
    ),
    View(
        "profit_not_ready",
        "An account's day whose profit and loss are NULL, for IBKR's newest statement that ends on it says that they"
        " are not ready.",
        ("account_id", "report_date"),
        (
            _ACCOUNT,
            _REPORT_DATE,
            _column("from_date", _DAY, "First day of that statement's period.", nullable=False),
            _column("when_generated", _MOMENT, "When IBKR generated it (UTC).", nullable=False),
            _column("statement_sha256", _TEXT, "The archived statement.", nullable=False),
        ),
    ),
    View(
        "asset_classes",
        "How a position of each of IBKR's asset categories counts in the NAV (docs/proof.md).",
        ("asset_class",),
        (
            _column("asset_class", _TEXT, "IBKR's asset category.", nullable=False),
            _column("component", _TEXT, "The NAV's component that it belongs to; NULL: none."),
            _column("counts", _TEXT, "value, unrealized or nothing.", nullable=False),
            _column("verified", _FLAG, "Whether it was seen to add up on a real statement.", nullable=False),
        ),
    ),
    View(
        "nav_parts",
        "The components of the NAV that add up to its total.",
        ("component",),
        (_column("component", _TEXT, "IBKR's attribute name.", nullable=False),),
    ),
    View(
        "nav_parts_seen",
        "A day on which a component that is not in `nav_parts` was seen to be a part of the total: it was exactly what"
        " the others lacked.",
        ("account_id", "report_date", "component"),
        (_ACCOUNT, _REPORT_DATE, _column("component", _TEXT, "IBKR's attribute name.", nullable=False)),
    ),
    View(
        "nav_parts_learned",
        "What counts as a part of the total on all days of an account, having been seen as one on three of them.",
        ("account_id", "component"),
        (_ACCOUNT, _column("component", _TEXT, "IBKR's attribute name.", nullable=False)),
    ),
    View(
        "account_descriptions",
        "What each statement says of an account; `accounts` takes the newest of each field.",
        ("sha256", "account_id"),
        (
            *(replace(c, nullable=True) for c in _same("accounts", *(c.name for c in BY_NAME["accounts"].read))),
            _SHA256,
            _column("when_generated", _MOMENT, "When IBKR generated the statement (UTC).", nullable=False),
        ),
    ),
    View(
        "observations",
        "Statement S, generated at T, shows content H for these tables, this account and this day. A content without"
        " rows says that there were none.",
        ("family", "account_id", "report_date", "when_generated", "sha256"),
        (
            _FAMILY,
            _ACCOUNT,
            _REPORT_DATE,
            _column("when_generated", _MOMENT, "When IBKR generated the statement (UTC).", nullable=False),
            _SHA256,
            _CONTENT,
        ),
    ),
    View(
        "versions",
        "The observations of a day in the order of their generation, equal neighbours folded into one.",
        ("family", "account_id", "report_date", "known_from"),
        (
            _FAMILY,
            _ACCOUNT,
            _REPORT_DATE,
            _CONTENT,
            _column("statement_sha256", _TEXT, "The archived statement that first said so.", nullable=False),
            _KNOWN_FROM,
            _KNOWN_TO,
        ),
    ),
    View(
        "days_to_report",
        "An account-day that was loaded and that Dagster may not know yet.",
        ("account_id", "report_date"),
        (_ACCOUNT, _REPORT_DATE),
    ),
    View(
        "account_settings",
        "An account in accounts.toml, as of the last load.",
        ("account_id",),
        (
            _ACCOUNT,
            _column("name", _TEXT, "Its name, for people."),
            _column("ended", _DAY, "Its last day in the net worth."),
            _column("successor", _TEXT, "The account that goes on for it; empty: there is none."),
            _column("exclude", _FLAG, "Whether it stays out of the net worth.", nullable=False),
        ),
    ),
    View(
        "warehouse_info",
        "One row about the database itself.",
        (),
        (
            _column("schema_version", _COUNT, "Digest of its tables and rules; another one's file is rebuilt."),
            _column("written_by", _TEXT, "The version of wealth_pipeline that made the file."),
            _column("reporting_currency", _TEXT, "WEALTH_REPORTING_CURRENCY at the last load; NULL if not set."),
            _column("day_change_share", _SHARE, "WEALTH_DAY_CHANGE_SHARE at the last load."),
            _column("accounts_digest", _TEXT, "Hash of accounts.toml at the last load; NULL if it said nothing."),
            _column("load_id", _TEXT, "Names the last load that brought something; NULL: none did."),
        ),
    ),
)

#: What `live.duckdb` holds besides the declared live tables.
LIVE_VIEWS: tuple[View, ...] = (
    View(
        "live_snapshots",
        "A snapshot that was taken; a rejected one stays in the archive.",
        ("snapshot_sha256",),
        (
            _column("snapshot_sha256", _TEXT, "The archived snapshot.", nullable=False),
            _column("captured_at", _MOMENT, "When it was taken (UTC); NULL if it was rejected."),
            _column("status", _TEXT, "loaded or rejected.", nullable=False),
            _column("reason", _TEXT, "Why it was rejected."),
        ),
    ),
    *(
        View(
            f"{table.name}_latest",
            f"The rows of `{table.name}` in the newest snapshot of each account.",
            tuple(name for name in table.key if name != "captured_at"),
            tuple(replace(c, attribute=None) for c in table.columns),
            like=table.name,
        )
        for table in LIVE_TABLES
    ),
)

VIEWS_BY_NAME = {view.name: view for view in (*VIEWS, *RECORDS, *LIVE_VIEWS)}
