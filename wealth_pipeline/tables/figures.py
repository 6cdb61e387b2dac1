"""The tables of figures, in the order in which they are shown and loaded."""

from __future__ import annotations

from wealth_pipeline.tables import models
from wealth_pipeline.tables.columns import Column, TableSpec
from wealth_pipeline.tables.models import DESCRIPTIVE

TABLES: tuple[TableSpec, ...] = (
    TableSpec("accounts", models.Accounts, ("account_id",), "AccountInformation"),
    TableSpec("nav", models.Nav, ("account_id", "report_date"), "EquitySummaryByReportDateInBase", family="nav"),
    TableSpec(
        "nav_components",
        models.NavComponents,
        ("account_id", "report_date", "component"),
        "EquitySummaryByReportDateInBase",
        melt=True,
        family="nav",
    ),
    TableSpec(
        "nav_changes",
        models.NavChanges,
        ("account_id", "from_date", "to_date", "component"),
        "ChangeInNAV",
        melt=True,
        scope=("account_id", "from_date", "to_date"),
    ),
    TableSpec(
        "positions",
        models.Positions,
        ("account_id", "model", "report_date", "conid", "security_id", "symbol"),
        "OpenPosition",
        family="positions",
    ),
    # IBKR gives lots no id, and two lots may be equal in every field.
    TableSpec("position_lots", models.PositionLots, (), "OpenPosition", family="positions"),
    TableSpec(
        "cash_balances",
        models.CashBalances,
        ("account_id", "report_date", "currency"),
        "CashReportCurrency",
        family="cash",
    ),
    TableSpec("cash_totals", models.CashTotals, ("account_id", "report_date"), "CashReportCurrency", family="cash"),
    TableSpec(
        "cash_flows",
        models.CashFlows,
        ("account_id", "from_date", "to_date", "currency", "component"),
        "CashReportCurrency",
        melt=True,
        scope=("account_id", "from_date", "to_date"),
    ),
    TableSpec(
        "fx_rates",
        models.FxRates,
        ("report_date", "from_currency", "to_currency"),
        "ConversionRate",
        scope=("report_date", "from_currency", "to_currency"),
    ),
    TableSpec("cash_transactions", models.CashTransactions, ("account_id", "row_id"), "CashTransaction", events=True),
    TableSpec("trades", models.Trades, ("account_id", "row_id"), "Trade", events=True),
    TableSpec("transfers", models.Transfers, ("account_id", "row_id"), "Transfer", events=True),
    TableSpec(
        "dividend_accruals",
        models.DividendAccruals,
        (),
        "OpenDividendAccrual",
        family="dividends",
    ),
    TableSpec(
        "interest_accruals",
        models.InterestAccruals,
        ("account_id", "from_date", "to_date", "currency"),
        "InterestAccrualsCurrency",
        scope=("account_id", "from_date", "to_date"),
    ),
    TableSpec("securities", models.Securities, ("conid",), "SecurityInfo", scope=("conid",)),
)

#: The elements that the NAV does not rest on: a row of theirs that cannot be read exactly is set aside. Lots are as
#: well, but stand in the element of the positions.
SIDE_ELEMENTS = frozenset(
    {
        "ChangeInNAV", "CashTransaction", "Trade", "Transfer", "OpenDividendAccrual", "InterestAccrualsCurrency",
        "SecurityInfo",
    }
)  # fmt: skip

BY_NAME = {table.name: table for table in TABLES}

__all__ = ["BY_NAME", "DESCRIPTIVE", "SIDE_ELEMENTS", "TABLES", "Column", "TableSpec", "models"]
