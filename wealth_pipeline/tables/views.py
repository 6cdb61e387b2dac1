"""What is made of the tables of figures: histories, the newest rows, proofs, sums; and every version of what changes.

The queries are in `warehouse/sql/views/`. To add a view: its declaration here, and its .sql file.
"""

from __future__ import annotations

from wealth_pipeline.tables.columns import AMOUNT, COUNT, DAY, FLAG, MOMENT, RATIO, SUM, TEXT, TEXTS, Column, plain
from wealth_pipeline.tables.figures import BY_NAME, TABLES, handed_on
from wealth_pipeline.tables.records import ACCOUNT, CONTENT, KNOWN_FROM, KNOWN_TO, REPORT_DATE
from wealth_pipeline.tables.relations import Macro, Record, TableSpec, View

_PROVED = ("passed", "failed", "not_evaluable")

_NAV_HISTORY = (
    ACCOUNT,
    REPORT_DATE,
    plain("base_currency", TEXT, "The currency of the row's amounts."),
    *handed_on("nav", "total"),
    # The parts of the NAV that have a column of their own here; `other` is the sum of the rest.
    *handed_on("nav", "cash", "stock", "options", "bonds", "funds", "notes", "commodities", "crypto"),
    *handed_on("nav", "dividend_accruals", "interest_accruals"),
    plain(
        "other",
        AMOUNT,
        "Sum of the remaining named components of `nav`, and of `nav_parts_learned`; NULL if none is stated.",
        "base",
    ),
    plain("previous_date", DAY, "The report date of the row before; NULL on the first."),
    plain("day_change", AMOUNT, "Total less the total of the row before; NULL on the first.", "base"),
    plain("return_percent", RATIO, "The day's time-weighted return, as `returns_daily` has it.", "percent"),
    plain("proof", TEXT, "passed, failed or not_evaluable (docs/proof.md).", nullable=False, only=_PROVED),
    *handed_on("nav", "statement_sha256", "known_since"),
)


def _versions(table: TableSpec) -> tuple[Column, ...]:
    return (*(c for c in handed_on(table.name) if c.name != "known_since"), KNOWN_FROM, KNOWN_TO)


#: What is made from the tables of figures.
VIEWS: tuple[Record | View | Macro, ...] = (
    # A table, not a view: the lag over all days and the proofs behind it take longer than a reader should wait.
    Record(
        "nav_history",
        "Net asset value (net liquidation value) of an account at the close of a report date, with the day's change and"
        " the state of its proof.",
        ("account_id", "report_date"),
        _NAV_HISTORY,
        replayed=True,
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
        "Each account's positions on the newest day that a statement has them for.",
        BY_NAME["positions"].key,
        handed_on("positions"),
        like="positions",
    ),
    View(
        "cash_latest",
        "Each account's cash by currency on the newest day that a statement has it for.",
        ("account_id", "currency"),
        handed_on("cash_balances"),
        like="cash_balances",
    ),
    View(
        "net_worth",
        "All accounts together, in one currency (WEALTH_REPORTING_CURRENCY, else the base currency they share). An"
        " account without a row is carried forward for at most five weekdays, and no further than its end; then the"
        " total is NULL, not smaller. Accounts with a `left_out` in `accounts` do not count.",
        ("report_date",),
        (
            plain("report_date", DAY, "A day on which at least one account has a NAV.", nullable=False),
            plain("reporting_currency", TEXT, "The currency of the total; NULL if it is not set and not shared."),
            plain("total", AMOUNT, "Sum of the accounts' NAV at IBKR's conversion rates.", "reporting_currency"),
            plain("accounts", COUNT, "How many accounts there were that day.", nullable=False),
            plain("stale_accounts", COUNT, "How many of them are carried forward.", nullable=False),
            plain("complete", FLAG, "Whether every account has a row of its own and a rate.", nullable=False),
        ),
        replayed=True,
    ),
    View(
        "foreign_statements",
        "A statement whose accounts its connection never had, and in which none of those is that it had: somebody"
        " else's, or of another query.",
        ("sha256",),
        (
            plain("sha256", TEXT, "The archived statement.", nullable=False),
            plain("connection", TEXT, "The connection whose request brought it."),
            plain("accounts", TEXTS, "The accounts in it.", nullable=False),
            plain("expected", TEXTS, "The accounts that the connection had before.", nullable=False),
        ),
    ),
    Record(
        "reconciliation",
        "A proof of an account and day: what was compared, and how it came out (docs/proof.md). `cash_flow` shows the"
        " currency, and `lots` the position, that differs most, in its own currency or unit.",
        ("account_id", "report_date", "check_name"),
        (
            ACCOUNT,
            REPORT_DATE,
            plain(
                "check_name",
                TEXT,
                "Which proof: docs/proof.md lists them.",
                nullable=False,
            ),
            plain("expected", SUM, "What the statement's NAV or total says.", "base"),
            plain("actual", SUM, "What its parts add up to.", "base"),
            plain("difference", SUM, "Expected less actual.", "base"),
            plain("tolerance", SUM, "The largest difference that rounding explains.", "base"),
            plain("status", TEXT, "passed, failed or not_evaluable.", nullable=False, only=_PROVED),
            plain("reason", TEXT, "Why it failed or could not be evaluated; what else is to be known."),
        ),
        replayed=True,
    ),
    View(
        "restatements",
        "A day whose figures a later statement of IBKR's changed.",
        ("table_name", "account_id", "report_date", "known_from"),
        (
            plain("table_name", TEXT, "nav, positions or cash.", nullable=False),
            ACCOUNT,
            REPORT_DATE,
            plain("known_from", MOMENT, "When IBKR generated the statement that changed it (UTC).", nullable=False),
            plain("changed", TEXTS, "The columns whose figures changed.", nullable=False),
            plain(
                "old_total",
                AMOUNT,
                "The total before: NAV, value of the positions, or cash; NULL where it stayed.",
                "base",
            ),
            plain("new_total", AMOUNT, "The total after; NULL where it stayed.", "base"),
            plain("old_sha256", TEXT, "The archived statement that said the old figures.", nullable=False),
            plain("new_sha256", TEXT, "The archived statement that said the new ones.", nullable=False),
        ),
        replayed=True,
    ),
    *(
        Record(
            table.stored,
            f"Every version of `{table.name}`, with the time at which it was known.",
            (*table.key, "known_from") if table.key else (),
            (*_versions(table), CONTENT),
            like=table.name,
            replayed=True,
        )
        for table in TABLES
        if table.family
    ),
    View(
        "cash_versions",
        "Another name of `cash_balances_versions`.",
        (*BY_NAME["cash_balances"].key, "known_from"),
        (*_versions(BY_NAME["cash_balances"]), CONTENT),
        like="cash_balances",
    ),
    Macro(
        "nav_asof(t)",
        "The rows of `nav` as they were known at a time (UTC): `FROM nav_asof('2026-03-10')`.",
        BY_NAME["nav"].key,
        _versions(BY_NAME["nav"]),
        like="nav",
    ),
    Macro(
        "positions_asof(t)",
        "The rows of `positions` as they were known at a time (UTC).",
        BY_NAME["positions"].key,
        _versions(BY_NAME["positions"]),
        like="positions",
    ),
)

VIEWS_BY_NAME = {view.name: view for view in VIEWS}
