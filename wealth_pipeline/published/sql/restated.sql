-- The days that the newest statement of each account restated, newest first.
-- Parameters: accounts.
-- Columns: table_name, account_id, report_date, changed (the columns, as text), old_total, new_total, base_currency.
SELECT r.table_name, r.account_id, r.report_date, array_to_string(r.changed, ', ') AS changed, r.old_total,
    r.new_total, a.base_currency
FROM restatements r LEFT JOIN accounts a USING (account_id)
WHERE r.account_id IN (SELECT unnest($accounts))
    AND r.new_sha256 IN (
        SELECT arg_max(sha256, when_generated) FROM statement_accounts
        WHERE account_id IN (SELECT unnest($accounts)) GROUP BY account_id)
ORDER BY r.report_date DESC, r.account_id, r.table_name, r.known_from
