"""Every table of figures, declared once. Adding a column is one line here.

Amounts are in the currency that `unit` names: `base` is the account's base currency, `currency` the row's own.
Signs are IBKR's: what the account owes, pays or is short of is negative.
"""

from __future__ import annotations

from wealth_pipeline.tables.columns import Amount, Day, Flag, Moment, Rate, Table, Text, column

SHA256 = r"[0-9a-f]{64}"

#: IBKR: the types of cash transactions, as seen; the name of deposits changed once.
CASH_TYPES = (
    "Dividends", "Payment In Lieu Of Dividends", "Withholding Tax", "871(m) Withholding", "Deposits/Withdrawals",
    "Deposits & Withdrawals", "Broker Interest Paid", "Broker Interest Received", "Bond Interest Paid",
    "Bond Interest Received", "Other Fees", "Broker Fees", "Commission Adjustments", "Advisor Fees",
    "Price Adjustments", "Bill Pay", "Carbon Credits",
)  # fmt: skip


#: Attributes that describe, or are figures on which no NAV rests, in whatever element: what cannot be read exactly of
#: them is NULL and noted with its text. Of a row's other attributes it refuses the file, or sets a side's row aside.
DESCRIPTIVE = frozenset(
    "multiplier markPrice costBasisMoney costBasisPrice fifoPnlUnrealized unrealizedCapitalGainsPnl unrealizedlFxPnl "
    "positionValueInBase strike expiry maturity openDateTime holdingPeriodDateTime dateTime tradeDate settleDate "
    "settleDateTarget exDate payDate date dateOpened dateFunded dateClosed".split()
)


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
    date_opened: Day = column("dateOpened", "Day the account was opened.")
    date_funded: Day = column("dateFunded", "Day of the first deposit.")
    date_closed: Day = column("dateClosed", "Day the account was closed.")
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


class Nav(_Sourced):
    """Net asset value (net liquidation value) of an account at the close of a report date, by its components.

    IBKR: Net Asset Value (NAV) in Base, one row a report date, and the day before the window's first.
    """

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column("reportDate", "The day whose close it states.", nullable=False)
    base_currency: Text = column("currency", "The account's base currency, as this row states it.")
    total: Amount = column("total", "Net asset value.", unit="base")
    cash: Amount = column("cash", "Cash.", unit="base")
    slb_cash_collateral: Amount = column("slbCashCollateral", "Cash collateral of stock lending.", unit="base")
    stock: Amount = column("stock", "Stocks and ETFs.", unit="base")
    ipo_subscription: Amount = column("ipoSubscription", "IPO subscriptions.", unit="base")
    slb_direct_securities_borrowed: Amount = column(
        "slbDirectSecuritiesBorrowed", "Securities borrowed directly.", unit="base"
    )
    slb_direct_securities_lent: Amount = column("slbDirectSecuritiesLent", "Securities lent directly.", unit="base")
    options: Amount = column("options", "Options, futures options, warrants.", unit="base")
    bonds: Amount = column("bonds", "Bonds and bills.", unit="base")
    commodities: Amount = column("commodities", "Physical commodities.", unit="base")
    notes: Amount = column("notes", "Notes.", unit="base")
    funds: Amount = column("funds", "Mutual funds.", unit="base")
    dividend_accruals: Amount = column("dividendAccruals", "Dividends past ex-date, not paid yet.", unit="base")
    interest_accruals: Amount = column("interestAccruals", "Interest accrued, not posted yet.", unit="base")
    soft_dollars: Amount = column("softDollars", "Soft dollars.", unit="base")
    forex_cfd_unrealized_pl: Amount = column("forexCfdUnrealizedPl", "Unrealised result of forex CFDs.", unit="base")
    cfd_unrealized_pl: Amount = column("cfdUnrealizedPl", "Unrealised result of CFDs.", unit="base")
    phys_del: Amount = column("physDel", "Physical delivery.", unit="base")
    crypto: Amount = column("crypto", "Crypto currencies.", unit="base")
    lite_surcharge_accruals: Amount = column("liteSurchargeAccruals", "Surcharges of IBKR Lite accrued.", unit="base")
    cgt_withholding_accruals: Amount = column(
        "cgtWithholdingAccruals", "Capital gains tax withheld, accrued.", unit="base"
    )


class NavComponents(_Sourced):
    """Each amount of a NAV row by the attribute's name: an open set, so that a new one of IBKR's cannot hide.

    IBKR: a component is the sum of its Long and its Short; these are here only where it has no value itself.
    """

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column("reportDate", "The day whose close it states.", nullable=False)
    component: Text = column(None, "IBKR's attribute name.", nullable=False)
    amount: Amount = column(None, "Its amount.", unit="base", nullable=False)
    counted: Flag = column(None, "Whether it is one of the parts that add up to the total.", nullable=False)


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
    multiplier: Amount = column("multiplier", "Units of the underlying a contract stands for.")
    mark_price: Amount = column("markPrice", "IBKR's closing price; percent of par for bonds.", unit="currency")
    position_value: Amount = column(
        "positionValue", "Market value by IBKR; notional for futures and CFDs.", unit="currency"
    )
    stated_value_base: Amount = column(
        "positionValueInBase", "Market value in base currency as the row states it.", unit="base"
    )
    cost_basis: Amount = column("costBasisMoney", "Cost basis of the whole position.", unit="cost_currency")
    cost_basis_price: Amount = column("costBasisPrice", "Cost basis a unit.", unit="cost_currency")
    unrealized_pnl: Amount = column("fifoPnlUnrealized", "Unrealised result.", unit="cost_currency", profit=True)
    unrealized_capital_gains_pnl: Amount = column(
        "unrealizedCapitalGainsPnl", "The part of the unrealised result from prices.", unit="cost_currency", profit=True
    )
    unrealized_fx_pnl: Amount = column(
        "unrealizedlFxPnl", "The part of the unrealised result from exchange rates.", unit="cost_currency", profit=True
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


class Positions(_Holding):
    """A position of an account at the close of a report date.

    IBKR: SUMMARY rows of Open Positions; where the query has lots only, their sum.
    """

    underlying_symbol: Text = column("underlyingSymbol", "Symbol of a derivative's underlying.")
    underlying_conid: Text = column("underlyingConid", "Contract id of the underlying.")
    strike: Amount = column("strike", "Strike of an option.", unit="currency")
    expiry: Day = column("expiry", "Last day of a derivative.")
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


class PositionLots(_Holding):
    """A tax lot of a position at the close of a report date (IBKR: LOT rows of Open Positions)."""

    open_datetime: Moment = column("openDateTime", "When the lot was opened (UTC).")
    holding_period_datetime: Moment = column("holdingPeriodDateTime", "Start of its holding period (UTC).")
    code: Text = column("code", "IBKR's codes, e.g. ST or LT.")
    originating_order_id: Text = column("originatingOrderID", "Order that opened it.")
    originating_transaction_id: Text = column("originatingTransactionID", "Transaction that opened it.")


class CashBalances(_Sourced):
    """Cash of an account in one currency at the close of a report date."""

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column("toDate", "The day whose close it states.", nullable=False)
    currency: Text = column("currency", "The currency.", nullable=False, ne="BASE_SUMMARY")
    ending_cash: Amount = column("endingCash", "Cash by trade date.", unit="currency")
    ending_settled_cash: Amount = column("endingSettledCash", "Settled cash.", unit="currency")
    fx_rate_to_base: Rate = column(None, "IBKR's conversion rate; 1 for the base currency.", gt=0)
    ending_cash_base: Amount = column(None, "Cash x rate, rounded half up to 12 decimals.", unit="base")


class CashTotals(_Sourced):
    """All cash of an account in base currency at the close of a report date (IBKR: the BASE_SUMMARY row)."""

    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    report_date: Day = column("toDate", "The day whose close it states.", nullable=False)
    ending_cash: Amount = column("endingCash", "Cash by trade date.", unit="base")
    ending_settled_cash: Amount = column("endingSettledCash", "Settled cash.", unit="base")


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


class FxRates(_Sourced):
    """IBKR's conversion rate of a day: one unit of `from_currency` in `to_currency`.

    IBKR's rate -1 means "no rate" and makes no row.
    """

    report_date: Day = column("reportDate", "Day of the rate.", nullable=False)
    from_currency: Text = column("fromCurrency", "Currency converted.", nullable=False)
    to_currency: Text = column("toCurrency", "Currency it is stated in: an account's base.", nullable=False)
    rate: Rate = column("rate", "The rate.", unit="to_currency", nullable=False, gt=0)


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
    date_time: Moment = column("dateTime", "When it took effect (UTC).")
    settle_date: Day = column("settleDate", "Day of settlement.")
    ex_date: Day = column("exDate", "Ex-date of a dividend.")
    conid: Text = column("conid", "Contract it belongs to.")
    symbol: Text = column("symbol", "Its symbol.")
    isin: Text = column("isin", "Its ISIN.")
    asset_class: Text = column("assetCategory", "Its asset category.")
    description: Text = column("description", "IBKR's description.")
    action_id: Text = column("actionID", "Corporate action it belongs to.")


class Trades(_Event):
    """An execution, exercise, assignment, expiry or currency conversion (IBKR: Trade rows of Trades)."""

    transaction_id: Text = column("transactionID", "IBKR's id.")
    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    trade_id: Text = column("tradeID", "Trade id; a cancellation and its rebooking share it.")
    transaction_type: Text = column("transactionType", "ExchTrade, BookTrade, FracShare, ...")
    report_date: Day = column("reportDate", "Day of the statement that first shows it.")
    trade_date: Day = column("tradeDate", "Day of the trade.")
    date_time: Moment = column("dateTime", "When it was done (UTC).")
    settle_date: Day = column("settleDateTarget", "Day of settlement.")
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
    multiplier: Amount = column("multiplier", "Units of the underlying a contract stands for.")
    trade_price: Amount = column("tradePrice", "Price.", unit="currency")
    proceeds: Amount = column("proceeds", "Money received (paid: negative).", unit="currency")
    commission: Amount = column("ibCommission", "Commission.", unit="commission_currency")
    commission_currency: Text = column("ibCommissionCurrency", "Currency of the commission.")
    taxes: Amount = column("taxes", "Taxes.", unit="currency")
    net_cash: Amount = column("netCash", "Cash moved.", unit="currency")
    cost_basis: Amount = column("cost", "Cost basis of what was traded.", unit="currency")
    realized_pnl: Amount = column("fifoPnlRealized", "Realised result.", unit="currency", profit=True)
    notes: Text = column("notes", "IBKR's codes, separated by ;")


class Transfers(_Event):
    """A transfer of positions or cash between accounts or brokers (IBKR: Transfers)."""

    transaction_id: Text = column("transactionID", "IBKR's id.")
    account_id: Text = column("accountId", "IBKR account.", nullable=False)
    type: Text = column("type", "ACATS, INTERNAL, FOP, OTC, ...", values=("ACATS", "INTERNAL", "FOP", "OTC"))
    direction: Text = column("direction", "IN or OUT.", values=("IN", "OUT", "-"))
    report_date: Day = column("reportDate", "Day of the statement that first shows it.")
    date: Day = column("date", "Day of the transfer.")
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
    ex_date: Day = column("exDate", "Ex-date.")
    pay_date: Day = column("payDate", "Day of payment.")
    quantity: Amount = column("quantity", "Shares entitled.")
    gross_rate: Amount = column("grossRate", "Dividend a share.", unit="currency")
    gross_amount: Amount = column("grossAmount", "Before tax and fee.", unit="currency")
    tax: Amount = column("tax", "Tax.", unit="currency")
    fee: Amount = column("fee", "Fee.", unit="currency")
    net_amount: Amount = column("netAmount", "What will be paid; the figure that counts in the NAV.", unit="currency")
    code: Text = column("code", "IBKR's codes.")


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
    multiplier: Amount = column("multiplier", "Units of the underlying a contract stands for.")
    strike: Amount = column("strike", "Strike of an option.", unit="currency")
    expiry: Day = column("expiry", "Last day of a derivative.")
    put_call: Text = column("putCall", "P or C.", values=("P", "C"))
    maturity: Day = column("maturity", "Maturity of a bond.")
