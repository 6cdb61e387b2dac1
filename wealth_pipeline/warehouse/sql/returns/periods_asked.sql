-- The periods that changed returns are in: all that end with the newest NAV, the years and months of the changed days,
-- and of the NAVs before them: whether a period ends with a hole shows in the step after it.
-- In: changed_returns (scope, report_date), returns_daily, household_daily.
-- Out: scope, period (a month is called as 2026-03), first, last (NULL where the scope has no rows left).
CREATE OR REPLACE TEMP TABLE periods_asked AS
WITH steps AS (
    SELECT account_id AS scope, report_date, previous_date FROM returns_daily
    UNION ALL SELECT 'household', report_date, previous_date FROM household_daily
),
days AS (
    FROM changed_returns
    UNION
    SELECT scope, previous_date FROM changed_returns JOIN steps USING (scope, report_date)
    WHERE previous_date IS NOT NULL
),
scopes AS (
    SELECT scope, min(report_date) AS begun, max(report_date) AS last
    FROM steps RIGHT JOIN (SELECT DISTINCT scope FROM changed_returns) USING (scope) GROUP BY scope
)
SELECT scope, unnest([
    {period: '1D', first: last}, {period: 'WTD', first: CAST(date_trunc('week', last) AS DATE)},
    {period: 'MTD', first: CAST(date_trunc('month', last) AS DATE)},
    {period: 'QTD', first: CAST(date_trunc('quarter', last) AS DATE)},
    {period: 'YTD', first: CAST(date_trunc('year', last) AS DATE)},
    {period: '1Y', first: CAST(last - INTERVAL 1 YEAR AS DATE) + 1},
    {period: '3Y', first: CAST(last - INTERVAL 3 YEARS AS DATE) + 1},
    {period: '5Y', first: CAST(last - INTERVAL 5 YEARS AS DATE) + 1}, {period: 'since_start', first: begun + 1}],
    recursive := true), last
FROM scopes
UNION
SELECT scope, strftime(report_date, '%Y'), make_date(year(report_date), 1, 1), make_date(year(report_date), 12, 31)
FROM days
UNION
SELECT scope, strftime(report_date, '%Y-%m'), CAST(date_trunc('month', report_date) AS DATE), last_day(report_date)
FROM days;
