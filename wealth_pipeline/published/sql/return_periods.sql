-- What accounts and the household earned over the periods that people look at first.
-- Parameters: scopes (accounts, or household; NULL: all).
-- Columns: those of ReturnPeriod.
-- Why: shown with the newest day of `returns` and `household`, and by `wealth status`.
SELECT scope, period, to_date, twr_percent, gain, status, reason,
    CASE scope WHEN 'household' THEN coalesce(reporting_currency, 'reporting currency')
        ELSE coalesce(base_currency, 'base currency') END AS currency
FROM returns_periods LEFT JOIN nav_history ON account_id = scope AND report_date = to_date CROSS JOIN warehouse_info
WHERE ($scopes IS NULL OR scope IN (SELECT unnest($scopes))) AND period IN ('MTD', 'YTD', '1Y', 'since_start')
ORDER BY scope = 'household', scope, list_position(['MTD', 'YTD', '1Y', 'since_start'], period)
