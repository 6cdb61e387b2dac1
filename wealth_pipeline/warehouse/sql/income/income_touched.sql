-- The days whose cash transactions this statement may replace, add or take away, before it does so.
-- In: stage_statement, cash_transactions, new_cash_transactions. Out: account_id, event_date.
CREATE OR REPLACE TEMP TABLE income_touched AS
SELECT c.account_id, c.event_date FROM cash_transactions c JOIN stage_statement f
    ON f.account_id = c.statement_account_id AND c.event_date BETWEEN f.from_date AND f.to_date
UNION
SELECT account_id, event_date FROM new_cash_transactions
UNION
SELECT account_id, event_date FROM cash_transactions
WHERE report_date IS NULL AND transaction_id IN (SELECT transaction_id FROM new_cash_transactions);
