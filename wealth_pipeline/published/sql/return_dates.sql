-- The days of which one of some accounts, or the household, has a row of returns.
-- Parameters: scopes (accounts, or household).
-- Columns: report_date.
-- Why: Dagster may not know of them: its storage may be new.
SELECT report_date FROM returns_daily WHERE account_id IN (SELECT unnest($scopes))
UNION
SELECT report_date FROM household_daily WHERE list_contains($scopes, 'household')
