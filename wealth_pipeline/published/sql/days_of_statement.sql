-- The days that a statement covers, by account.
-- Parameters: sha256 (of the statement).
-- Columns: account_id, first, last.
SELECT account_id, min(from_date) AS first, max(to_date) AS last
FROM statement_accounts WHERE sha256 = $sha256 GROUP BY account_id
