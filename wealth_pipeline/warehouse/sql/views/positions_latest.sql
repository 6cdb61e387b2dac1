-- The newest day on which positions are known: an observation without rows says that there were none.
-- In: positions (every column), versions (family, account_id, report_date).
-- Out: the columns of positions.

SELECT p.* FROM positions p
JOIN (SELECT account_id, max(report_date) AS report_date FROM versions WHERE family = 'positions' GROUP BY account_id)
    USING (account_id, report_date)
