-- Each account's newest day.
-- In: nav_history (every column), nav (account_id, report_date).
-- Out: the columns of nav_history.

SELECT n.* FROM nav_history n JOIN (SELECT account_id, max(report_date) AS report_date FROM nav GROUP BY account_id)
    USING (account_id, report_date)
