-- The day from which on the NAV of each account is expected.
-- Parameters: connection: of the accounts in its newest statement; NULL: of all accounts.
-- Columns: account_id, first_day (NULL where the account has no NAV).
-- Why: from its first NAV on; but from the beginning of time, where that is the row of the day before a statement. IBKR
-- sends that row along only where the account existed, so that earlier days can be asked for. An account that was
-- closed, or only imported, is not in the newest statement, and not waited for. The newest goes by IBKR's clock: this
-- machine's may have been wrong.
SELECT account_id,
    CASE WHEN EXISTS (
            FROM nav n WHERE n.account_id = a.account_id AND n.report_date = a.first_date AND n.total <> 0)
        AND NOT EXISTS (
            FROM statement_accounts s
            WHERE s.account_id = a.account_id AND a.first_date BETWEEN s.from_date AND s.to_date)
    THEN DATE '0001-01-01' ELSE a.first_date END AS first_day
FROM accounts a
WHERE $connection IS NULL OR account_id IN (
    SELECT account_id FROM statement_accounts
    WHERE sha256 = (
        SELECT arg_max(sha256, (when_generated, fetched_at, sha256))
        FROM statements JOIN statement_accounts USING (sha256)
        WHERE connection = $connection AND status = 'loaded'))
ORDER BY account_id
