-- The positions in the newest snapshot of each account.
-- In: live_positions (every column), live_nav_latest (account_id, captured_at).
-- Out: the columns of live_positions.

SELECT p.* FROM live_positions p SEMI JOIN live_nav_latest USING (account_id, captured_at)
