-- The steps inside of periods. A row without a return (`none`) ends what was before it: a period begins with the last
-- of them, and has the steps after it. IBKR's return implies the gain of a day whose flow is not known. A hole at the
-- end of a period withholds a step after it, so that the period itself has to say that it ends before.
-- In: asked (a list of scope, period, first, last), returns_daily, household_daily, statement_accounts.
-- Out: number (of the period in the list), scope, period, begins (day and reason of the row without a return that it
--     begins with, if any), cut (a weekday at its end is neither a day with a NAV nor a holiday), the columns of
--     returns_daily that follow.
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
),
open AS (
    SELECT p.number, p.last, r.account_id, greatest(s.previous_date, r.previous_date) AS since
    FROM wanted p ASOF JOIN steps s ON s.scope = p.scope AND s.report_date > p.last
    JOIN returns_daily r ON (p.scope = r.account_id OR p.scope = 'household')
        AND r.previous_date <= p.last AND r.report_date > p.last
    WHERE s.status = 'withheld' AND weekday_number(s.previous_date) < weekday_number(p.last)
),
without_row AS (
    SELECT number, account_id, count(DISTINCT weekday) AS weekdays FROM (
        SELECT o.number, o.account_id, unnest(range(weekday_number(greatest(f.from_date - 1, o.since)) + 1,
            weekday_number(least(f.to_date, o.last)) + 1)) AS weekday
        FROM open o JOIN statement_accounts f ON f.account_id = o.account_id AND f.from_date <= o.last
            AND f.to_date > o.since AND list_contains(f.sections, 'EquitySummaryInBase')
    ) GROUP BY ALL
),
cut AS (
    SELECT DISTINCT number FROM open LEFT JOIN without_row USING (number, account_id)
    WHERE coalesce(weekdays, 0) < weekday_number(last) - weekday_number(since)
)
SELECT p.number, p.scope, p.period, p.begins, p.number IN (FROM cut) AS cut, s.report_date, s.previous_date,
    s.start_value, s.end_value,
    CASE WHEN s.status = 'ibkr' AND s.gain IS NULL AND s.factor > 0
        THEN TRY_CAST(CAST(s.end_value AS DOUBLE) * (1 - 1 / s.factor) AS DECIMAL(28,12)) ELSE s.gain END AS gain,
    s.factor, s.return_percent, s.status, s.reason
FROM begun p JOIN steps s ON s.scope = p.scope AND s.report_date BETWEEN p.first AND p.last
    AND s.report_date > coalesce(p.begins.day, DATE '0001-01-01')
