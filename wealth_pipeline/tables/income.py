"""Income and costs: what was paid, is declared and is expected, and what the account costs. Views of the figures."""

from __future__ import annotations

from wealth_pipeline.tables.columns import COUNT, DAY, RATIO, SUM, TEXT, plain
from wealth_pipeline.tables.records import ACCOUNT
from wealth_pipeline.tables.relations import View

STATES = ("paid", "declared", "expected")
COSTS = ("commissions", "fees", "taxes", "interest_paid", "withholding_tax")

INCOME: tuple[View, ...] = (
    View(
        "income_calendar",
        "Dividends and payments in lieu by pay date, with the tax withheld from them: paid, declared (past the ex-date"
        " and not paid), or expected, which is an estimate. Withholding tax on interest is here too, without a"
        " security.",
        ("account_id", "conid", "symbol", "currency", "pay_date", "state"),
        (
            ACCOUNT,
            plain("conid", TEXT, "IBKR's contract id; NULL: the row names none."),
            plain("symbol", TEXT, "Symbol, else the ISIN."),
            plain("currency", TEXT, "The currency of the amounts.", nullable=False),
            plain(
                "pay_date",
                DAY,
                "When it is paid. What was corrected in a later year counts on its report date; NULL: not stated.",
            ),
            plain("state", TEXT, "paid, declared, or expected (an estimate).", nullable=False, only=STATES),
            plain("ex_date", DAY, "The first day without a claim to it."),
            plain("report_date", DAY, "The newest day of a statement that it rests on.", nullable=False),
            plain("gross", SUM, "Before tax; of what is expected an estimate.", "currency"),
            plain("tax", SUM, "The tax withheld: negative.", "currency"),
            plain("net", SUM, "After tax; of what is declared after fees too.", "currency"),
            plain("gross_base", SUM, "Before tax; NULL: a rate is missing.", "base"),
            plain("tax_base", SUM, "The tax withheld; NULL: a rate is missing.", "base"),
            plain("net_base", SUM, "After tax; NULL: a rate is missing.", "base"),
        ),
        replayed=True,
    ),
    View(
        "costs_yearly",
        "What an account cost in a year, by kind. Signs are IBKR's: what was paid is negative.",
        ("account_id", "year", "kind"),
        (
            ACCOUNT,
            plain("year", COUNT, "The year.", nullable=False),
            plain("kind", TEXT, "What was paid.", nullable=False, only=COSTS),
            plain("amount_base", SUM, "What was paid: negative. NULL: not known.", "base"),
            plain("percent", RATIO, "That, of the average of the year's NAVs.", "percent"),
            plain("source", TEXT, "Which section says so.", only=("nav_changes", "cash_transactions", "trades")),
            plain("reason", TEXT, "Why it is not known."),
            plain("from_date", DAY, "The year's first NAV.", nullable=False),
            plain("to_date", DAY, "The year's last NAV.", nullable=False),
        ),
        replayed=True,
    ),
)

INCOME_BY_NAME = {declared.name: declared for declared in INCOME}
