-- What counts as a part of the total on all days of an account: seen as one on three of them.
-- In: nav_parts_seen (account_id, component).
-- Out: account_id, component.

SELECT account_id, component FROM nav_parts_seen GROUP BY ALL HAVING count(*) >= 3
