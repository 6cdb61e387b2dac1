-- The returns of some accounts, or of the household, on some days and on those that follow them.
-- Parameters: scopes (accounts, or household), days, sha256s (of statements whose changed days are asked for as well).
-- Columns: those of ReturnDay.
-- Why: each day is a materialization of `returns` or `household`. A day's return starts from the NAV of the row before,
-- so that it changes with that one. The index begins at 100, and again on each day without a return.
WITH asked AS (
    SELECT unnest(CAST($days AS DATE[])) AS report_date
    UNION
    SELECT report_date FROM versions WHERE statement_sha256 IN (SELECT unnest(CAST($sha256s AS VARCHAR[])))
),
scoped AS (
    SELECT account_id AS scope, report_date, previous_date, factor, return_percent, gain, status, reason
    FROM returns_daily WHERE account_id IN (SELECT unnest($scopes))
    UNION ALL
    SELECT 'household', report_date, previous_date, factor, return_percent, gain, status, reason
    FROM household_daily WHERE list_contains($scopes, 'household')
),
chained AS (
    SELECT *, count(*) FILTER (factor IS NULL) OVER (PARTITION BY scope ORDER BY report_date) AS chain FROM scoped
),
indexed AS (
    SELECT *, 100 * coalesce(product(factor) OVER (PARTITION BY scope, chain ORDER BY report_date), 1) AS level
    FROM chained
)
SELECT scope, report_date, return_percent, level, gain, status, reason,
    CASE scope WHEN 'household' THEN coalesce(reporting_currency, 'reporting currency')
        ELSE coalesce(base_currency, 'base currency') END AS currency
FROM (FROM indexed WHERE report_date IN (FROM asked) OR previous_date IN (FROM asked))
LEFT JOIN (SELECT account_id AS scope, report_date, base_currency FROM nav_history) USING (scope, report_date)
CROSS JOIN (SELECT reporting_currency FROM warehouse_info)
ORDER BY report_date, scope
