-- How each account stands.
-- Columns: account_id, name, connection, last_date, ended, left_out, successor, successor_presumed, stated_end (in
-- accounts.toml), reached (the last day of its connection's newest statement), dropped (whether that one lacks it),
-- expected and fetched_at (of the statement of somebody else that it came in).
-- Why: the newest statement is the one that reaches furthest, not one that was fetched for older days, nor one of
-- somebody else whose accounts do not count.
WITH reaching AS (
    SELECT s.connection, s.sha256, s.fetched_at, max(a.to_date) AS to_date
    FROM statements s JOIN statement_accounts a USING (sha256)
    WHERE s.connection IS NOT NULL AND s.sha256 NOT IN (
        SELECT f.sha256 FROM foreign_statements f
        JOIN accounts o ON list_contains(f.accounts, o.account_id) WHERE o.left_out IS NOT NULL)
    GROUP BY ALL
),
newest AS (
    SELECT connection, arg_max(sha256, (to_date, fetched_at, sha256)) AS sha256, max(to_date) AS to_date
    FROM reaching GROUP BY connection
)
SELECT a.account_id, a.name, a.connection, a.last_date, a.ended, a.left_out, a.successor, a.successor_presumed,
    s.ended AS stated_end, w.to_date AS reached,
    w.sha256 IS NOT NULL AND a.account_id NOT IN (
        SELECT account_id FROM account_descriptions d WHERE d.sha256 = w.sha256) AS dropped,
    f.expected, f.fetched_at
FROM accounts a
LEFT JOIN account_settings s USING (account_id)
LEFT JOIN newest w USING (connection)
LEFT JOIN (
    SELECT unnest(accounts) AS account_id, expected, fetched_at FROM foreign_statements JOIN statements USING (sha256)
) f ON f.account_id = a.account_id AND a.left_out = 'unconfirmed'
ORDER BY a.account_id
