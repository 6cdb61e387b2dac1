-- The pooled cash in base currency.
-- In: pool_cash_balances, bases, pool_rates. Out: the columns of pool_cash_balances, fx_rate_to_base, ending_cash_base.
CREATE OR REPLACE TEMP VIEW derived_cash_balances AS
SELECT p.*, r.rate AS fx_rate_to_base, in_base(p.ending_cash, r.rate) AS ending_cash_base
FROM pool_cash_balances p
LEFT JOIN bases a USING (account_id)
LEFT JOIN pool_rates r
    ON r.currency = p.currency AND r.base_currency = a.base_currency AND r.report_date = p.report_date;
