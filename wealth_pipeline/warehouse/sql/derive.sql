-- What is computed from a statement's own figures and IBKR's conversion rates, for the rows in `pool_<table>`.
-- A rate is the row's own; else IBKR's conversion rate of the report date, or the newest of the five days before;
-- else NULL, and so is all that needs it.

CREATE OR REPLACE TEMP TABLE pool_rates AS
WITH needed AS (
    SELECT DISTINCT p.currency, a.base_currency, p.report_date
    FROM (
        SELECT account_id, currency, report_date FROM pool_positions WHERE fx_rate_to_base IS NULL
        UNION SELECT account_id, currency, report_date FROM pool_position_lots WHERE fx_rate_to_base IS NULL
        UNION SELECT account_id, currency, report_date FROM pool_cash_balances
    ) p JOIN bases a USING (account_id)
    WHERE a.base_currency IS NOT NULL
)
SELECT n.currency, n.base_currency, n.report_date,
    CASE WHEN n.currency = n.base_currency THEN CAST(1 AS DECIMAL(18,10))
         WHEN r.report_date >= n.report_date - 5 THEN r.rate END AS rate
FROM needed n ASOF LEFT JOIN fx_rates r
    ON r.from_currency = n.currency AND r.to_currency = n.base_currency AND r.report_date <= n.report_date;

CREATE OR REPLACE TEMP VIEW rated_positions AS
SELECT p.* REPLACE (
        coalesce(p.fx_rate_to_base, r.rate) AS fx_rate_to_base,
        coalesce(p.cost_basis, priced_cost(p.asset_class, p.cost_basis_price, p.quantity, p.multiplier))
            AS cost_basis),
    p.fx_rate_to_base IS NULL AND r.rate IS NOT NULL AS fx_rate_derived,
    p.cost_basis IS NULL AND p.cost_basis_price IS NOT NULL AS cost_basis_derived
FROM pool_positions p
LEFT JOIN bases a USING (account_id)
LEFT JOIN pool_rates r
    ON r.currency = p.currency AND r.base_currency = a.base_currency AND r.report_date = p.report_date;

-- Where every rate is 1 both forms say the same, and nothing need be told.
CREATE OR REPLACE TEMP VIEW foreign_positions AS
SELECT *, content AS form_key FROM rated_positions
WHERE content IN (SELECT content FROM rated_positions WHERE fx_rate_to_base <> 1);
CREATE OR REPLACE TEMP TABLE pool_cost_forms AS FROM cost_forms('foreign_positions');

CREATE OR REPLACE TEMP VIEW derived_positions AS
SELECT p.*,
    -- A rate without the currency that it is of says nothing.
    CASE WHEN p.currency IS NOT NULL THEN in_base(p.position_value, p.fx_rate_to_base) END AS position_value_base,
    CASE c.counts
        WHEN 'nothing' THEN CAST(0 AS DECIMAL(28,12))
        WHEN 'unrealized' THEN CASE WHEN p.currency IS NOT NULL
            THEN cost_in_base(p.unrealized_pnl, f.cost_currency, p.fx_rate_to_base) END
        WHEN 'value' THEN CASE WHEN p.currency IS NOT NULL THEN in_base(p.position_value, p.fx_rate_to_base) END
    END AS nav_value_base,
    f.cost_currency,
    CASE WHEN p.currency IS NOT NULL
        THEN cost_in_base(p.cost_basis, f.cost_currency, p.fx_rate_to_base) END AS cost_basis_base,
    CASE WHEN p.currency IS NOT NULL
        THEN cost_in_base(p.unrealized_pnl, f.cost_currency, p.fx_rate_to_base) END AS unrealized_pnl_base
FROM rated_positions p LEFT JOIN asset_classes c USING (asset_class)
LEFT JOIN pool_cost_forms f ON f.form_key = p.content;

CREATE OR REPLACE TEMP VIEW derived_position_lots AS
SELECT p.* REPLACE (
        coalesce(p.fx_rate_to_base, r.rate) AS fx_rate_to_base,
        coalesce(p.cost_basis, priced_cost(p.asset_class, p.cost_basis_price, p.quantity, p.multiplier))
            AS cost_basis),
    p.fx_rate_to_base IS NULL AND r.rate IS NOT NULL AS fx_rate_derived,
    p.cost_basis IS NULL AND p.cost_basis_price IS NOT NULL AS cost_basis_derived
FROM pool_position_lots p
LEFT JOIN bases a USING (account_id)
LEFT JOIN pool_rates r
    ON r.currency = p.currency AND r.base_currency = a.base_currency AND r.report_date = p.report_date;

CREATE OR REPLACE TEMP VIEW derived_cash_balances AS
SELECT p.*, r.rate AS fx_rate_to_base, in_base(p.ending_cash, r.rate) AS ending_cash_base
FROM pool_cash_balances p
LEFT JOIN bases a USING (account_id)
LEFT JOIN pool_rates r
    ON r.currency = p.currency AND r.base_currency = a.base_currency AND r.report_date = p.report_date;
