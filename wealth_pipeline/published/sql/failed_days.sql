-- The account-days with a proof that failed, newest first.
-- Parameters: accounts (NULL: all).
-- Columns: account_id, report_date, failed (the names of the proofs, as text).
SELECT account_id, report_date, string_agg(check_name, ', ' ORDER BY check_name) AS failed
FROM reconciliation
WHERE status = 'failed' AND ($accounts IS NULL OR account_id IN (SELECT unnest($accounts)))
GROUP BY account_id, report_date
ORDER BY report_date DESC, account_id
