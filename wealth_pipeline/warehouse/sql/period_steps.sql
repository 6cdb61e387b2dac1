-- The steps inside of periods. A row without a return (`none`) ends what was before it: a period begins with the last
-- of them, and has the steps after it. IBKR's return implies the gain of a day whose flow is not known.
-- In: asked (a list of scope, period, first, last), returns_daily, household_daily.
-- Out: number (of the period in the list), scope, period, begins (day and reason of the row without a return that it
--     begins with, if any), the columns of returns_daily that follow.
CREATE MACRO period_steps(asked) AS TABLE
WITH wanted AS MATERIALIZED (
    SELECT unnest(periods, recursive := true), generate_subscripts(periods, 1) AS number FROM (SELECT asked AS periods)
),
steps AS MATERIALIZED (
    SELECT account_id AS scope, report_date, previous_date, start_value, end_value, gain, factor, return_percent,
        status, reason
    FROM returns_daily WHERE account_id IN (SELECT scope FROM wanted)
    UNION ALL
    SELECT 'household', report_date, previous_date, start_value, end_value, gain, factor, return_percent, status, reason
    FROM household_daily WHERE 'household' IN (SELECT scope FROM wanted)
),
begun AS (
    SELECT w.*, max({day: s.report_date, reason: s.reason}) FILTER (s.status = 'none') AS begins
    FROM wanted w LEFT JOIN (FROM steps WHERE status = 'none') s
        ON s.scope = w.scope AND s.report_date BETWEEN w.first AND w.last
    GROUP BY ALL
)
SELECT p.number, p.scope, p.period, p.begins, s.report_date, s.previous_date, s.start_value, s.end_value,
    CASE WHEN s.status = 'ibkr' AND s.gain IS NULL AND s.factor > 0
        THEN TRY_CAST(CAST(s.end_value AS DOUBLE) * (1 - 1 / s.factor) AS DECIMAL(28,12)) ELSE s.gain END AS gain,
    s.factor, s.return_percent, s.status, s.reason
FROM begun p JOIN steps s ON s.scope = p.scope AND s.report_date BETWEEN p.first AND p.last
    AND s.report_date > coalesce(p.begins.day, DATE '0001-01-01')
