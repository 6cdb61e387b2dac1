-- The newest NAV of every account.
-- Columns: account_id, report_date, total, base_currency, day_change, proof.
-- Why: the table of `wealth status`.
SELECT account_id, report_date, total, base_currency, day_change, proof FROM nav_latest ORDER BY account_id
