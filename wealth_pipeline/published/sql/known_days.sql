-- The account-days of a time that need not be asked for: those with a NAV, and those that a statement says have none.
-- Parameters: first, last.
-- Columns: account_id, report_date.
SELECT account_id, report_date FROM nav WHERE report_date BETWEEN $first AND $last
UNION
SELECT account_id, report_date FROM days_without_row WHERE report_date BETWEEN $first AND $last
