"""Income, costs and gains: what is paid and expected, what the account costs, what each security earned.

All are views of the figures.
"""

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
    View(
        "gains",
        "What each security earned since the account's first NAV, held or sold since: unrealised and realised result,"
        " dividends and the tax withheld from them. Commissions are in the results already, and stand apart besides."
        " NULL: not known, and `reason` says why; 0 is 0. This year is that of the account's newest NAV.",
        ("account_id", "conid", "symbol"),
        (
            ACCOUNT,
            plain("conid", TEXT, "IBKR's contract id."),
            plain("symbol", TEXT, "Symbol."),
            plain("asset_class", TEXT, "IBKR's asset category; NULL: only a payment names it."),
            plain("currency", TEXT, "The security's currency; NULL: traded or paid in several."),
            plain("quantity", SUM, "What is held on the newest day; 0: sold."),
            plain("value", SUM, "Market value; NULL: sold, too.", "currency"),
            plain("cost_basis", SUM, "Cost basis; NULL also where IBKR states it in base currency.", "currency"),
            plain("unrealized_pnl", SUM, "Unrealised result; NULL also where IBKR states it in base.", "currency"),
            plain("realized_pnl", SUM, "What sales gained, by the trades.", "currency"),
            plain("realized_this_year", SUM, "The part of this year.", "currency"),
            plain("dividends", SUM, "Dividends and payments in lieu, before tax.", "currency"),
            plain("withholding_tax", SUM, "The tax withheld from them: negative.", "currency"),
            plain("costs", SUM, "Commissions and taxes of its trades: negative; in the results.", "currency"),
            plain("total", SUM, "Unrealised, realised, dividends and tax.", "currency"),
            plain("value_base", SUM, "Market value.", "base"),
            plain("cost_basis_base", SUM, "Cost basis: as stated, or x today's rate.", "base"),
            plain("unrealized_pnl_base", SUM, "Unrealised result: as stated, or x today's rate.", "base"),
            plain("unrealized_price_base", SUM, "The part from prices, where it is stated.", "base"),
            plain("unrealized_fx_base", SUM, "The part from exchange rates, where it is stated.", "base"),
            plain("realized_pnl_base", SUM, "What sales gained, by IBKR's FIFO Performance Summary.", "base"),
            plain("realized_this_year_base", SUM, "The part of this year.", "base"),
            plain("short_term_this_year_base", SUM, "Of that, from lots held a year or less.", "base"),
            plain("long_term_this_year_base", SUM, "Of that, from lots held longer.", "base"),
            plain("dividends_base", SUM, "Dividends and payments in lieu, before tax.", "base"),
            plain("withholding_tax_base", SUM, "The tax withheld from them: negative.", "base"),
            plain("costs_base", SUM, "Commissions and taxes of its trades: negative; in the results.", "base"),
            plain("total_base", SUM, "Unrealised, realised, dividends and tax.", "base"),
            plain("reason", TEXT, "What is not known, and why."),
        ),
        replayed=True,
    ),
)

INCOME_BY_NAME = {declared.name: declared for declared in INCOME}
