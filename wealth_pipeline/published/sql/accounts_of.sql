-- The accounts of a connection.
-- Parameters: connection; only_connection: whether there is no other one, so that accounts that were only imported are
-- its as well.
-- Columns: account_id, first_date (of its NAV history, NULL where it has none).
SELECT account_id, first_date FROM accounts
WHERE connection = $connection OR (connection IS NULL AND $only_connection)
ORDER BY account_id
