-- What every scope earned over the days a to b, both inclusive.
-- In: returns_daily (account_id), the macro period_figures.
-- Out: the columns of returns_periods but period and xirr_percent.

SELECT * EXCLUDE (period, start_value, end_value, flows) FROM period_figures((
    SELECT list({scope: scope, period: CAST(NULL AS VARCHAR), first: CAST(a AS DATE), last: CAST(b AS DATE)})
    FROM (SELECT DISTINCT account_id AS scope FROM returns_daily UNION ALL SELECT 'household')))
