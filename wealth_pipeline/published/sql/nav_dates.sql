-- The days on which one of some accounts has a NAV.
-- Parameters: accounts.
-- Columns: report_date.
-- Why: Dagster may not know of them: its storage may be new.
SELECT DISTINCT report_date FROM nav WHERE account_id IN (SELECT unnest($accounts))
