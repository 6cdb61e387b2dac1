"""What `live.duckdb` holds, declared once: live figures, which never enter the official history.

`attribute` is the field of the Gateway's JSON. Amounts are in the currency that `unit` names: `base` is the account's
base currency, `currency` the row's own. What the account owes or is short of is negative. IBKR computes live figures
in binary floating point (most with seven significant digits); they are kept as written, to 12 decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wealth_pipeline.tables.columns import MOMENT, TEXT, Amount, Day, Flag, Moment, Rate, Table, Text, column, plain
from wealth_pipeline.tables.figures import SHA256
from wealth_pipeline.tables.relations import LiveTable, Record, View

_declared: list[LiveTable] = []


def _table(name: str, key: tuple[str, ...], element: str) -> Callable[[type[Table]], type[Table]]:
    """Declare the model below as the live table `name`."""

    def declare(model: type[Table]) -> type[Table]:
        _declared.append(LiveTable(name, model, key, element))
        return model

    return declare


class _Live(Table):
    """Columns that every live table begins with."""

    captured_at: Moment = column(None, "When the snapshot was taken (UTC).", nullable=False)
    account_id: Text = column(None, "IBKR account.", nullable=False, str_length={"min_value": 1})


@_table("live_nav", ("captured_at", "account_id"), "ledger")
class LiveNav(_Live):
    """Net liquidation value of an account at the moment of a snapshot, with its parts (IBKR: the ledger's BASE)."""

    report_date: Day = column(None, "The New York day of the snapshot: joins the official history.", nullable=False)
    base_currency: Text = column(None, "The account's base currency.")
    net_liquidation: Amount = column("netliquidationvalue", "Net liquidation value.", unit="base", nullable=False)
    derived: Flag = column(
        None, "True where IBKR gave no total: the currencies' values at their exchange rates, summed.", nullable=False
    )
    cash: Amount = column("cashbalance", "Cash, all currencies.", unit="base")
    settled_cash: Amount = column("settledcash", "Cash that has settled.", unit="base")
    stock: Amount = column("stockmarketvalue", "Stocks and ETFs.", unit="base")
    options: Amount = column("stockoptionmarketvalue", "Options on stocks and indices.", unit="base")
    future_options: Amount = column("futureoptionmarketvalue", "Options on futures.", unit="base")
    futures: Amount = column("futuremarketvalue", "Futures: their result of the day.", unit="base")
    corporate_bonds: Amount = column("corporatebondsmarketvalue", "Corporate bonds.", unit="base")
    treasury_bonds: Amount = column("tbondsmarketvalue", "Government bonds.", unit="base")
    treasury_bills: Amount = column("tbillsmarketvalue", "Treasury bills.", unit="base")
    warrants: Amount = column("warrantsmarketvalue", "Warrants.", unit="base")
    funds: Amount = column("funds", "Mutual funds.", unit="base")
    money_funds: Amount = column("moneyfunds", "Money market funds.", unit="base")
    crypto: Amount = column("cryptocurrencyvalue", "Crypto currencies.", unit="base")
    dividends: Amount = column("dividends", "Dividends past ex-date, not paid yet.", unit="base")
    interest: Amount = column("interest", "Interest accrued, not posted yet.", unit="base")
    unrealized_pnl: Amount = column("unrealizedpnl", "Unrealised result.", unit="base")
    realized_pnl: Amount = column("realizedpnl", "Realised result of the day.", unit="base")
    snapshot_sha256: Text = column(None, "The archived snapshot.", nullable=False, str_matches=SHA256)


@_table("live_cash", ("captured_at", "account_id", "currency"), "ledger")
class LiveCash(_Live):
    """Cash of an account in one currency at the moment of a snapshot. Never the ledger's BASE, which is their total."""

    currency: Text = column(None, "The currency.", nullable=False, ne="BASE")
    cash: Amount = column("cashbalance", "Cash.", unit="currency")
    settled_cash: Amount = column("settledcash", "Cash that has settled.", unit="currency")
    net_liquidation: Amount = column(
        "netliquidationvalue", "Everything the account holds in this currency.", unit="currency"
    )
    interest: Amount = column("interest", "Interest accrued, not posted yet.", unit="currency")
    dividends: Amount = column("dividends", "Dividends past ex-date, not paid yet.", unit="currency")
    fx_rate_to_base: Rate = column("exchangerate", "Units of the base currency for one of this.", ge=0)
    snapshot_sha256: Text = column(None, "The archived snapshot.", nullable=False, str_matches=SHA256)


@_table("live_positions", ("captured_at", "account_id", "model", "conid"), "positions")
class LivePositions(_Live):
    """A position of an account at the moment of a snapshot. Quantity 0: closed today."""

    model: Text = column("model", "Model portfolio; NULL outside models.")
    conid: Text = column("conid", "IBKR's contract id.", nullable=False)
    symbol: Text = column("ticker", "Symbol, where the Gateway gives it.")
    contract: Text = column("contractDesc", "The contract, as the Gateway describes it.")
    name: Text = column("name", "The company's or fund's name, where the Gateway gives it.")
    asset_class: Text = column("assetClass", "STK (ETFs too), OPT, FUT, BOND, BILL, FUND, CRYPTO, CFD, ...")
    currency: Text = column("currency", "The contract's currency.")
    quantity: Amount = column("position", "How many; negative: short.", unit="units", nullable=False)
    market_price: Amount = column("mktPrice", "Price.", unit="currency")
    market_value: Amount = column("mktValue", "Value.", unit="currency")
    average_cost: Amount = column("avgCost", "Average cost of a unit, times the multiplier.", unit="currency")
    average_price: Amount = column("avgPrice", "Average price of a unit.", unit="currency")
    unrealized_pnl: Amount = column("unrealizedPnl", "Unrealised result.", unit="currency")
    realized_pnl: Amount = column("realizedPnl", "Realised result of the day.", unit="currency")
    multiplier: Amount = column("multiplier", "Units of the underlying in one contract; NULL or 0 where none.")
    strike: Amount = column("strike", "Strike of an option; 0 for what has none.", unit="currency")
    expiry: Day = column("expiry", "Expiry or last trading day.")
    put_call: Text = column("putOrCall", "P or C.")
    underlying_conid: Text = column("undConid", "Contract id of the underlying; 0 for what has none.")
    snapshot_sha256: Text = column(None, "The archived snapshot.", nullable=False, str_matches=SHA256)


LIVE_TABLES: tuple[LiveTable, ...] = tuple(_declared)

#: What is kept and made besides; the queries are in `gateway/sql/views/`.
LIVE_VIEWS: tuple[Record | View, ...] = (
    Record(
        "live_snapshots",
        "A snapshot that was taken; a rejected one stays in the archive.",
        ("snapshot_sha256",),
        (
            plain("snapshot_sha256", TEXT, "The archived snapshot.", nullable=False),
            plain("captured_at", MOMENT, "When it was taken (UTC); NULL if it was rejected."),
            plain("status", TEXT, "loaded or rejected.", nullable=False, only=("loaded", "rejected")),
            plain("reason", TEXT, "Why it was rejected."),
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
