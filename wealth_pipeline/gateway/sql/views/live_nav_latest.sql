-- The newest snapshot of each account.
-- In: live_nav (every column).
-- Out: the columns of live_nav.

SELECT * FROM live_nav QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY captured_at DESC) = 1
