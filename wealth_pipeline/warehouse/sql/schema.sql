-- What the warehouse keeps besides the tables of figures, whose DDL comes from their declarations.

CREATE TABLE warehouse_info (
    schema_version BIGINT NOT NULL,
    written_by VARCHAR NOT NULL,
    reporting_currency VARCHAR,
    day_change_share DECIMAL(18,10),
    accounts_digest VARCHAR,
    load_id VARCHAR
);

-- The account-days that Dagster does not know yet as they are now: written by each load in its own transaction, and
-- emptied by the first one after they were reported.
CREATE TABLE days_to_report (account_id VARCHAR NOT NULL, report_date DATE NOT NULL);

-- accounts.toml, as of the last load.
CREATE TABLE account_settings (
    account_id VARCHAR NOT NULL,
    name VARCHAR,
    ended DATE,
    successor VARCHAR,
    exclude BOOLEAN NOT NULL
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

-- Rows of side sections that could not be loaded, with their attributes as JSON.
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

-- "Statement S, generated at T, shows content H for this family of tables, account and report date."
CREATE TABLE observations (
    family VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    when_generated TIMESTAMP NOT NULL,
    sha256 VARCHAR NOT NULL,
    content VARCHAR NOT NULL
);

-- The observations of a key in the order of their generation, equal neighbours folded into one.
CREATE TABLE versions (
    family VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    report_date DATE NOT NULL,
    content VARCHAR NOT NULL,
    statement_sha256 VARCHAR NOT NULL,
    known_from TIMESTAMP NOT NULL,
    known_to TIMESTAMP
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

-- A table, not a view: the lag over all days and the proofs behind it take longer than a reader should wait.
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
    proof VARCHAR NOT NULL CHECK (proof IN ('passed', 'failed', 'not_evaluable')),
    statement_sha256 VARCHAR NOT NULL,
    known_since TIMESTAMP NOT NULL
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

-- How a position of each of IBKR's asset categories counts in the NAV: in which component, and with what.
-- verified: seen to add up on a real statement.
CREATE TABLE asset_classes (
    asset_class VARCHAR NOT NULL,
    component VARCHAR,
    counts VARCHAR NOT NULL CHECK (counts IN ('value', 'unrealized', 'nothing')),
    verified BOOLEAN NOT NULL
);
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
    -- IBKR: each night a future's gain or loss settles into cash; its value is notional.
    ('FUT', NULL, 'nothing', false);

-- IBKR: the attributes of a NAV row that add up to its total, checked on real statements.
CREATE TABLE nav_parts (component VARCHAR NOT NULL);
INSERT INTO nav_parts VALUES
    ('cash'), ('slbCashCollateral'), ('stock'), ('ipoSubscription'), ('slbDirectSecuritiesBorrowed'),
    ('slbDirectSecuritiesLent'), ('options'), ('bonds'), ('commodities'), ('notes'), ('funds'),
    ('dividendAccruals'), ('interestAccruals'), ('softDollars'), ('forexCfdUnrealizedPl'), ('cfdUnrealizedPl'),
    ('physDel'), ('crypto'), ('liteSurchargeAccruals'), ('cgtWithholdingAccruals');

-- Components beside that list that were seen to be a part of the total: each was exactly what a day's parts lacked.
CREATE TABLE nav_parts_seen (account_id VARCHAR NOT NULL, report_date DATE NOT NULL, component VARCHAR NOT NULL);

-- An amount in base currency: rounded half away from zero to 12 decimals.
CREATE MACRO in_base(amount, rate) AS CAST(round(amount * rate, 12) AS DECIMAL(28,12));

-- One hash of many lines (each by its md5_number), whatever their order: a sum needs no memory, however many they are.
CREATE MACRO hash_of_all(line) AS md5(concat_ws(' ', count(*),
    sum(CAST(line >> 64 AS UBIGINT)), sum(CAST(line & 18446744073709551615 AS UBIGINT))));

-- How many decimals a figure has.
CREATE MACRO decimals_of(amount) AS length(rtrim(split_part(CAST(amount AS VARCHAR), '.', 2), '0'));

-- One unit of the last of so many decimals: 0.000001 for 6. IBKR writes nine at most, so that a product of a value and
-- a rate, which has up to twelve, cannot agree more closely. And it trims zeros: figures that happen to be whole are no
-- less exact, and a difference of 1 between them is no rounding.
CREATE MACRO unit_of(decimals) AS CAST(pow(10, -greatest(6, least(decimals, 9))) AS DECIMAL(38,12));

-- Cost basis by price, where the statement states no money. IBKR: a bond's price is in percent of its face value.
CREATE MACRO priced_cost(asset_class, price, quantity, multiplier) AS CAST(round(
    CAST(round(price * quantity, 12) AS DECIMAL(28,12))
    * CASE WHEN asset_class IN ('BOND', 'BILL') THEN CAST(0.01 AS DECIMAL(28,12))
           ELSE coalesce(multiplier, CAST(1 AS DECIMAL(28,12))) END, 12) AS DECIMAL(28,12));

-- The members of one list that are not in another.
CREATE MACRO list_filter_out(wanted, present) AS
    [name FOR name IN wanted IF NOT list_contains(present, name)];

-- A figure for people: without trailing zeros.
CREATE MACRO trim_decimal(amount) AS CASE WHEN CAST(amount AS VARCHAR) LIKE '%.%'
    THEN rtrim(rtrim(CAST(amount AS VARCHAR), '0'), '.') ELSE CAST(amount AS VARCHAR) END;

-- The number of a weekday, counted from long ago; a Saturday's and a Sunday's is their Friday's. A difference of two is
-- how many weekdays lie after the one up to the other. (datediff('week') counts whole spans of seven days.)
CREATE MACRO weekday_number(day) AS 5 * ((day - DATE '0001-01-01') // 7) + least((day - DATE '0001-01-01') % 7 + 1, 5);
