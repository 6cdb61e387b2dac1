-- The conversion rates that the days to prove need. A rate of up to five days before shows what something is worth, and
-- proves nothing.
-- In: positions, cash_balances, dividend_accruals, fx_rates, bases, days_to_prove.
-- Out: account_id, report_date, currency, reason (NULL where the rate is the day's own).
CREATE OR REPLACE TEMP TABLE older_rates AS
    SELECT c.account_id, c.report_date, c.currency,
        CASE WHEN c.currency <> c.base_currency AND r.report_date < c.report_date
            THEN c.currency || ' is converted at the rate of ' || r.report_date END AS reason
    FROM (
        FROM (
            SELECT account_id, report_date, currency FROM positions WHERE fx_rate_derived
            UNION SELECT account_id, report_date, currency FROM cash_balances
            UNION SELECT account_id, report_date, currency FROM dividend_accruals WHERE fx_rate_to_base IS NULL
        ) SEMI JOIN days_to_prove USING (account_id, report_date) JOIN bases USING (account_id)
    ) c
    ASOF JOIN fx_rates r
        ON r.from_currency = c.currency AND r.to_currency = c.base_currency AND r.report_date <= c.report_date;
