-- The cash transactions whose amount in base currency is another one than what is stored: new rows, those that had no
-- rate, and those whose conversion rate or base currency this statement changes. A rate is the row's own, else IBKR's
-- of the day that it counts for; none is carried over from another day.
-- In: cash_transactions, fx_rates, bases, rebased, rate_changes. Out: account_id, event_date (of these),
--     and the stored amount_base.
CREATE OR REPLACE TEMP TABLE rated_cash AS
SELECT c.id, c.account_id, c.event_date,
    -- A product that is too large costs what is made of it, not the file.
    TRY(in_base(c.amount, coalesce(c.fx_rate_to_base, CASE WHEN c.currency = b.base_currency
        THEN CAST(1 AS DECIMAL(18,10)) END, r.rate))) AS in_base_currency
FROM (
    SELECT rowid AS id, account_id, event_date, currency, amount, fx_rate_to_base, amount_base FROM cash_transactions
    WHERE amount_base IS NULL OR fx_rate_to_base IS NULL AND (account_id IN (FROM rebased)
        OR (event_date, currency) IN (SELECT (report_date, from_currency) FROM rate_changes))
) c
LEFT JOIN bases b USING (account_id)
LEFT JOIN fx_rates r
    ON r.report_date = c.event_date AND r.from_currency = c.currency AND r.to_currency = b.base_currency
WHERE in_base_currency IS DISTINCT FROM c.amount_base;
UPDATE cash_transactions c SET amount_base = r.in_base_currency FROM rated_cash r WHERE c.rowid = r.id;
