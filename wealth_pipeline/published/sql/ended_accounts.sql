-- The accounts that have an end.
-- Columns: account_id; ended: its last day; for_good: whether it is known to be over, whatever its statements still
-- bring; past: whether people are shown it as ended.
-- Why: a last total of zero is an end, but not one for good: the account may be funded again. Nor is it past on the
-- newest day: IBKR reports an account that is not funded yet.
WITH ends AS (
    SELECT account_id, ended, last_date,
        date_closed IS NOT NULL OR successor IS NOT NULL
            OR account_id IN (SELECT account_id FROM account_settings WHERE ended IS NOT NULL) AS for_good
    FROM accounts
    WHERE ended IS NOT NULL
)
SELECT account_id, ended, for_good,
    coalesce(ended < (SELECT max(last_date) FROM accounts) OR (for_good AND ended <= last_date), false) AS past
FROM ends
ORDER BY account_id
