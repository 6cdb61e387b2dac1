-- The NAV history of every account, day by day.
-- Parameters: first, last.
-- Columns: report_date, account_id, base_currency, total, cash, day_change, proof.
-- Why: the table of `wealth demo`.
SELECT report_date, account_id, base_currency, total, cash, day_change, proof
FROM nav_history
WHERE report_date BETWEEN $first AND $last
ORDER BY report_date, account_id
