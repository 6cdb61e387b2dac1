-- Days whose profit and loss IBKR has not filled: the newest FlexStatement that ends on the day says so, and no other one
-- filled what it states. IBKR: positions are those of its last day, so that a longer one fills no other day.
-- In: statement_accounts (every column), versions, trades (statement_sha256, event_date, realized_pnl).
-- Out: account_id, report_date, from_date, when_generated, statement_sha256.

WITH unready AS (
    SELECT account_id, to_date AS report_date, arg_max(from_date, newest) AS from_date,
        arg_max(when_generated, newest) AS when_generated, arg_max(sha256, newest) AS statement_sha256,
        arg_max(sections, newest) AS sections
    FROM (SELECT *, (when_generated, sha256, ordinal) AS newest FROM statement_accounts WHERE pnl_ready IS NOT NULL)
    GROUP BY account_id, to_date HAVING NOT arg_max(pnl_ready, newest)
),
-- A content of positions with two hashes has its profits and losses: see versions.py.
filled AS (
    SELECT account_id, report_date FROM versions
    WHERE family = 'positions' AND known_to IS NULL AND contains(content, ' ')
)
SELECT u.* EXCLUDE (sections)
FROM unready u LEFT JOIN filled f USING (account_id, report_date)
WHERE f.account_id IS NULL OR NOT list_contains(u.sections, 'OpenPositions')
    OR EXISTS (FROM trades t WHERE t.statement_account_id = u.account_id AND t.statement_sha256 = u.statement_sha256
        AND t.event_date BETWEEN u.from_date AND u.report_date AND t.realized_pnl IS NULL)
