-- The accounts that have a NAV, with its newest day.
-- Parameters: accounts (NULL: all), day: an account that ended before it goes on no more.
-- Columns: account_id, last_date, counts (whether the account counts and goes on).
-- Why: whether the figures are up to date is asked of those alone that count.
SELECT account_id, last_date, left_out IS NULL AND coalesce(ended >= $day, true) AS counts
FROM accounts
WHERE last_date IS NOT NULL AND ($accounts IS NULL OR account_id IN (SELECT unnest($accounts)))
ORDER BY account_id
