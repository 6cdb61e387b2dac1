"""Every table of figures, declared once. A new column is one line here, a new table a model with its `@_table`.

Amounts are in the currency that `unit` names: `base` is the account's base currency, `currency` the row's own.
Signs are IBKR's: what the account owes, pays or is short of is negative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wealth_pipeline.tables import sections
from wealth_pipeline.tables.columns import Amount, Column, Day, Flag, Moment, Rate, Table, Text, column
from wealth_pipeline.tables.relations import TableSpec
from wealth_pipeline.tables.sections import Section

SHA256 = r"[0-9a-f]{64}"

#: IBKR: the types of cash transactions, as seen; the name of deposits changed once. Nobody knows what one that is not
#: listed here moves.
CASH_TYPES = (
    "Dividends", "Payment In Lieu Of Dividends", "Withholding Tax", "871(m) Withholding", "Deposits/Withdrawals",
    "Deposits & Withdrawals", "Broker Interest Paid", "Broker Interest Received", "Bond Interest Paid",
    "Bond Interest Received", "Other Fees", "Broker Fees", "Commission Adjustments", "Advisor Fees",
    "Price Adjustments", "Bill Pay", "Carbon Credits", "Debit Card Activity",
)  # fmt: skip

#: What is said of an amount of an event in base currency.
_IN_BASE = (
    "{} x the row's own rate, else IBKR's conversion rate of the day it counts for, rounded half up to 12 decimals;"
    " NULL without either."
)

_declared: list[TableSpec] = []


def _table(
    name: str,
    key: tuple[str, ...],
    section: Section,
    *,
    melt: bool = False,
    family: str | None = None,
    scope: tuple[str, ...] = (),
    event_days: tuple[str, ...] = (),
) -> Callable[[type[Table]], type[Table]]:
    """Declare the model below as the table `name` of figures; see `TableSpec`."""

    def declare(model: type[Table]) -> type[Table]:
        _declared.append(
            TableSpec(
                name=name,
                model=model,
                key=key,
                section=section,
                melt=melt,
                family=family,
                scope=scope,
                event_days=event_days,
            )
        )
        return model

    return declare


class _Sourced(Table):
    """Columns that every table of figures ends with."""

    statement_sha256: Text = column(
        None, "The archived statement that the row came from.", nullable=False, str_matches=SHA256
    )
    known_since: Moment = column(None, "When IBKR generated the statement that first said so (UTC).", nullable=False)


class _Event(_Sourced):
    """What tells an event apart, and which statements replace it. The newest that covers its day does, whole."""

    row_id: Text = column(
        None,
        "IBKR's transaction id, with /1, /2 ... where several rows have it; from a query without that field, a hash of"
        " what the row states.",
        nullable=False,
    )
    statement_account_id: Text = column(
        None,
        "Account of the FlexStatement that states the row; another than `account_id` of a sub-account's.",
        nullable=False,
    )
    event_date: Day = column(
        None,
        "The day it counts for: its report date, else the day of its FlexStatement, of the trade or of its time.",
        nullable=False,
    )


@_table("accounts", ("account_id",), sections.ACCOUNT_INFORMATION)
class Accounts(Table):
    """One row an account, as the newest statement describes it. No name, address or e-mail is loaded."""

    account_id: Text = column("accountId", "IBKR account, or its alias if the query shows that.", nullable=False)
    alias: Text = column("acctAlias", "The account's alias.")
    base_currency: Text = column("currency", "Currency in which IBKR states the account's NAV.")
    account_type: Text = column("accountType", "Individual, Joint, IRA, ...")
    customer_type: Text = column("customerType", "Individual, Partnership, ...")
    account_capabilities: Text = column("accountCapabilities", "Cash, Margin, Portfolio Margin.")
    trading_permissions: Text = column("tradingPermissions", "What the account may trade.")
    ib_entity: Text = column("ibEntity", "The IBKR company that holds the account.")
    date_opened: Day = column("dateOpened", "Day the account was opened.", descriptive=True)
    date_funded: Day = column("dateFunded", "Day of the first deposit.", descriptive=True)
    date_closed: Day = column("dateClosed", "Day the account was closed.", descriptive=True)
    first_date: Day = column(None, "First report date with a NAV.")
    last_date: Day = column(None, "Newest report date with a NAV.")
    connection: Text = column(None, "Connection whose statements bring the account; NULL if only imported.")
    name: Text = column(None, "Its name in accounts.toml.")
    ended: Day = column(
        None,
        "Its last day: as accounts.toml says, the day it was closed, or its last row where that is zero or a successor"
        " follows; NULL: it goes on.",
    )
    successor: Text = column(None, "The account that goes on for it: as accounts.toml says, or as the figures suggest.")
    successor_presumed: Flag = column(
        None,
        "Whether only the figures suggest the successor: it begins alone on the weekday after, in the same currency,"
        " with much the same total.",
        nullable=False,
    )
    left_out: Text = column(
        None,
        "Why it stays out of net_worth: excluded (accounts.toml), or unconfirmed (it came once, in a statement without"
        " any account of its connection); NULL: it counts.",
    )
    statement_sha256: Text = column(None, "The archived statement that described it.", str_matches=SHA256)


@_table("nav", ("account_id", "report_date"), sections.NAV, family="nav")
class Nav(_Sourced):
    """Net asset value (net liquidation value) of an account at the close of a report date, by its components.

    IBKR: Net Asset Value (NAV) in Base, one row a report date, and the day before the window's first.
    """

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column("reportDate", "The day whose close it states.", nullable=False)
    base_currency: Text = column("currency", "The account's base currency, as this row states it.")
    total: Amount = column("total", "Net asset value.", unit="base")
    cash: Amount = column("cash", "Cash.", unit="base", nav_part=True)
    slb_cash_collateral: Amount = column(
        "slbCashCollateral", "Cash collateral of stock lending.", unit="base", nav_part=True
    )
    stock: Amount = column("stock", "Stocks and ETFs.", unit="base", nav_part=True)
    ipo_subscription: Amount = column("ipoSubscription", "IPO subscriptions.", unit="base", nav_part=True)
    slb_direct_securities_borrowed: Amount = column(
        "slbDirectSecuritiesBorrowed", "Securities borrowed directly.", unit="base", nav_part=True
    )
    slb_direct_securities_lent: Amount = column(
        "slbDirectSecuritiesLent", "Securities lent directly.", unit="base", nav_part=True
    )
    options: Amount = column("options", "Options, futures options, warrants.", unit="base", nav_part=True)
    bonds: Amount = column("bonds", "Bonds and bills.", unit="base", nav_part=True)
    commodities: Amount = column("commodities", "Physical commodities.", unit="base", nav_part=True)
    notes: Amount = column("notes", "Notes.", unit="base", nav_part=True)
    funds: Amount = column("funds", "Mutual funds.", unit="base", nav_part=True)
    dividend_accruals: Amount = column(
        "dividendAccruals", "Dividends past ex-date, not paid yet.", unit="base", nav_part=True
    )
    interest_accruals: Amount = column(
        "interestAccruals", "Interest accrued, not posted yet.", unit="base", nav_part=True
    )
    soft_dollars: Amount = column("softDollars", "Soft dollars.", unit="base", nav_part=True)
    forex_cfd_unrealized_pl: Amount = column(
        "forexCfdUnrealizedPl", "Unrealised result of forex CFDs.", unit="base", nav_part=True
    )
    cfd_unrealized_pl: Amount = column("cfdUnrealizedPl", "Unrealised result of CFDs.", unit="base", nav_part=True)
    phys_del: Amount = column("physDel", "Physical delivery.", unit="base", nav_part=True)
    crypto: Amount = column("crypto", "Crypto currencies.", unit="base", nav_part=True)
    lite_surcharge_accruals: Amount = column(
        "liteSurchargeAccruals", "Surcharges of IBKR Lite accrued.", unit="base", nav_part=True
    )
    cgt_withholding_accruals: Amount = column(
        "cgtWithholdingAccruals", "Capital gains tax withheld, accrued.", unit="base", nav_part=True
    )


@_table("nav_components", ("account_id", "report_date", "component"), sections.NAV, melt=True, family="nav")
class NavComponents(_Sourced):
    """Each amount of a NAV row by the attribute's name: an open set, so that a new one of IBKR's cannot hide.

    IBKR: a component is the sum of its Long and its Short; these are here only where it has no value itself.
    """

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column("reportDate", "The day whose close it states.", nullable=False)
    component: Text = column(None, "IBKR's attribute name.", nullable=False)
    amount: Amount = column(None, "Its amount.", unit="base", nullable=False)
    counted: Flag = column(None, "Whether it is one of the parts that add up to the total.", nullable=False)


@_table(
    "nav_changes",
    ("account_id", "from_date", "to_date", "component"),
    sections.CHANGE_IN_NAV,
    melt=True,
    scope=("account_id", "from_date", "to_date"),
)
class NavChanges(_Sourced):
    """What changed the NAV over a period, by component (IBKR: Change in NAV).

    `startingValue` and `endingValue` are the NAV at both ends. `twr` is a percentage, not an amount. `mtm`, or
    `realized` and `changeInUnrealized`, carry the market result: two ways to say the same, never to be added.
    """

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    from_date: Day = column("fromDate", "First day of the period.", nullable=False)
    to_date: Day = column("toDate", "Last day of the period.", nullable=False)
    component: Text = column(None, "IBKR's attribute name.", nullable=False)
    amount: Amount = column(None, "Its amount; percent for `twr`.", unit="base", nullable=False)


class _Holding(_Sourced):
    """What a position and one of its lots have in common."""

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    model: Text = column("model", "Model portfolio; NULL outside models.")
    report_date: Day = column("reportDate", "The day at whose close it was held.", nullable=False)
    conid: Text = column("conid", "IBKR's contract id.")
    security_id: Text = column("securityID", "Security id, of the kind that IBKR prefers for it.")
    symbol: Text = column("symbol", "Symbol; options keep the padding of OCC symbols.")
    description: Text = column("description", "The contract's name.")
    isin: Text = column("isin", "ISIN.")
    asset_class: Text = column("assetCategory", "IBKR's asset category: STK, OPT, FUT, BOND ...; an ETF is STK.")
    sub_category: Text = column("subCategory", "ETF, COMMON, REIT ...; NULL when the statement does not say.")
    side: Text = column("side", "Long or Short.", values=("Long", "Short"))
    currency: Text = column("currency", "The contract's currency; NULL: the statement does not say.")
    quantity: Amount = column("position", "Signed: shares, contracts, or a bond's face value.", nullable=False)
    multiplier: Amount = column("multiplier", "Units of the underlying a contract stands for.", descriptive=True)
    mark_price: Amount = column(
        "markPrice", "IBKR's closing price; percent of par for bonds.", unit="currency", descriptive=True
    )
    position_value: Amount = column(
        "positionValue", "Market value by IBKR; notional for futures and CFDs.", unit="currency"
    )
    stated_value_base: Amount = column(
        "positionValueInBase",
        "Market value in base currency as the row states it.",
        unit="base",
        descriptive=True,
        newer=True,
    )
    cost_basis: Amount = column(
        "costBasisMoney", "Cost basis of the whole position.", unit="cost_currency", descriptive=True
    )
    cost_basis_price: Amount = column("costBasisPrice", "Cost basis a unit.", unit="cost_currency", descriptive=True)
    unrealized_pnl: Amount = column(
        "fifoPnlUnrealized", "Unrealised result.", unit="cost_currency", profit=True, descriptive=True
    )
    unrealized_capital_gains_pnl: Amount = column(
        "unrealizedCapitalGainsPnl",
        "The part of the unrealised result from prices.",
        unit="cost_currency",
        profit=True,
        descriptive=True,
        newer=True,
    )
    unrealized_fx_pnl: Amount = column(
        "unrealizedlFxPnl",
        "The part of the unrealised result from exchange rates.",
        unit="cost_currency",
        profit=True,
        descriptive=True,
        newer=True,
    )
    fx_rate_to_base: Rate = column(
        "fxRateToBase", "Rate to the base currency: the row's own, else IBKR's conversion rate.", gt=0
    )
    fx_rate_derived: Flag = column(
        None, "True when the row states no rate and IBKR's conversion rate of the day is used.", nullable=False
    )
    cost_basis_derived: Flag = column(
        None, "True when the cost basis is price x quantity x multiplier for want of IBKR's own.", nullable=False
    )


@_table(
    "positions",
    ("account_id", "model", "report_date", "conid", "security_id", "symbol"),
    sections.OPEN_POSITIONS,
    family="positions",
)
class Positions(_Holding):
    """A position of an account at the close of a report date.

    IBKR: SUMMARY rows of Open Positions; where the query has lots only, their sum.
    """

    underlying_symbol: Text = column("underlyingSymbol", "Symbol of a derivative's underlying.")
    underlying_conid: Text = column("underlyingConid", "Contract id of the underlying.")
    strike: Amount = column("strike", "Strike of an option.", unit="currency", descriptive=True)
    expiry: Day = column("expiry", "Last day of a derivative.", descriptive=True)
    put_call: Text = column("putCall", "P or C.", values=("P", "C"))
    issuer_country: Text = column("issuerCountryCode", "Country of the issuer, ISO code.")
    listing_exchange: Text = column("listingExchange", "Exchange of the listing.")
    from_lots: Flag = column(
        None, "True when the statement has its lots only, and the position is their sum.", nullable=False
    )
    position_value_base: Amount = column(None, "Market value x rate, rounded half up to 12 decimals.", unit="base")
    nav_value_base: Amount = column(
        None, "What it adds to the NAV: 0 for futures, the unrealised result for CFDs, else the value.", unit="base"
    )
    cost_currency: Text = column(
        None,
        "What the row's `cost_currency` amounts are in: `position`, its own currency, or `base`. The statement's rows"
        " tell together; NULL where they cannot (docs/proof.md).",
    )
    cost_basis_base: Amount = column(
        None, "Cost basis: as stated, or x today's rate, rounded half up to 12 decimals.", unit="base"
    )
    unrealized_pnl_base: Amount = column(
        None, "Unrealised result: as stated, or x today's rate, rounded half up to 12 decimals.", unit="base"
    )


# IBKR gives lots no id, and two lots may be equal in every field.
@_table("position_lots", (), sections.OPEN_POSITIONS, family="positions")
class PositionLots(_Holding):
    """A tax lot of a position at the close of a report date (IBKR: LOT rows of Open Positions)."""

    open_datetime: Moment = column("openDateTime", "When the lot was opened (UTC).", descriptive=True)
    holding_period_datetime: Moment = column(
        "holdingPeriodDateTime", "Start of its holding period (UTC).", descriptive=True
    )
    code: Text = column("code", "IBKR's codes, e.g. ST or LT.")
    originating_order_id: Text = column("originatingOrderID", "Order that opened it.")
    originating_transaction_id: Text = column("originatingTransactionID", "Transaction that opened it.")


@_table("cash_balances", ("account_id", "report_date", "currency"), sections.CASH_REPORT, family="cash")
class CashBalances(_Sourced):
    """Cash of an account in one currency at the close of a report date."""

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column("toDate", "The day whose close it states.", nullable=False)
    currency: Text = column("currency", "The currency.", nullable=False, ne="BASE_SUMMARY")
    ending_cash: Amount = column("endingCash", "Cash by trade date.", unit="currency")
    ending_settled_cash: Amount = column("endingSettledCash", "Settled cash.", unit="currency")
    fx_rate_to_base: Rate = column(None, "IBKR's conversion rate; 1 for the base currency.", gt=0)
    ending_cash_base: Amount = column(None, "Cash x rate, rounded half up to 12 decimals.", unit="base")


@_table("cash_totals", ("account_id", "report_date"), sections.CASH_REPORT, family="cash")
class CashTotals(_Sourced):
    """All cash of an account in base currency at the close of a report date (IBKR: the BASE_SUMMARY row)."""

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column("toDate", "The day whose close it states.", nullable=False)
    ending_cash: Amount = column("endingCash", "Cash by trade date.", unit="base")
    ending_settled_cash: Amount = column("endingSettledCash", "Settled cash.", unit="base")


@_table(
    "cash_flows",
    ("account_id", "from_date", "to_date", "currency", "component"),
    sections.CASH_REPORT,
    melt=True,
    scope=("account_id", "from_date", "to_date"),
)
class CashFlows(_Sourced):
    """What moved cash over a period, by currency and component (IBKR: Cash Report).

    The currency `BASE_SUMMARY` is the total of the others in base currency: never add it to them.
    `depositWithdrawals` is the sum of `deposits` and `withdrawals`: count one or the other.
    """

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    from_date: Day = column("fromDate", "First day of the period.", nullable=False)
    to_date: Day = column("toDate", "Last day of the period.", nullable=False)
    currency: Text = column("currency", "The currency, or BASE_SUMMARY.", nullable=False)
    component: Text = column(None, "IBKR's attribute name.", nullable=False)
    amount: Amount = column(None, "Its amount.", unit="currency", nullable=False)


@_table(
    "fx_rates",
    ("report_date", "from_currency", "to_currency"),
    sections.CONVERSION_RATES,
    scope=("report_date", "from_currency", "to_currency"),
)
class FxRates(_Sourced):
    """IBKR's conversion rate of a day: one unit of `from_currency` in `to_currency`.

    IBKR's rate -1 means "no rate" and makes no row.
    """

    report_date: Day = column("reportDate", "Day of the rate.", nullable=False)
    from_currency: Text = column("fromCurrency", "Currency converted.", nullable=False)
    to_currency: Text = column("toCurrency", "Currency it is stated in: an account's base.", nullable=False)
    rate: Rate = column("rate", "The rate.", unit="to_currency", nullable=False, gt=0)


@_table(
    "cash_transactions", ("account_id", "row_id"), sections.CASH_TRANSACTIONS, event_days=("date_time", "settle_date")
)
class CashTransactions(_Event):
    """A cash movement: dividend, tax, interest, fee, deposit ... (IBKR: DETAIL rows of Cash Transactions)."""

    transaction_id: Text = column("transactionID", "IBKR's id.")
    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    type: Text = column(
        "type", "Dividends, Withholding Tax, Deposits/Withdrawals, ...: an open set.", values=CASH_TYPES
    )
    currency: Text = column("currency", "The movement's currency.", nullable=False)
    amount: Amount = column("amount", "Signed amount.", unit="currency", nullable=False)
    fx_rate_to_base: Rate = column("fxRateToBase", "Rate to the base currency.", gt=0)
    report_date: Day = column("reportDate", "Day of the statement that first shows it.")
    date_time: Moment = column("dateTime", "When it took effect (UTC).", descriptive=True)
    settle_date: Day = column("settleDate", "Day of settlement.", descriptive=True)
    ex_date: Day = column("exDate", "Ex-date of a dividend.", descriptive=True)
    conid: Text = column("conid", "Contract it belongs to.")
    symbol: Text = column("symbol", "Its symbol.")
    isin: Text = column("isin", "Its ISIN.")
    asset_class: Text = column("assetCategory", "Its asset category.")
    description: Text = column("description", "IBKR's description.")
    action_id: Text = column("actionID", "Corporate action it belongs to.")
    amount_base: Amount = column(None, _IN_BASE.format("Amount"), unit="base")


@_table("trades", ("account_id", "row_id"), sections.TRADES, event_days=("trade_date", "date_time", "settle_date"))
class Trades(_Event):
    """An execution, exercise, assignment, expiry or currency conversion (IBKR: Trade rows of Trades)."""

    transaction_id: Text = column("transactionID", "IBKR's id.")
    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    trade_id: Text = column("tradeID", "Trade id; a cancellation and its rebooking share it.")
    transaction_type: Text = column("transactionType", "ExchTrade, BookTrade, FracShare, ...")
    report_date: Day = column("reportDate", "Day of the statement that first shows it.")
    trade_date: Day = column("tradeDate", "Day of the trade.", descriptive=True)
    date_time: Moment = column("dateTime", "When it was done (UTC).", descriptive=True)
    settle_date: Day = column("settleDateTarget", "Day of settlement.", descriptive=True)
    conid: Text = column("conid", "IBKR's contract id.")
    symbol: Text = column("symbol", "Symbol; EUR.USD for a currency conversion.")
    description: Text = column("description", "The contract's name.")
    isin: Text = column("isin", "ISIN.")
    asset_class: Text = column("assetCategory", "IBKR's asset category.")
    sub_category: Text = column("subCategory", "ETF, COMMON, ...")
    currency: Text = column("currency", "The trade's currency.", nullable=False)
    fx_rate_to_base: Rate = column("fxRateToBase", "Rate to the base currency.", gt=0)
    buy_sell: Text = column(
        "buySell", "BUY, SELL, or a cancellation of one.", values=("BUY", "SELL", "BUY (Ca.)", "SELL (Ca.)")
    )
    open_close: Text = column("openCloseIndicator", "O, C, C;O.", values=("O", "C", "C;O", "-"))
    quantity: Amount = column("quantity", "Signed quantity.")
    multiplier: Amount = column("multiplier", "Units of the underlying a contract stands for.", descriptive=True)
    trade_price: Amount = column("tradePrice", "Price.", unit="currency")
    proceeds: Amount = column("proceeds", "Money received (paid: negative).", unit="currency")
    commission: Amount = column("ibCommission", "Commission.", unit="commission_currency")
    commission_currency: Text = column("ibCommissionCurrency", "Currency of the commission.")
    taxes: Amount = column("taxes", "Taxes.", unit="currency")
    net_cash: Amount = column("netCash", "Cash moved.", unit="currency")
    cost_basis: Amount = column("cost", "Cost basis of what was traded.", unit="currency")
    realized_pnl: Amount = column("fifoPnlRealized", "Realised result.", unit="currency", profit=True)
    proceeds_base: Amount = column(None, _IN_BASE.format("Proceeds"), unit="base")
    commission_base: Amount = column(None, _IN_BASE.format("Commission"), unit="base")
    taxes_base: Amount = column(None, _IN_BASE.format("Taxes"), unit="base")
    notes: Text = column("notes", "IBKR's codes, separated by ;")


@_table("transfers", ("account_id", "row_id"), sections.TRANSFERS, event_days=("date",))
class Transfers(_Event):
    """A transfer of positions or cash between accounts or brokers (IBKR: Transfers)."""

    transaction_id: Text = column("transactionID", "IBKR's id.")
    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    type: Text = column("type", "ACATS, INTERNAL, FOP, OTC, ...", values=("ACATS", "INTERNAL", "FOP", "OTC"))
    direction: Text = column("direction", "IN or OUT.", values=("IN", "OUT", "-"))
    report_date: Day = column("reportDate", "Day of the statement that first shows it.")
    date: Day = column("date", "Day of the transfer.", descriptive=True)
    conid: Text = column("conid", "IBKR's contract id; NULL for cash.")
    symbol: Text = column("symbol", "Symbol.")
    isin: Text = column("isin", "ISIN.")
    asset_class: Text = column("assetCategory", "IBKR's asset category.")
    currency: Text = column("currency", "Its currency.", nullable=False)
    fx_rate_to_base: Rate = column("fxRateToBase", "Rate to the base currency.", gt=0)
    quantity: Amount = column("quantity", "Signed quantity.")
    transfer_price: Amount = column("transferPrice", "Price of the transfer.", unit="currency")
    position_amount: Amount = column("positionAmount", "Value of the position.", unit="currency")
    position_amount_base: Amount = column("positionAmountInBase", "Value of the position.", unit="base")
    cash_transfer: Amount = column("cashTransfer", "Cash moved.", unit="currency")
    counterparty_account: Text = column("account", "The other account of an internal transfer.")


@_table("dividend_accruals", (), sections.OPEN_DIVIDEND_ACCRUALS, family="dividends")
class DividendAccruals(_Sourced):
    """A dividend past its ex-date and not paid at the close of a report date (IBKR: Open Dividend Accruals)."""

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column(
        "reportDate", "The day at whose close it was open: the last one of the FlexStatement.", nullable=False
    )
    conid: Text = column("conid", "IBKR's contract id.")
    symbol: Text = column("symbol", "Symbol.")
    isin: Text = column("isin", "ISIN.")
    currency: Text = column("currency", "The dividend's currency.", nullable=False)
    fx_rate_to_base: Rate = column("fxRateToBase", "Rate to the base currency.", gt=0)
    ex_date: Day = column("exDate", "Ex-date.", descriptive=True)
    pay_date: Day = column("payDate", "Day of payment.", descriptive=True)
    quantity: Amount = column("quantity", "Shares entitled.")
    gross_rate: Amount = column("grossRate", "Dividend a share.", unit="currency")
    gross_amount: Amount = column("grossAmount", "Before tax and fee.", unit="currency")
    tax: Amount = column("tax", "Tax.", unit="currency")
    fee: Amount = column("fee", "Fee.", unit="currency")
    net_amount: Amount = column("netAmount", "What will be paid; the figure that counts in the NAV.", unit="currency")
    code: Text = column("code", "IBKR's codes.")


@_table(
    "interest_accruals",
    ("account_id", "from_date", "to_date", "currency"),
    sections.INTEREST_ACCRUALS,
    scope=("account_id", "from_date", "to_date"),
)
class InterestAccruals(_Sourced):
    """Interest accrued over a period, by currency (IBKR: Interest Accruals). BASE_SUMMARY is their total in base."""

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    from_date: Day = column("fromDate", "First day of the period.", nullable=False)
    to_date: Day = column("toDate", "Last day of the period.", nullable=False)
    currency: Text = column("currency", "The currency, or BASE_SUMMARY.", nullable=False)
    starting_accrual_balance: Amount = column("startingAccrualBalance", "Accrued before.", unit="currency")
    interest_accrued: Amount = column("interestAccrued", "Accrued in the period.", unit="currency")
    accrual_reversal: Amount = column("accrualReversal", "Posted to cash, hence reversed.", unit="currency")
    fx_translation: Amount = column("fxTranslation", "Effect of exchange rates.", unit="currency")
    ending_accrual_balance: Amount = column("endingAccrualBalance", "Accrued after.", unit="currency")


@_table("securities", ("conid",), sections.SECURITIES_INFO, scope=("conid",))
class Securities(_Sourced):
    """What IBKR says of a contract, as the newest statement describes it (IBKR: Financial Instrument Information)."""

    conid: Text = column("conid", "IBKR's contract id.", nullable=False)
    symbol: Text = column("symbol", "Symbol.")
    description: Text = column("description", "The contract's name.")
    asset_class: Text = column("assetCategory", "IBKR's asset category.")
    sub_category: Text = column("subCategory", "ETF, COMMON, ...")
    isin: Text = column("isin", "ISIN.")
    cusip: Text = column("cusip", "CUSIP.")
    figi: Text = column("figi", "FIGI.")
    currency: Text = column("currency", "The contract's currency.")
    listing_exchange: Text = column("listingExchange", "Exchange of the listing.")
    underlying_symbol: Text = column("underlyingSymbol", "Symbol of the underlying.")
    issuer: Text = column("issuer", "Issuer.")
    issuer_country: Text = column("issuerCountryCode", "Country of the issuer, ISO code.")
    multiplier: Amount = column("multiplier", "Units of the underlying a contract stands for.", descriptive=True)
    strike: Amount = column("strike", "Strike of an option.", unit="currency", descriptive=True)
    expiry: Day = column("expiry", "Last day of a derivative.", descriptive=True)
    put_call: Text = column("putCall", "P or C.", values=("P", "C"))
    maturity: Day = column("maturity", "Maturity of a bond.", descriptive=True)


#: In the order in which they are shown and loaded.
TABLES: tuple[TableSpec, ...] = tuple(_declared)

BY_NAME = {table.name: table for table in TABLES}


def handed_on(table: str, *names: str) -> tuple[Column, ...]:
    """Columns of a table of figures for a view or record that hands them on; all of them if none is named."""
    columns = {c.name: replace(c, attribute=None) for c in BY_NAME[table].columns}
    return tuple(columns[name] for name in names or columns)


#: Attributes that describe, or are figures on which no NAV rests, in whatever element: what cannot be read exactly of
#: them is NULL and noted with its text. Of a row's other attributes it refuses the file, or sets a side's row aside.
DESCRIPTIVE = frozenset(c.attribute for table in TABLES for c in table.read if c.descriptive and c.attribute)

#: The amounts of a NAV row that add up to its total, by column.
NAV_PARTS = tuple(c for c in BY_NAME["nav"].columns if c.nav_part)
