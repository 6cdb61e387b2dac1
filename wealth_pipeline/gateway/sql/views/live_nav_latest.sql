-- The newest snapshot of each account.
-- In: live_nav (every column).
-- Out: the columns of live_nav.
-- Why: one that lies more than a day ahead was taken under a wrong clock: it counts where there is no other.

SELECT * FROM live_nav
QUALIFY row_number() OVER (
    PARTITION BY account_id
    ORDER BY captured_at > make_timestamp(epoch_us(now())) + INTERVAL 1 DAY, captured_at DESC) = 1
