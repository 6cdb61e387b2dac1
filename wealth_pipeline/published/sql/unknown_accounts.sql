-- The accounts that accounts.toml names and of which no statement has come.
-- Columns: account_id.
SELECT account_id FROM account_settings ANTI JOIN accounts USING (account_id)
UNION
SELECT successor FROM account_settings
WHERE successor <> '' AND successor NOT IN (SELECT account_id FROM accounts)
ORDER BY ALL
