-- The days whose profit and loss are not ready at IBKR, oldest first.
-- Parameters: accounts (NULL: all).
-- Columns: those of Unfilled.
SELECT account_id, report_date, when_generated AS generated, from_date < report_date AS alone
FROM profit_not_ready
WHERE $accounts IS NULL OR account_id IN (SELECT unnest($accounts))
ORDER BY report_date, account_id
