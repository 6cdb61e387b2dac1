-- The cash of the newest day on which any is known; an observation without rows says that there was none.
-- In: cash_balances (every column), versions (family, account_id, report_date).
-- Out: the columns of cash_balances.

SELECT c.* FROM cash_balances c
JOIN (SELECT account_id, max(report_date) AS report_date FROM versions WHERE family = 'cash' GROUP BY account_id)
    USING (account_id, report_date)
