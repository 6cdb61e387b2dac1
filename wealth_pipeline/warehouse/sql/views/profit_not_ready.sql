-- Days whose profit and loss IBKR has not filled: the newest FlexStatement that ends on the day says so. IBKR: positions
-- are those of its last day, so that a longer one fills no other day.
-- In: statement_accounts (every column).
-- Out: account_id, report_date, from_date, when_generated, statement_sha256.

SELECT account_id, to_date AS report_date, arg_max(from_date, newest) AS from_date,
    arg_max(when_generated, newest) AS when_generated, arg_max(sha256, newest) AS statement_sha256
FROM (SELECT *, (when_generated, sha256, ordinal) AS newest FROM statement_accounts WHERE pnl_ready IS NOT NULL)
GROUP BY account_id, to_date HAVING NOT arg_max(pnl_ready, newest)
