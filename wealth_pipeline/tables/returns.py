"""What was earned: flows and returns, day by day. The rules are in `warehouse/sql/returns/`."""

from __future__ import annotations

from wealth_pipeline.tables.columns import (
    AMOUNT,
    COUNT,
    DAY,
    FLAG,
    FLOWS,
    INTEGER,
    MOMENT,
    RATIO,
    SUM,
    TEXT,
    TEXTS,
    plain,
)
from wealth_pipeline.tables.figures import CASH_TYPES
from wealth_pipeline.tables.records import ACCOUNT, REPORT_DATE, STATEMENT
from wealth_pipeline.tables.relations import Macro, Record, View

#: IBKR: the attributes of Change in NAV, and whether they are flows of its time-weighted return. always; never; the
#: others (undecided) where the account's own figures say so. One that is not listed here is undecided.
_COMPONENTS: tuple[tuple[str, str | None, str], ...] = (
    ("depositsWithdrawals", "deposit", "always"),
    ("internalCashTransfers", "internal_transfer", "always"),
    ("assetTransfers", "asset_transfer", "always"),
    ("debitCardActivity", "card", "always"),
    ("billPay", "bill_pay", "always"),
    *((name, None, "bound") for name in ("startingValue", "endingValue", "twr")),
    *(
        (name, None, "never")
        for name in (
            "mtm", "realized", "changeInUnrealized", "costAdjustments", "transferredPnlAdjustments", "dividends",
            "withholdingTax", "withholding871m", "withholdingTaxCollected", "changeInDividendAccruals", "interest",
            "changeInInterestAccruals", "advisorFees", "brokerFees", "changeInBrokerFeeAccruals", "clientFees",
            "otherFees", "feesReceivables", "commissions", "commissionReceivables", "forexCommissions",
            "transactionTax", "taxReceivables", "salesTax", "softDollars", "netFxTrading", "fxTranslation",
            "corporateActionProceeds", "commissionCreditsRedemption", "billableSalesTax", "mtmAtPaxos",
            "carbonCredits", "commissionsAtPaxos", "referralFee", "changeInIncentiveCouponAccruals", "otherIncome",
        )
    ),
)  # fmt: skip

#: IBKR: the attributes of the Cash Report, and whether they are flows. bound: a balance, which moves nothing. One that
#: is not listed here is undecided, as it is in Change in NAV.
_CASH_COMPONENTS: tuple[tuple[str, str], ...] = (
    *(
        (name, "always")
        for name in (
            "deposits", "withdrawals", "depositWithdrawals", "accountTransfers", "internalTransfers",
            "debitCardActivity", "billPay",
        )
    ),
    *(
        (name, "bound")
        for name in (
            "startingCash", "endingCash", "endingSettledCash", "avgCreditBalance", "avgDebitBalance",
            "slbStartingCashCollateral", "slbNetSecuritiesLentActivity", "slbEndingCashCollateral", "slbNetCash",
            "slbNetSettledCash",
        )
    ),
    *(
        (name, "never")
        for name in (
            "clientFees", "commissions", "billableCommissions", "dividends", "brokerFees", "brokerInterest",
            "bondInterest", "cashSettlingMtm", "cfdCharges", "netTradesSales", "netTradesPurchases",
            "feesReceivables", "paymentInLieu", "transactionTax", "withholdingTax", "fxTranslationGainLoss",
            "otherFees", "otherIncome", "insuredDepositInterest", "realizedVm", "advisorFees", "taxReceivables",
            "withholding871m", "withholdingCollectedTax", "salesTax", "realizedForexVm", "ipoSubscription",
            "billableSalesTax", "commissionCreditsRedemption", "referralFee", "carbonCredits",
        )
    ),
)  # fmt: skip

#: The types of cash transactions that are flows; a deposit of less than 0 is a withdrawal.
_CASH_KINDS = {
    "Deposits/Withdrawals": "deposit", "Deposits & Withdrawals": "deposit", "Bill Pay": "bill_pay",
    "Debit Card Activity": "card",
}  # fmt: skip

KINDS = (
    "deposit", "withdrawal", "internal_transfer", "asset_transfer", "card", "bill_pay", "joined", "left", "other",
)  # fmt: skip
STATUS = ("shown", "ibkr", "withheld", "none")
PERIOD_STATUS = ("shown", "partial", "withheld")
PROVED = ("passed", "failed", "not_evaluable")
SCOPE = plain("scope", TEXT, "An account, or household.", nullable=False)

#: What is said of a period.
_FIGURES = (
    plain("from_date", DAY, "The NAV that it starts from.", nullable=False),
    plain("to_date", DAY, "The NAV that it ends with.", nullable=False),
    plain("twr_percent", RATIO, "Time-weighted return.", "percent"),
    plain("annualised_percent", RATIO, "The same a year; from 365 days on.", "percent"),
    plain("xirr_percent", RATIO, "Money-weighted return a year (XIRR); from 365 days on.", "percent"),
    plain("modified_dietz_percent", RATIO, "Money-weighted return of the period (modified Dietz).", "percent"),
    plain("gain", SUM, "What was earned.", "currency"),
    plain("net_flows", SUM, "What came in, less what went out.", "currency"),
    plain("max_drawdown_percent", RATIO, "The largest fall from a peak of the return; 0 or negative.", "percent"),
    plain("drawdown_from", DAY, "The day of that peak."),
    plain("drawdown_to", DAY, "The day of its low."),
    plain("volatility_percent", RATIO, "Sample deviation of the daily returns x sqrt(252).", "percent"),
    plain("best_percent", RATIO, "The best day's return.", "percent"),
    plain("best_day", DAY, "The best day."),
    plain("worst_percent", RATIO, "The worst day's return.", "percent"),
    plain("worst_day", DAY, "The worst day."),
    plain("days", COUNT, "From the first to the last day.", "days", nullable=False),
    plain("withheld_days", COUNT, "How many days are withheld.", nullable=False),
    plain("ibkr_days", COUNT, "On how many days the return is IBKR's.", nullable=False),
    plain("status", TEXT, "shown, partial or withheld.", nullable=False, only=PERIOD_STATUS),
    plain("reason", TEXT, "Why it is not `shown`."),
)

#: A benchmark's.
_LEVELS = (
    plain("name", TEXT, "The benchmark: NAME of the file, or a security's symbol.", nullable=False),
    plain("report_date", DAY, "The day at whose close it stood there.", nullable=False),
    plain("level", AMOUNT, "The level, above 0.", "currency", nullable=False),
    plain("currency", TEXT, "Its currency.", nullable=False),
)

#: What is known of a day's return, whenever it is asked.
_DAY = (
    ACCOUNT,
    REPORT_DATE,
    plain("previous_date", DAY, "The report date of the NAV row before; NULL on the first."),
    plain("start_value", AMOUNT, "The NAV of that row.", "base"),
    plain("flow_in", AMOUNT, "What came in; NULL: not known, or IBKR's return contradicts it.", "base"),
    plain("flow_out", AMOUNT, "What went out, as a positive amount; NULL as well.", "base"),
    plain("end_value", AMOUNT, "The day's NAV.", "base"),
    plain("gain", AMOUNT, "End less start less flows.", "base"),
    plain("factor", RATIO, "1 + the return; NULL where there is none."),
    plain("return_percent", RATIO, "The time-weighted return of the day.", "percent"),
    plain("ibkr_twr", AMOUNT, "IBKR's own, where it states one for exactly this day.", "percent"),
    plain("implied_flow", AMOUNT, "The flow that IBKR's own return implies.", "base"),
    plain("flow_timing", TEXT, "When outflows count: at the day's start or its end.", only=("start", "end")),
    plain("status", TEXT, "shown: our own figure; ibkr: IBKR's; withheld; none.", nullable=False, only=STATUS),
    plain("reason", TEXT, "Why it is not `shown`."),
)

RETURNS: tuple[Record | View | Macro, ...] = (
    Record(
        "flow_components",
        "Whether a component of Change in NAV is a flow.",
        ("component",),
        (
            plain("component", TEXT, "IBKR's attribute name.", nullable=False),
            plain("kind", TEXT, "The kind of flow, if it always is one."),
            plain("counts", TEXT, "always, never, or bound (a bound of the period or its return).", nullable=False),
        ),
        rows=_COMPONENTS,
    ),
    Record(
        "cash_components",
        "Whether a component of the Cash Report is a flow.",
        ("component",),
        (
            plain("component", TEXT, "IBKR's attribute name.", nullable=False),
            plain("counts", TEXT, "always, never, or bound (a balance, which moves nothing).", nullable=False),
        ),
        rows=_CASH_COMPONENTS,
    ),
    Record(
        "cash_types",
        "Whether a cash transaction of a type is a flow. Of a type that is not listed here nobody knows it.",
        ("type",),
        (
            plain("type", TEXT, "IBKR's type.", nullable=False),
            plain("kind", TEXT, "The kind of flow; NULL: it is not one."),
        ),
        rows=tuple((name, _CASH_KINDS.get(name)) for name in CASH_TYPES),
    ),
    Record(
        "flow_rules_seen",
        "A day on which IBKR's own return showed how it counts: `start` or `end`, when outflows count; or whether an"
        " undecided component of Change in NAV is a flow.",
        ("account_id", "report_date", "rule"),
        (
            ACCOUNT,
            REPORT_DATE,
            plain(
                "rule",
                TEXT,
                "start, end, or IBKR's name of a component that is a flow; after `not `, of one that is no flow.",
                nullable=False,
            ),
        ),
        replayed=True,
    ),
    View(
        "flow_rules",
        "How IBKR counts the flows of an account in its own return, as its days showed it.",
        ("account_id",),
        (
            ACCOUNT,
            plain("timing", TEXT, "When outflows count: start or end; NULL: no day shows it."),
            plain("components", TEXTS, "The undecided components that are flows.", nullable=False),
            plain(
                "no_flows", TEXTS, "Those that are no flows; one of which days differ is in neither.", nullable=False
            ),
            plain("days", COUNT, "How many days show something.", nullable=False),
        ),
    ),
    Record(
        "nav_changes_seen",
        "What each statement's Change in NAV says of the flows and the return of a period: `nav_changes` has what the"
        " newest one says.",
        ("account_id", "from_date", "to_date", "sha256"),
        (
            ACCOUNT,
            plain("from_date", DAY, "First day of the period.", nullable=False),
            plain("to_date", DAY, "Last day of the period.", nullable=False),
            plain("when_generated", MOMENT, "When IBKR generated the statement (UTC).", nullable=False),
            STATEMENT,
            plain("starting_value", AMOUNT, "The NAV that it starts from.", "base"),
            plain("ending_value", AMOUNT, "The NAV that it ends with.", "base"),
            plain("twr", AMOUNT, "IBKR's time-weighted return.", "percent"),
            plain("whole", FLAG, "Whether no flow is lacking: all are stated, or it adds up."),
            plain(
                "flows",
                FLOWS,
                "The components that are flows, or may be (kind NULL), and are not 0.",
                "base",
                nullable=False,
            ),
        ),
        replayed=True,
    ),
    Record(
        "flows",
        "Money or securities that came into an account from outside of it, or left it, on the day of the NAV on which"
        " it counts. Dividends, interest, taxes, commissions and fees are no flows.",
        ("account_id", "report_date", "kind", "ordinal"),
        (
            ACCOUNT,
            REPORT_DATE,
            plain(
                "kind",
                TEXT,
                "What it is; joined and left: the NAV with which the account joins the household or leaves it, at the"
                " close of that day, a flow of the household's alone.",
                nullable=False,
                only=KINDS,
            ),
            plain("ordinal", INTEGER, "Its number among those of its kind on that day, from 1.", nullable=False),
            plain("amount_base", AMOUNT, "What came in; negative: what went out.", "base", nullable=False),
            plain(
                "source",
                TEXT,
                "Which section says so.",
                nullable=False,
                only=("nav_changes", "cash_transactions", "transfers", "nav"),
            ),
            plain("counterparty_account", TEXT, "The other account, if it is one of yours."),
            plain("statement_sha256", TEXT, "The archived statement that says so.", nullable=False),
        ),
        replayed=True,
    ),
    Record(
        "returns_daily",
        "An account's time-weighted return of a day: the step from one NAV row to the next.",
        ("account_id", "report_date"),
        (
            *_DAY,
            plain(
                "proof",
                TEXT,
                "passed, failed or not_evaluable: the proofs `return` and `flows`.",
                nullable=False,
                only=PROVED,
            ),
        ),
        replayed=True,
    ),
    Macro(
        "returns_asof(t)",
        "The rows of `returns_daily` as they were known at a time (UTC): `FROM returns_asof('2026-03-10')`. Flows are"
        " those of a Change in NAV of exactly the day (`nav_changes_seen`). A day without one is withheld, or IBKR's:"
        " no versions are kept of Cash Transactions and Transfers. `proof` is left out: it is of what is known now.",
        ("account_id", "report_date"),
        _DAY,
        like="returns_daily",
    ),
    Record(
        "household_members",
        "The accounts of the household, from when to when. One that stays out of the net worth is none of them.",
        ("account_id",),
        (
            ACCOUNT,
            plain("base_currency", TEXT, "The account's base currency."),
            plain("begins", DAY, "Its first day: its first NAV, or the day after the end of what it goes on for."),
            plain("first_date", DAY, "Its first NAV.", nullable=False),
            plain("last_date", DAY, "Its newest NAV.", nullable=False),
            plain("ended", DAY, "Its last day; NULL: it goes on."),
            plain("heir", TEXT, "The account that goes on with its last NAV."),
            plain("predecessors", TEXT, "The accounts for which it goes on."),
            plain("inherited", AMOUNT, "Their last NAV.", "base"),
            plain("reporting_currency", TEXT, "The household's currency; NULL: none is set, and they have several."),
        ),
        replayed=True,
    ),
    Record(
        "household_daily",
        "The time-weighted return of all accounts together, in the reporting currency. A transfer between two of them"
        " is no flow; the NAV with which an account joins or leaves is one.",
        ("report_date",),
        (
            REPORT_DATE,
            plain("previous_date", DAY, "The report date of the household's row before; NULL on the first."),
            plain("start_value", AMOUNT, "The NAV of that day, with what was in transit.", "reporting"),
            plain("flow_in", AMOUNT, "What came in from outside.", "reporting"),
            plain("flow_out", AMOUNT, "What went outside, as a positive amount.", "reporting"),
            plain("end_value", AMOUNT, "The day's NAV, with what is in transit.", "reporting"),
            plain("gain", AMOUNT, "End less start less flows.", "reporting"),
            plain("factor", RATIO, "1 + the return; NULL where there is none."),
            plain("return_percent", RATIO, "The time-weighted return of the day.", "percent"),
            plain("accounts", COUNT, "How many accounts belong to it.", nullable=False),
            plain("status", TEXT, "shown, ibkr (an account's is), withheld or none.", nullable=False, only=STATUS),
            plain("reason", TEXT, "Why it is not `shown`."),
            plain("proof", TEXT, "passed where its accounts' returns are.", nullable=False, only=PROVED),
        ),
        replayed=True,
    ),
    Record(
        "returns_periods",
        "What an account or the household earned over a period that ends with its newest NAV.",
        ("scope", "period"),
        (
            SCOPE,
            plain("period", TEXT, "1D, WTD, MTD, QTD, YTD, 1Y, 3Y, 5Y, since_start, or a year.", nullable=False),
            *_FIGURES,
        ),
        replayed=True,
    ),
    Record(
        "returns_monthly",
        "What an account or the household earned in a month.",
        ("scope", "year", "month"),
        (
            SCOPE,
            plain("year", INTEGER, "The year.", nullable=False),
            plain("month", INTEGER, "The month, 1 to 12.", nullable=False),
            plain("twr_percent", RATIO, "Time-weighted return.", "percent"),
            plain("gain", SUM, "What was earned.", "currency"),
            plain("net_flows", SUM, "What came in, less what went out.", "currency"),
            plain("status", TEXT, "shown, partial or withheld.", nullable=False, only=PERIOD_STATUS),
        ),
        replayed=True,
    ),
    Macro(
        "returns_between(a, b)",
        "What every account and the household earned over the days a to b, both inclusive. As `returns_periods`,"
        " without XIRR, which SQL cannot solve: `FROM returns_between('2026-01-01', '2026-03-31')`.",
        ("scope",),
        (SCOPE, *(column for column in _FIGURES if column.name != "xirr_percent")),
    ),
    Record(
        "benchmark_levels",
        "A level of a file `benchmarks/NAME.CUR.csv` in the data folder, as of the last load.",
        ("name", "report_date"),
        _LEVELS,
    ),
    View(
        "benchmarks",
        "What returns can be compared with: the levels of `benchmark_levels`, and under their symbols IBKR's closing"
        " prices of the securities that are held. A symbol that several contracts have, or a file, is left out.",
        ("name", "report_date"),
        _LEVELS,
    ),
    Macro(
        "benchmark_breaks(benchmark)",
        "The days over which the closing prices of a held security cannot be compared: from the day before, a split may"
        " have changed them.",
        (),
        (
            plain("report_date", DAY, "The day.", nullable=False),
            plain("reason", TEXT, "What was seen, or could not be.", nullable=False),
        ),
    ),
    Macro(
        "compared_with(benchmark, a, b)",
        "The returns of `returns_between` beside a benchmark's over exactly the same days: its price return, without"
        " dividends, in its own currency and not converted. `FROM compared_with('SP500', '2026-01-01', '2026-03-31')`.",
        ("scope",),
        (
            SCOPE,
            *(column for column in _FIGURES if column.name in ("from_date", "to_date", "twr_percent")),
            plain("benchmark_percent", RATIO, "The change of the benchmark's level.", "percent"),
            plain("currency", TEXT, "The benchmark's; NULL: there is no such benchmark."),
            plain("status", TEXT, "shown, partial or withheld.", nullable=False, only=PERIOD_STATUS),
            plain("reason", TEXT, "Why it is not `shown`."),
        ),
    ),
)

RETURNS_BY_NAME = {declared.name: declared for declared in RETURNS}
