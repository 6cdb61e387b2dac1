-- The accounts of a statement that is of somebody else.
-- Parameters: sha256 (of the statement).
-- Columns: accounts (those in it), expected (those that its connection has); no row where it is not somebody else's.
-- Why: it is not any more once its accounts came again, are named in accounts.toml, or succeed to others.
SELECT accounts, expected FROM foreign_statements f
WHERE sha256 = $sha256
    AND EXISTS (FROM accounts WHERE left_out = 'unconfirmed' AND list_contains(f.accounts, account_id))
