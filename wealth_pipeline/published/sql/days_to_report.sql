-- The account-days that the last load and those before it left to be reported to Dagster.
-- Columns: account_id, report_date.
FROM days_to_report ORDER BY ALL
