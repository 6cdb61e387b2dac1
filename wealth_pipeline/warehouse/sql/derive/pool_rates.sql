-- The conversion rates that the pooled rows need. A rate is the row's own; else IBKR's conversion rate of the report
-- date, or the newest of the five days before; else NULL, and so is all that needs it.
-- In: pool_positions, pool_position_lots, pool_cash_balances, bases, fx_rates.
-- Out: currency, base_currency, report_date, rate.
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
