-- The account-days of a time for which a statement came without a NAV.
-- Parameters: first, last.
-- Columns: account_id, report_date.
-- Why: a session among them may be late; an exchange holiday has none.
SELECT account_id, report_date FROM days_without_row WHERE report_date BETWEEN $first AND $last ORDER BY ALL
