-- What is made from the declarations in wealth_pipeline/tables/, in the order in which it is executed.
-- Of what stands in a .sql file only the first line is shown.

-- warehouse.duckdb, which is published as wealth.duckdb

-- The functions that the warehouse's views and rules share. They stay in the published database, as its views use them.

-- The steps inside of periods. A row without a return (`none`) ends what was before it: a period begins with the last

-- The figures of periods. A withheld day withholds all of them. Drawdown is of the chained returns, with 1.0 as the

CREATE MACRO nav_by_part(n, learned) AS {
    cash: n.cash,
    stock: n.stock,
    options: n.options,
    bonds: n.bonds,
    funds: n.funds,
    notes: n.notes,
    commodities: n.commodities,
    crypto: n.crypto,
    dividend_accruals: n.dividend_accruals,
    interest_accruals: n.interest_accruals,
    other: CASE WHEN coalesce(n.slb_cash_collateral, n.ipo_subscription, n.slb_direct_securities_borrowed, n.slb_direct_securities_lent, n.soft_dollars, n.forex_cfd_unrealized_pl, n.cfd_unrealized_pl, n.phys_del, n.lite_surcharge_accruals, n.cgt_withholding_accruals, learned) IS NOT NULL
        THEN CAST(coalesce(n.slb_cash_collateral, 0) + coalesce(n.ipo_subscription, 0) + coalesce(n.slb_direct_securities_borrowed, 0) + coalesce(n.slb_direct_securities_lent, 0) + coalesce(n.soft_dollars, 0) + coalesce(n.forex_cfd_unrealized_pl, 0) + coalesce(n.cfd_unrealized_pl, 0) + coalesce(n.phys_del, 0) + coalesce(n.lite_surcharge_accruals, 0) + coalesce(n.cgt_withholding_accruals, 0) + coalesce(learned, 0) AS DECIMAL(28,12)) END
};

CREATE TABLE nav_changes (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    account_id VARCHAR NOT NULL,
    from_date DATE NOT NULL,
    to_date DATE NOT NULL,
    component VARCHAR NOT NULL,
    amount DECIMAL(28,12) NOT NULL
);

CREATE TABLE cash_flows (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    account_id VARCHAR NOT NULL,
    from_date DATE NOT NULL,
    to_date DATE NOT NULL,
    currency VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    amount DECIMAL(28,12) NOT NULL
);

CREATE TABLE fx_rates (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    report_date DATE NOT NULL,
    from_currency VARCHAR NOT NULL,
    to_currency VARCHAR NOT NULL,
    rate DECIMAL(18,10) NOT NULL
);

CREATE TABLE cash_transactions (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    row_id VARCHAR NOT NULL,
    statement_account_id VARCHAR NOT NULL,
    event_date DATE NOT NULL,
    transaction_id VARCHAR,
    account_id VARCHAR NOT NULL,
    type VARCHAR,
    currency VARCHAR NOT NULL,
    amount DECIMAL(28,12) NOT NULL,
    fx_rate_to_base DECIMAL(18,10),
    report_date DATE,
    date_time TIMESTAMP,
    settle_date DATE,
    ex_date DATE,
    conid VARCHAR,
    symbol VARCHAR,
    isin VARCHAR,
    asset_class VARCHAR,
    description VARCHAR,
    action_id VARCHAR,
    amount_base DECIMAL(28,12)
);

CREATE TABLE trades (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    row_id VARCHAR NOT NULL,
    statement_account_id VARCHAR NOT NULL,
    event_date DATE NOT NULL,
    transaction_id VARCHAR,
    account_id VARCHAR NOT NULL,
    trade_id VARCHAR,
    transaction_type VARCHAR,
    report_date DATE,
    trade_date DATE,
    date_time TIMESTAMP,
    settle_date DATE,
    conid VARCHAR,
    symbol VARCHAR,
    description VARCHAR,
    isin VARCHAR,
    asset_class VARCHAR,
    sub_category VARCHAR,
    currency VARCHAR NOT NULL,
    fx_rate_to_base DECIMAL(18,10),
    buy_sell VARCHAR,
    open_close VARCHAR,
    quantity DECIMAL(28,12),
    multiplier DECIMAL(28,12),
    trade_price DECIMAL(28,12),
    proceeds DECIMAL(28,12),
    commission DECIMAL(28,12),
    commission_currency VARCHAR,
    taxes DECIMAL(28,12),
    net_cash DECIMAL(28,12),
    cost_basis DECIMAL(28,12),
    realized_pnl DECIMAL(28,12),
    proceeds_base DECIMAL(28,12),
    commission_base DECIMAL(28,12),
    taxes_base DECIMAL(28,12),
    notes VARCHAR
);

CREATE TABLE transfers (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    row_id VARCHAR NOT NULL,
    statement_account_id VARCHAR NOT NULL,
    event_date DATE NOT NULL,
    transaction_id VARCHAR,
    account_id VARCHAR NOT NULL,
    type VARCHAR,
    direction VARCHAR,
    report_date DATE,
    date DATE,
    conid VARCHAR,
    symbol VARCHAR,
    isin VARCHAR,
    asset_class VARCHAR,
    currency VARCHAR NOT NULL,
    fx_rate_to_base DECIMAL(18,10),
    quantity DECIMAL(28,12),
    transfer_price DECIMAL(28,12),
    position_amount DECIMAL(28,12),
    position_amount_base DECIMAL(28,12),
    cash_transfer DECIMAL(28,12),
    counterparty_account VARCHAR
);

CREATE TABLE interest_accruals (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    account_id VARCHAR NOT NULL,
    from_date DATE NOT NULL,
    to_date DATE NOT NULL,
    currency VARCHAR NOT NULL,
    starting_accrual_balance DECIMAL(28,12),
    interest_accrued DECIMAL(28,12),
    accrual_reversal DECIMAL(28,12),
    fx_translation DECIMAL(28,12),
    ending_accrual_balance DECIMAL(28,12)
);

CREATE TABLE fifo_performance (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    account_id VARCHAR NOT NULL,
    from_date DATE NOT NULL,
    to_date DATE NOT NULL,
    conid VARCHAR,
    symbol VARCHAR,
    description VARCHAR,
    isin VARCHAR,
    asset_class VARCHAR,
    realized_short_term_profit DECIMAL(28,12),
    realized_short_term_loss DECIMAL(28,12),
    realized_long_term_profit DECIMAL(28,12),
    realized_long_term_loss DECIMAL(28,12),
    realized_pnl DECIMAL(28,12),
    unrealized_pnl DECIMAL(28,12)
);

CREATE TABLE securities (
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL,
    conid VARCHAR NOT NULL,
    symbol VARCHAR,
    description VARCHAR,
    asset_class VARCHAR,
    sub_category VARCHAR,
    isin VARCHAR,
    cusip VARCHAR,
    figi VARCHAR,
    currency VARCHAR,
    listing_exchange VARCHAR,
    underlying_symbol VARCHAR,
    issuer VARCHAR,
    issuer_country VARCHAR,
    multiplier DECIMAL(28,12),
    strike DECIMAL(28,12),
    expiry DATE,
    put_call VARCHAR,
    maturity DATE
);

CREATE TABLE nav_history (
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    base_currency VARCHAR,
    total DECIMAL(28,12),
    cash DECIMAL(28,12),
    stock DECIMAL(28,12),
    options DECIMAL(28,12),
    bonds DECIMAL(28,12),
    funds DECIMAL(28,12),
    notes DECIMAL(28,12),
    commodities DECIMAL(28,12),
    crypto DECIMAL(28,12),
    dividend_accruals DECIMAL(28,12),
    interest_accruals DECIMAL(28,12),
    other DECIMAL(28,12),
    previous_date DATE,
    day_change DECIMAL(28,12),
    return_percent DOUBLE,
    proof VARCHAR NOT NULL CHECK (proof IN ('passed', 'failed', 'not_evaluable')),
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL
);

CREATE TABLE reconciliation (
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    check_name VARCHAR NOT NULL,
    expected DECIMAL(38,12),
    actual DECIMAL(38,12),
    difference DECIMAL(38,12),
    tolerance DECIMAL(38,12),
    status VARCHAR NOT NULL CHECK (status IN ('passed', 'failed', 'not_evaluable')),
    reason VARCHAR
);

CREATE TABLE nav_versions (
    statement_sha256 VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    base_currency VARCHAR,
    total DECIMAL(28,12),
    cash DECIMAL(28,12),
    slb_cash_collateral DECIMAL(28,12),
    stock DECIMAL(28,12),
    ipo_subscription DECIMAL(28,12),
    slb_direct_securities_borrowed DECIMAL(28,12),
    slb_direct_securities_lent DECIMAL(28,12),
    options DECIMAL(28,12),
    bonds DECIMAL(28,12),
    commodities DECIMAL(28,12),
    notes DECIMAL(28,12),
    funds DECIMAL(28,12),
    dividend_accruals DECIMAL(28,12),
    interest_accruals DECIMAL(28,12),
    soft_dollars DECIMAL(28,12),
    forex_cfd_unrealized_pl DECIMAL(28,12),
    cfd_unrealized_pl DECIMAL(28,12),
    phys_del DECIMAL(28,12),
    crypto DECIMAL(28,12),
    lite_surcharge_accruals DECIMAL(28,12),
    cgt_withholding_accruals DECIMAL(28,12),
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP,
    content VARCHAR NOT NULL
);

CREATE TABLE nav_components_versions (
    statement_sha256 VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    component VARCHAR NOT NULL,
    amount DECIMAL(28,12) NOT NULL,
    counted BOOLEAN NOT NULL,
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP,
    content VARCHAR NOT NULL
);

CREATE TABLE positions_versions (
    statement_sha256 VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    model VARCHAR,
    report_date DATE NOT NULL,
    conid VARCHAR,
    security_id VARCHAR,
    symbol VARCHAR,
    description VARCHAR,
    isin VARCHAR,
    asset_class VARCHAR,
    sub_category VARCHAR,
    side VARCHAR,
    currency VARCHAR,
    quantity DECIMAL(28,12) NOT NULL,
    multiplier DECIMAL(28,12),
    mark_price DECIMAL(28,12),
    position_value DECIMAL(28,12),
    stated_value_base DECIMAL(28,12),
    cost_basis DECIMAL(28,12),
    cost_basis_price DECIMAL(28,12),
    unrealized_pnl DECIMAL(28,12),
    unrealized_capital_gains_pnl DECIMAL(28,12),
    unrealized_fx_pnl DECIMAL(28,12),
    fx_rate_to_base DECIMAL(18,10),
    fx_rate_derived BOOLEAN NOT NULL,
    cost_basis_derived BOOLEAN NOT NULL,
    underlying_symbol VARCHAR,
    underlying_conid VARCHAR,
    strike DECIMAL(28,12),
    expiry DATE,
    put_call VARCHAR,
    issuer_country VARCHAR,
    listing_exchange VARCHAR,
    from_lots BOOLEAN NOT NULL,
    position_value_base DECIMAL(28,12),
    nav_value_base DECIMAL(28,12),
    cost_currency VARCHAR,
    cost_basis_base DECIMAL(28,12),
    unrealized_pnl_base DECIMAL(28,12),
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP,
    content VARCHAR NOT NULL
);

CREATE TABLE position_lots_versions (
    statement_sha256 VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    model VARCHAR,
    report_date DATE NOT NULL,
    conid VARCHAR,
    security_id VARCHAR,
    symbol VARCHAR,
    description VARCHAR,
    isin VARCHAR,
    asset_class VARCHAR,
    sub_category VARCHAR,
    side VARCHAR,
    currency VARCHAR,
    quantity DECIMAL(28,12) NOT NULL,
    multiplier DECIMAL(28,12),
    mark_price DECIMAL(28,12),
    position_value DECIMAL(28,12),
    stated_value_base DECIMAL(28,12),
    cost_basis DECIMAL(28,12),
    cost_basis_price DECIMAL(28,12),
    unrealized_pnl DECIMAL(28,12),
    unrealized_capital_gains_pnl DECIMAL(28,12),
    unrealized_fx_pnl DECIMAL(28,12),
    fx_rate_to_base DECIMAL(18,10),
    fx_rate_derived BOOLEAN NOT NULL,
    cost_basis_derived BOOLEAN NOT NULL,
    open_datetime TIMESTAMP,
    holding_period_datetime TIMESTAMP,
    code VARCHAR,
    originating_order_id VARCHAR,
    originating_transaction_id VARCHAR,
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP,
    content VARCHAR NOT NULL
);

CREATE TABLE cash_balances_versions (
    statement_sha256 VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    currency VARCHAR NOT NULL,
    ending_cash DECIMAL(28,12),
    ending_settled_cash DECIMAL(28,12),
    fx_rate_to_base DECIMAL(18,10),
    ending_cash_base DECIMAL(28,12),
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP,
    content VARCHAR NOT NULL
);

CREATE TABLE cash_totals_versions (
    statement_sha256 VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    ending_cash DECIMAL(28,12),
    ending_settled_cash DECIMAL(28,12),
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP,
    content VARCHAR NOT NULL
);

CREATE TABLE dividend_accruals_versions (
    statement_sha256 VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    conid VARCHAR,
    symbol VARCHAR,
    isin VARCHAR,
    currency VARCHAR NOT NULL,
    fx_rate_to_base DECIMAL(18,10),
    ex_date DATE,
    pay_date DATE,
    quantity DECIMAL(28,12),
    gross_rate DECIMAL(28,12),
    gross_amount DECIMAL(28,12),
    tax DECIMAL(28,12),
    fee DECIMAL(28,12),
    net_amount DECIMAL(28,12),
    code VARCHAR,
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP,
    content VARCHAR NOT NULL
);

CREATE TABLE flow_components (
    component VARCHAR NOT NULL,
    kind VARCHAR,
    counts VARCHAR NOT NULL
);

CREATE TABLE cash_components (
    component VARCHAR NOT NULL,
    counts VARCHAR NOT NULL
);

CREATE TABLE cash_types (
    type VARCHAR NOT NULL,
    kind VARCHAR
);

CREATE TABLE flow_rules_seen (
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    rule VARCHAR NOT NULL
);

CREATE TABLE nav_changes_seen (
    account_id VARCHAR NOT NULL,
    from_date DATE NOT NULL,
    to_date DATE NOT NULL,
    when_generated TIMESTAMP NOT NULL,
    sha256 VARCHAR NOT NULL,
    starting_value DECIMAL(28,12),
    ending_value DECIMAL(28,12),
    twr DECIMAL(28,12),
    whole BOOLEAN,
    flows STRUCT(component VARCHAR, kind VARCHAR, amount DECIMAL(28,12))[] NOT NULL
);

CREATE TABLE flows (
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('deposit', 'withdrawal', 'internal_transfer', 'asset_transfer', 'card', 'bill_pay', 'joined', 'left', 'other')),
    ordinal INTEGER NOT NULL,
    amount_base DECIMAL(28,12) NOT NULL,
    source VARCHAR NOT NULL CHECK (source IN ('nav_changes', 'cash_transactions', 'transfers', 'nav')),
    counterparty_account VARCHAR,
    statement_sha256 VARCHAR NOT NULL
);

CREATE TABLE returns_daily (
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    previous_date DATE,
    start_value DECIMAL(28,12),
    flow_in DECIMAL(28,12),
    flow_out DECIMAL(28,12),
    end_value DECIMAL(28,12),
    gain DECIMAL(28,12),
    factor DOUBLE,
    return_percent DOUBLE,
    ibkr_twr DECIMAL(28,12),
    implied_flow DECIMAL(28,12),
    flow_timing VARCHAR CHECK (flow_timing IN ('start', 'end')),
    status VARCHAR NOT NULL CHECK (status IN ('shown', 'ibkr', 'withheld', 'none')),
    reason VARCHAR,
    proof VARCHAR NOT NULL CHECK (proof IN ('passed', 'failed', 'not_evaluable'))
);

CREATE TABLE household_members (
    account_id VARCHAR NOT NULL,
    base_currency VARCHAR,
    begins DATE,
    first_date DATE NOT NULL,
    last_date DATE NOT NULL,
    ended DATE,
    heir VARCHAR,
    predecessors VARCHAR,
    inherited DECIMAL(28,12),
    reporting_currency VARCHAR
);

CREATE TABLE household_daily (
    report_date DATE NOT NULL,
    previous_date DATE,
    start_value DECIMAL(28,12),
    flow_in DECIMAL(28,12),
    flow_out DECIMAL(28,12),
    end_value DECIMAL(28,12),
    gain DECIMAL(28,12),
    factor DOUBLE,
    return_percent DOUBLE,
    accounts BIGINT NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('shown', 'ibkr', 'withheld', 'none')),
    reason VARCHAR,
    proof VARCHAR NOT NULL CHECK (proof IN ('passed', 'failed', 'not_evaluable'))
);

CREATE TABLE returns_periods (
    scope VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    from_date DATE NOT NULL,
    to_date DATE NOT NULL,
    twr_percent DOUBLE,
    annualised_percent DOUBLE,
    xirr_percent DOUBLE,
    modified_dietz_percent DOUBLE,
    gain DECIMAL(38,12),
    net_flows DECIMAL(38,12),
    max_drawdown_percent DOUBLE,
    drawdown_from DATE,
    drawdown_to DATE,
    volatility_percent DOUBLE,
    best_percent DOUBLE,
    best_day DATE,
    worst_percent DOUBLE,
    worst_day DATE,
    days BIGINT NOT NULL,
    withheld_days BIGINT NOT NULL,
    ibkr_days BIGINT NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('shown', 'partial', 'withheld')),
    reason VARCHAR
);

CREATE TABLE returns_monthly (
    scope VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    month INTEGER NOT NULL,
    twr_percent DOUBLE,
    gain DECIMAL(38,12),
    net_flows DECIMAL(38,12),
    status VARCHAR NOT NULL CHECK (status IN ('shown', 'partial', 'withheld'))
);

CREATE TABLE benchmark_levels (
    name VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    level DECIMAL(28,12) NOT NULL,
    currency VARCHAR NOT NULL
);

CREATE TABLE statements (
    sha256 VARCHAR NOT NULL,
    connection VARCHAR,
    source VARCHAR NOT NULL,
    fetched_at TIMESTAMP NOT NULL,
    asked_from DATE,
    asked_to DATE,
    bytes BIGINT NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('loaded', 'rejected')),
    reason VARCHAR,
    message VARCHAR
);

CREATE TABLE statement_accounts (
    sha256 VARCHAR NOT NULL,
    ordinal INTEGER NOT NULL,
    account_id VARCHAR NOT NULL,
    from_date DATE NOT NULL,
    to_date DATE NOT NULL,
    when_generated TIMESTAMP NOT NULL,
    sections VARCHAR[] NOT NULL,
    pnl_ready BOOLEAN
);

CREATE TABLE statement_notes (
    sha256 VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    count BIGINT NOT NULL,
    sample VARCHAR
);

CREATE TABLE rows_set_aside (
    sha256 VARCHAR NOT NULL,
    element VARCHAR NOT NULL,
    row BIGINT NOT NULL,
    ordinal INTEGER NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE,
    section VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    attributes VARCHAR NOT NULL
);

CREATE TABLE flex_requests (
    id BIGINT NOT NULL,
    connection VARCHAR NOT NULL,
    query_id VARCHAR NOT NULL,
    asked_from DATE NOT NULL,
    asked_to DATE NOT NULL,
    requested_at TIMESTAMP NOT NULL,
    reference_code VARCHAR,
    outcome VARCHAR NOT NULL,
    message VARCHAR,
    statement_sha256 VARCHAR,
    finished_at TIMESTAMP
);

CREATE TABLE asset_classes (
    asset_class VARCHAR NOT NULL,
    component VARCHAR,
    counts VARCHAR NOT NULL CHECK (counts IN ('value', 'unrealized', 'nothing')),
    verified BOOLEAN NOT NULL
);

CREATE TABLE nav_parts (
    component VARCHAR NOT NULL
);

CREATE TABLE nav_parts_seen (
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    component VARCHAR NOT NULL
);

CREATE TABLE account_descriptions (
    account_id VARCHAR,
    alias VARCHAR,
    base_currency VARCHAR,
    account_type VARCHAR,
    customer_type VARCHAR,
    account_capabilities VARCHAR,
    trading_permissions VARCHAR,
    ib_entity VARCHAR,
    date_opened DATE,
    date_funded DATE,
    date_closed DATE,
    sha256 VARCHAR NOT NULL,
    when_generated TIMESTAMP NOT NULL
);

CREATE TABLE observations (
    family VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    when_generated TIMESTAMP NOT NULL,
    sha256 VARCHAR NOT NULL,
    content VARCHAR NOT NULL
);

CREATE TABLE versions (
    family VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    content VARCHAR NOT NULL,
    statement_sha256 VARCHAR NOT NULL,
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP
);

CREATE TABLE days_to_report (
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL
);

CREATE TABLE account_settings (
    account_id VARCHAR NOT NULL,
    name VARCHAR,
    ended DATE,
    successor VARCHAR,
    exclude BOOLEAN NOT NULL
);

CREATE TABLE warehouse_info (
    schema_version BIGINT NOT NULL,
    written_by VARCHAR NOT NULL,
    reporting_currency VARCHAR,
    day_change_share DECIMAL(18,10),
    accounts_digest VARCHAR,
    load_id VARCHAR
);

INSERT INTO flow_components VALUES
    ('depositsWithdrawals', 'deposit', 'always'),
    ('internalCashTransfers', 'internal_transfer', 'always'),
    ('assetTransfers', 'asset_transfer', 'always'),
    ('debitCardActivity', 'card', 'always'),
    ('billPay', 'bill_pay', 'always'),
    ('startingValue', NULL, 'bound'),
    ('endingValue', NULL, 'bound'),
    ('twr', NULL, 'bound'),
    ('mtm', NULL, 'never'),
    ('realized', NULL, 'never'),
    ('changeInUnrealized', NULL, 'never'),
    ('costAdjustments', NULL, 'never'),
    ('transferredPnlAdjustments', NULL, 'never'),
    ('dividends', NULL, 'never'),
    ('withholdingTax', NULL, 'never'),
    ('withholding871m', NULL, 'never'),
    ('withholdingTaxCollected', NULL, 'never'),
    ('changeInDividendAccruals', NULL, 'never'),
    ('interest', NULL, 'never'),
    ('changeInInterestAccruals', NULL, 'never'),
    ('advisorFees', NULL, 'never'),
    ('brokerFees', NULL, 'never'),
    ('changeInBrokerFeeAccruals', NULL, 'never'),
    ('clientFees', NULL, 'never'),
    ('otherFees', NULL, 'never'),
    ('feesReceivables', NULL, 'never'),
    ('commissions', NULL, 'never'),
    ('commissionReceivables', NULL, 'never'),
    ('forexCommissions', NULL, 'never'),
    ('transactionTax', NULL, 'never'),
    ('taxReceivables', NULL, 'never'),
    ('salesTax', NULL, 'never'),
    ('softDollars', NULL, 'never'),
    ('netFxTrading', NULL, 'never'),
    ('fxTranslation', NULL, 'never'),
    ('corporateActionProceeds', NULL, 'never'),
    ('commissionCreditsRedemption', NULL, 'never'),
    ('billableSalesTax', NULL, 'never'),
    ('mtmAtPaxos', NULL, 'never'),
    ('carbonCredits', NULL, 'never'),
    ('commissionsAtPaxos', NULL, 'never'),
    ('referralFee', NULL, 'never'),
    ('changeInIncentiveCouponAccruals', NULL, 'never'),
    ('otherIncome', NULL, 'never');

INSERT INTO cash_components VALUES
    ('deposits', 'always'),
    ('withdrawals', 'always'),
    ('depositWithdrawals', 'always'),
    ('accountTransfers', 'always'),
    ('internalTransfers', 'always'),
    ('debitCardActivity', 'always'),
    ('billPay', 'always'),
    ('startingCash', 'bound'),
    ('endingCash', 'bound'),
    ('endingSettledCash', 'bound'),
    ('avgCreditBalance', 'bound'),
    ('avgDebitBalance', 'bound'),
    ('slbStartingCashCollateral', 'bound'),
    ('slbNetSecuritiesLentActivity', 'bound'),
    ('slbEndingCashCollateral', 'bound'),
    ('slbNetCash', 'bound'),
    ('slbNetSettledCash', 'bound'),
    ('clientFees', 'never'),
    ('commissions', 'never'),
    ('billableCommissions', 'never'),
    ('dividends', 'never'),
    ('brokerFees', 'never'),
    ('brokerInterest', 'never'),
    ('bondInterest', 'never'),
    ('cashSettlingMtm', 'never'),
    ('cfdCharges', 'never'),
    ('netTradesSales', 'never'),
    ('netTradesPurchases', 'never'),
    ('feesReceivables', 'never'),
    ('paymentInLieu', 'never'),
    ('transactionTax', 'never'),
    ('withholdingTax', 'never'),
    ('fxTranslationGainLoss', 'never'),
    ('otherFees', 'never'),
    ('otherIncome', 'never'),
    ('insuredDepositInterest', 'never'),
    ('realizedVm', 'never'),
    ('advisorFees', 'never'),
    ('taxReceivables', 'never'),
    ('withholding871m', 'never'),
    ('withholdingCollectedTax', 'never'),
    ('salesTax', 'never'),
    ('realizedForexVm', 'never'),
    ('ipoSubscription', 'never'),
    ('billableSalesTax', 'never'),
    ('commissionCreditsRedemption', 'never'),
    ('referralFee', 'never'),
    ('carbonCredits', 'never');

INSERT INTO cash_types VALUES
    ('Dividends', NULL),
    ('Payment In Lieu Of Dividends', NULL),
    ('Withholding Tax', NULL),
    ('871(m) Withholding', NULL),
    ('Deposits/Withdrawals', 'deposit'),
    ('Deposits & Withdrawals', 'deposit'),
    ('Broker Interest Paid', NULL),
    ('Broker Interest Received', NULL),
    ('Bond Interest Paid', NULL),
    ('Bond Interest Received', NULL),
    ('Other Fees', NULL),
    ('Broker Fees', NULL),
    ('Commission Adjustments', NULL),
    ('Advisor Fees', NULL),
    ('Price Adjustments', NULL),
    ('Bill Pay', 'bill_pay'),
    ('Carbon Credits', NULL),
    ('Debit Card Activity', 'card');

INSERT INTO asset_classes VALUES
    ('STK', 'stock', 'value', true),
    ('OPT', 'options', 'value', true),
    ('FOP', 'options', 'value', false),
    ('IOPT', 'options', 'value', false),
    ('WAR', 'options', 'value', false),
    ('FSFOP', 'options', 'value', false),
    ('FSOPT', 'options', 'value', false),
    ('BOND', 'bonds', 'value', false),
    ('BILL', 'bonds', 'value', false),
    ('FUND', 'funds', 'value', false),
    ('CMDTY', 'commodities', 'value', false),
    ('CRYPTO', 'crypto', 'value', false),
    ('CFD', 'cfdUnrealizedPl', 'unrealized', false),
    ('FXCFD', 'forexCfdUnrealizedPl', 'unrealized', false),
    ('FUT', NULL, 'nothing', false);

INSERT INTO nav_parts VALUES
    ('cash'),
    ('slbCashCollateral'),
    ('stock'),
    ('ipoSubscription'),
    ('slbDirectSecuritiesBorrowed'),
    ('slbDirectSecuritiesLent'),
    ('options'),
    ('bonds'),
    ('commodities'),
    ('notes'),
    ('funds'),
    ('dividendAccruals'),
    ('interestAccruals'),
    ('softDollars'),
    ('forexCfdUnrealizedPl'),
    ('cfdUnrealizedPl'),
    ('physDel'),
    ('crypto'),
    ('liteSurchargeAccruals'),
    ('cgtWithholdingAccruals');

-- The steps from one NAV row to the next as they were known at the time `t`, and the newest statement of then that

-- The Change in NAV of exactly one step, as it was known at the time `t`: it begins after the row before and ends on

-- Why our own figure of a step is not known at the time `t`, before it is compared with IBKR's.

-- Our own return of each step, in every way in which IBKR may have made its own: outflows at the start or at the end of

-- IBKR's twr of a period of several steps against the chain of ours, with outflows at the start and at the end of their

-- How IBKR counts the flows of an account in its own return, and which of the ways of a step counts.

-- The way that counts of each step: the one that equals IBKR's twr, with the fewest undecided components; without a twr

-- The return of each step. What equals IBKR's twr is shown; without a twr, what no period's twr contradicts. Where the

-- The bookings of income and of the tax withheld from it, with the day each was paid on and the terms of its dividend.

-- What is declared and not paid yet: the open dividend accruals of the newest day on which an account's are known.

-- What is expected: an estimate. Each payment of the last 12 months a year later, times what is held today for what was

-- The days of a NAV, but for an account's first, and which sections cover them.

-- The periods of a section that cover an account's year whole and once: those of a day, else the longer ones, else the

-- What the rows of Cash Transactions and Trades say of an account's costs in a year, and why that may not be all.

CREATE VIEW nav AS
SELECT statement_sha256, known_from AS known_since, account_id, report_date, base_currency, total, cash, slb_cash_collateral, stock, ipo_subscription, slb_direct_securities_borrowed, slb_direct_securities_lent, options, bonds, commodities, notes, funds, dividend_accruals, interest_accruals, soft_dollars, forex_cfd_unrealized_pl, cfd_unrealized_pl, phys_del, crypto, lite_surcharge_accruals, cgt_withholding_accruals
FROM nav_versions WHERE known_to IS NULL;

CREATE VIEW nav_components AS
SELECT statement_sha256, known_from AS known_since, account_id, report_date, component, amount, counted
FROM nav_components_versions WHERE known_to IS NULL;

CREATE VIEW positions AS
SELECT statement_sha256, known_from AS known_since, account_id, model, report_date, conid, security_id, symbol, description, isin, asset_class, sub_category, side, currency, quantity, multiplier, mark_price, position_value, stated_value_base, cost_basis, cost_basis_price, unrealized_pnl, unrealized_capital_gains_pnl, unrealized_fx_pnl, fx_rate_to_base, fx_rate_derived, cost_basis_derived, underlying_symbol, underlying_conid, strike, expiry, put_call, issuer_country, listing_exchange, from_lots, position_value_base, nav_value_base, cost_currency, cost_basis_base, unrealized_pnl_base
FROM positions_versions WHERE known_to IS NULL;

CREATE VIEW position_lots AS
SELECT statement_sha256, known_from AS known_since, account_id, model, report_date, conid, security_id, symbol, description, isin, asset_class, sub_category, side, currency, quantity, multiplier, mark_price, position_value, stated_value_base, cost_basis, cost_basis_price, unrealized_pnl, unrealized_capital_gains_pnl, unrealized_fx_pnl, fx_rate_to_base, fx_rate_derived, cost_basis_derived, open_datetime, holding_period_datetime, code, originating_order_id, originating_transaction_id
FROM position_lots_versions WHERE known_to IS NULL;

CREATE VIEW cash_balances AS
SELECT statement_sha256, known_from AS known_since, account_id, report_date, currency, ending_cash, ending_settled_cash, fx_rate_to_base, ending_cash_base
FROM cash_balances_versions WHERE known_to IS NULL;

CREATE VIEW cash_totals AS
SELECT statement_sha256, known_from AS known_since, account_id, report_date, ending_cash, ending_settled_cash
FROM cash_totals_versions WHERE known_to IS NULL;

CREATE VIEW dividend_accruals AS
SELECT statement_sha256, known_from AS known_since, account_id, report_date, conid, symbol, isin, currency, fx_rate_to_base, ex_date, pay_date, quantity, gross_rate, gross_amount, tax, fee, net_amount, code
FROM dividend_accruals_versions WHERE known_to IS NULL;

CREATE VIEW foreign_statements AS ...

CREATE VIEW restatements AS ...

CREATE VIEW cash_versions AS ...

CREATE MACRO nav_asof(t) AS TABLE ...

CREATE MACRO positions_asof(t) AS TABLE ...

CREATE VIEW flow_rules AS ...

CREATE MACRO returns_asof(t) AS TABLE ...

CREATE MACRO returns_between(a, b) AS TABLE ...

CREATE VIEW costs_yearly AS ...

-- What the trades say of each security: what sales gained, in its currency, and what trading cost.

-- What sales gained in base currency, security by security, in years that the FIFO Performance Summary covers whole.

CREATE VIEW profit_not_ready AS ...

CREATE VIEW nav_parts_learned AS ...

CREATE VIEW nav_latest AS ...

CREATE VIEW days_without_row AS ...

CREATE VIEW positions_latest AS ...

CREATE VIEW benchmarks AS ...

CREATE MACRO benchmark_breaks(benchmark) AS TABLE ...

CREATE VIEW cash_latest AS ...

CREATE VIEW accounts AS ...

CREATE MACRO compared_with(benchmark, a, b) AS TABLE ...

CREATE VIEW net_worth AS ...

CREATE VIEW income_calendar AS ...

-- What is held on the day of the newest NAV, security by security: what it cost, what it is worth and what it gained.

-- Of which accounts all sales and payments are known.

-- What each security paid, and the tax withheld from it.

CREATE VIEW gains AS ...

-- live.duckdb

CREATE TABLE live_nav (
    captured_at TIMESTAMP NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    base_currency VARCHAR,
    net_liquidation DECIMAL(28,12) NOT NULL,
    derived BOOLEAN NOT NULL,
    cash DECIMAL(28,12),
    settled_cash DECIMAL(28,12),
    stock DECIMAL(28,12),
    options DECIMAL(28,12),
    future_options DECIMAL(28,12),
    futures DECIMAL(28,12),
    corporate_bonds DECIMAL(28,12),
    treasury_bonds DECIMAL(28,12),
    treasury_bills DECIMAL(28,12),
    warrants DECIMAL(28,12),
    funds DECIMAL(28,12),
    money_funds DECIMAL(28,12),
    crypto DECIMAL(28,12),
    dividends DECIMAL(28,12),
    interest DECIMAL(28,12),
    unrealized_pnl DECIMAL(28,12),
    realized_pnl DECIMAL(28,12),
    snapshot_sha256 VARCHAR NOT NULL
);

CREATE TABLE live_cash (
    captured_at TIMESTAMP NOT NULL,
    account_id VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    cash DECIMAL(28,12),
    settled_cash DECIMAL(28,12),
    net_liquidation DECIMAL(28,12),
    interest DECIMAL(28,12),
    dividends DECIMAL(28,12),
    fx_rate_to_base DECIMAL(18,10),
    snapshot_sha256 VARCHAR NOT NULL
);

CREATE TABLE live_positions (
    captured_at TIMESTAMP NOT NULL,
    account_id VARCHAR NOT NULL,
    model VARCHAR,
    conid VARCHAR NOT NULL,
    symbol VARCHAR,
    contract VARCHAR,
    name VARCHAR,
    asset_class VARCHAR,
    currency VARCHAR,
    quantity DECIMAL(28,12) NOT NULL,
    market_price DECIMAL(28,12),
    market_value DECIMAL(28,12),
    average_cost DECIMAL(28,12),
    average_price DECIMAL(28,12),
    unrealized_pnl DECIMAL(28,12),
    realized_pnl DECIMAL(28,12),
    multiplier DECIMAL(28,12),
    strike DECIMAL(28,12),
    expiry DATE,
    put_call VARCHAR,
    underlying_conid VARCHAR,
    snapshot_sha256 VARCHAR NOT NULL
);

CREATE TABLE live_snapshots (
    snapshot_sha256 VARCHAR NOT NULL,
    captured_at TIMESTAMP,
    status VARCHAR NOT NULL CHECK (status IN ('loaded', 'rejected')),
    reason VARCHAR
);

CREATE VIEW live_nav_latest AS ...

CREATE VIEW live_cash_latest AS ...

CREATE VIEW live_positions_latest AS ...
