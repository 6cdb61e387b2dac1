-- The accounts that count and whose newest NAV is older than a day.
-- Parameters: newest (the day).
-- Columns: account_id, last_date, rowless (whether a statement says that the day has no NAV).
-- Why: one that ended before the day is not behind.
SELECT account_id, last_date,
    EXISTS (FROM days_without_row d WHERE d.account_id = a.account_id AND d.report_date = $newest) AS rowless
FROM accounts a
WHERE left_out IS NULL AND last_date < $newest AND coalesce(ended >= $newest, true)
ORDER BY account_id
