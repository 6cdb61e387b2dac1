-- The cash in the newest snapshot of each account.
-- In: live_cash (every column), live_nav_latest (account_id, captured_at).
-- Out: the columns of live_cash.

SELECT c.* FROM live_cash c SEMI JOIN live_nav_latest USING (account_id, captured_at)
