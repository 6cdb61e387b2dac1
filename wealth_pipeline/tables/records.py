"""What is kept besides the figures: where they come from, and by which rules they are proved."""

from __future__ import annotations

from dataclasses import replace

from wealth_pipeline.tables.columns import COUNT, DAY, FLAG, INTEGER, MOMENT, RATE, TEXT, TEXTS, plain
from wealth_pipeline.tables.figures import BY_NAME, NAV_PARTS
from wealth_pipeline.tables.relations import Record, View

ACCOUNT = plain("account_id", TEXT, "IBKR account.", nullable=False)
REPORT_DATE = plain("report_date", DAY, "The day whose close it states.", nullable=False)
STATEMENT = plain("sha256", TEXT, "The archived statement.", nullable=False)
FAMILY = plain("family", TEXT, "nav, positions, cash or dividends: the tables that change together.", nullable=False)
CONTENT = plain("content", TEXT, "Hash of the figures that were stated.", nullable=False)
KNOWN_FROM = plain("known_from", MOMENT, "When IBKR generated the statement that first said so (UTC).", nullable=False)
KNOWN_TO = plain("known_to", MOMENT, "When a statement first said otherwise (UTC); NULL: it still holds.")


#: How a position of each of IBKR's asset categories counts in the NAV: in which of its parts, and with what; whether it
#: was seen to add up on a real statement.
_ASSET_CLASSES: tuple[tuple[str | bool | None, ...], ...] = (
    ("STK", "stock", "value", True),
    ("OPT", "options", "value", True),
    ("FOP", "options", "value", False),
    ("IOPT", "options", "value", False),
    ("WAR", "options", "value", False),
    ("FSFOP", "options", "value", False),
    ("FSOPT", "options", "value", False),
    ("BOND", "bonds", "value", False),
    ("BILL", "bonds", "value", False),
    ("FUND", "funds", "value", False),
    ("CMDTY", "commodities", "value", False),
    ("CRYPTO", "crypto", "value", False),
    ("CFD", "cfdUnrealizedPl", "unrealized", False),
    ("FXCFD", "forexCfdUnrealizedPl", "unrealized", False),
    # IBKR: each night a future's gain or loss settles into cash; its value is notional.
    ("FUT", None, "nothing", False),
)

RECORDS: tuple[Record | View, ...] = (
    Record(
        "statements",
        "An archived statement.",
        ("sha256",),
        (
            plain("sha256", TEXT, "Hash of its bytes: the name under which it is archived.", nullable=False),
            plain("connection", TEXT, "The connection whose request brought it; NULL for files."),
            plain("source", TEXT, "flex, import or inbox.", nullable=False),
            plain("fetched_at", MOMENT, "When it was archived (UTC).", nullable=False),
            plain("asked_from", DAY, "First day that was asked for; NULL for files."),
            plain("asked_to", DAY, "Last day that was asked for; NULL for files."),
            plain("bytes", COUNT, "Its size, uncompressed.", "bytes", nullable=False),
            plain("status", TEXT, "loaded or rejected.", nullable=False, only=("loaded", "rejected")),
            plain("reason", TEXT, "Why it was rejected."),
            plain("message", TEXT, "What IBKR says in it, if anything."),
        ),
    ),
    Record(
        "statement_accounts",
        "A FlexStatement in a statement: one account and period.",
        ("sha256", "ordinal"),
        (
            STATEMENT,
            plain("ordinal", INTEGER, "Its place in the file, from 1.", nullable=False),
            ACCOUNT,
            plain("from_date", DAY, "First day of the period.", nullable=False),
            plain("to_date", DAY, "Last day of the period.", nullable=False),
            plain("when_generated", MOMENT, "When IBKR generated it (UTC).", nullable=False),
            plain("sections", TEXTS, "IBKR's names of the sections that are there.", nullable=False),
            plain(
                "pnl_ready",
                FLAG,
                "False where IBKR's message says that profit and loss are not ready, so that they are NULL; NULL"
                " without positions and trades.",
            ),
        ),
    ),
    Record(
        "statement_notes",
        "What a statement holds that was not loaded, is not known, or is in doubt: attributes, sections, values,"
        " descriptions that could not be read exactly, rows set aside, rates of -1 or 0, dropped summary rows, rows of"
        " another account than their FlexStatement's, a NAV of a weekend, a level that had to be guessed, a base"
        " currency stated in two ways.",
        ("sha256", "kind", "name"),
        (
            STATEMENT,
            plain("kind", TEXT, "What it is; those not known to this software begin with unknown.", nullable=False),
            plain("name", TEXT, "IBKR's name of it.", nullable=False),
            plain("count", COUNT, "How often it is there.", nullable=False),
            plain("sample", TEXT, "One of its values; none of what names or locates a person."),
        ),
    ),
    Record(
        "rows_set_aside",
        "A row of a side section (one that the NAV does not rest on) that cannot be read exactly, lacks what it needs,"
        " or contradicts another one, and is therefore in no table of figures.",
        ("sha256", "element", "row"),
        (
            STATEMENT,
            plain("element", TEXT, "IBKR's name of the row's element.", nullable=False),
            plain("row", COUNT, "The element's number in the file, from 1.", nullable=False),
            plain("ordinal", INTEGER, "The FlexStatement in which it stands, from 1.", nullable=False),
            plain("account_id", TEXT, "Account of the row, else of its FlexStatement.", nullable=False),
            plain("report_date", DAY, "The day that it is of; NULL: any day of its FlexStatement."),
            plain("section", TEXT, "IBKR's name of its section.", nullable=False),
            plain("reason", TEXT, "Why it was set aside.", nullable=False),
            plain("attributes", TEXT, "What it states, as JSON, without what names a person.", nullable=False),
        ),
    ),
    Record(
        "flex_requests",
        "A request to the Flex Web Service: a copy of the request ledger, as of the last load. Never the token.",
        ("id",),
        (
            plain("id", COUNT, "Running number.", nullable=False),
            plain("connection", TEXT, "Whose request it was.", nullable=False),
            plain("query_id", TEXT, "Which Flex query.", nullable=False),
            plain("asked_from", DAY, "First day that was asked for.", nullable=False),
            plain("asked_to", DAY, "Last day that was asked for.", nullable=False),
            plain("requested_at", MOMENT, "When (UTC).", nullable=False),
            plain("reference_code", TEXT, "IBKR's code, by which the statement is fetched."),
            plain("outcome", TEXT, "What became of it.", nullable=False),
            plain("message", TEXT, "IBKR's words, or what was wrong."),
            plain("statement_sha256", TEXT, "The archived statement that answered it."),
            plain("finished_at", MOMENT, "When that was (UTC)."),
        ),
    ),
    View(
        "days_without_row",
        "A weekday that a statement with the NAV section covers without a NAV row: a holiday, or before the account"
        " began.",
        ("account_id", "report_date"),
        (ACCOUNT, REPORT_DATE),
    ),
    View(
        "profit_not_ready",
        "An account's day whose profit and loss are NULL, for IBKR's newest statement that ends on it says that they"
        " are not ready.",
        ("account_id", "report_date"),
        (
            ACCOUNT,
            REPORT_DATE,
            plain("from_date", DAY, "First day of that statement's period.", nullable=False),
            plain("when_generated", MOMENT, "When IBKR generated it (UTC).", nullable=False),
            plain("statement_sha256", TEXT, "The archived statement.", nullable=False),
        ),
    ),
    Record(
        "asset_classes",
        "How a position of each of IBKR's asset categories counts in the NAV (docs/proof.md).",
        ("asset_class",),
        (
            plain("asset_class", TEXT, "IBKR's asset category.", nullable=False),
            plain("component", TEXT, "The NAV's component that it belongs to; NULL: none."),
            plain(
                "counts", TEXT, "value, unrealized or nothing.", nullable=False, only=("value", "unrealized", "nothing")
            ),
            plain("verified", FLAG, "Whether it was seen to add up on a real statement.", nullable=False),
        ),
        rows=_ASSET_CLASSES,
    ),
    Record(
        "nav_parts",
        "The components of the NAV that add up to its total.",
        ("component",),
        (plain("component", TEXT, "IBKR's attribute name.", nullable=False),),
        rows=tuple((c.attribute,) for c in NAV_PARTS),
    ),
    Record(
        "nav_parts_seen",
        "A day on which a component that is not in `nav_parts` was seen to be a part of the total: it was exactly what"
        " the others lacked.",
        ("account_id", "report_date", "component"),
        (ACCOUNT, REPORT_DATE, plain("component", TEXT, "IBKR's attribute name.", nullable=False)),
        replayed=True,
    ),
    View(
        "nav_parts_learned",
        "What counts as a part of the total on all days of an account, having been seen as one on three of them.",
        ("account_id", "component"),
        (ACCOUNT, plain("component", TEXT, "IBKR's attribute name.", nullable=False)),
    ),
    Record(
        "account_descriptions",
        "What each statement says of an account; `accounts` takes the newest of each field.",
        ("sha256", "account_id"),
        (
            *(replace(c, nullable=True, attribute=None) for c in BY_NAME["accounts"].read),
            STATEMENT,
            plain("when_generated", MOMENT, "When IBKR generated the statement (UTC).", nullable=False),
        ),
    ),
    Record(
        "observations",
        "Statement S, generated at T, shows content H for these tables, this account and this day. A content without"
        " rows says that there were none.",
        ("family", "account_id", "report_date", "when_generated", "sha256"),
        (
            FAMILY,
            ACCOUNT,
            REPORT_DATE,
            plain("when_generated", MOMENT, "When IBKR generated the statement (UTC).", nullable=False),
            STATEMENT,
            CONTENT,
        ),
    ),
    Record(
        "versions",
        "The observations of a day in the order of their generation, equal neighbours folded into one.",
        ("family", "account_id", "report_date", "known_from"),
        (
            FAMILY,
            ACCOUNT,
            REPORT_DATE,
            CONTENT,
            plain("statement_sha256", TEXT, "The archived statement that first said so.", nullable=False),
            KNOWN_FROM,
            KNOWN_TO,
        ),
    ),
    Record(
        "days_to_report",
        "An account-day that was loaded and that Dagster may not know yet.",
        ("account_id", "report_date"),
        (ACCOUNT, REPORT_DATE),
    ),
    Record(
        "account_settings",
        "An account in accounts.toml, as of the last load.",
        ("account_id",),
        (
            ACCOUNT,
            plain("name", TEXT, "Its name, for people."),
            plain("ended", DAY, "Its last day in the net worth."),
            plain("successor", TEXT, "The account that goes on for it; empty: there is none."),
            plain("exclude", FLAG, "Whether it stays out of the net worth.", nullable=False),
        ),
    ),
    Record(
        "warehouse_info",
        "One row about the database itself.",
        (),
        (
            plain(
                "schema_version",
                INTEGER,
                "Version of its tables; another one is rebuilt by `wealth replay`.",
                nullable=False,
            ),
            plain("reporting_currency", TEXT, "WEALTH_REPORTING_CURRENCY at the last load; NULL if not set."),
            plain("day_change_share", RATE, "WEALTH_DAY_CHANGE_SHARE at the last load."),
            plain("accounts_digest", TEXT, "Hash of accounts.toml at the last load; NULL if it said nothing."),
            plain("load_id", TEXT, "Names the last load that brought something; NULL: none did."),
        ),
    ),
)

RECORDS_BY_NAME = {record.name: record for record in RECORDS if isinstance(record, Record)}
