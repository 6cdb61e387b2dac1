-- The periods of a section that cover an account's year whole and once: those of a day, else the longer ones, else the
-- longest alone. The first NAV of all may be the row of the day before the first period.
-- In: wanted (nav_changes or fifo_performance), nav_history, nav_changes, statement_accounts, rows_set_aside.
-- Out: account_id, year, from_date, to_date.
CREATE MACRO whole_periods(wanted) AS TABLE
WITH days AS (
    SELECT account_id, report_date, year(report_date) AS year,
        report_date = min(report_date) OVER (PARTITION BY account_id) AS is_first
    FROM nav_history
),
stated AS (
    SELECT account_id, from_date, to_date FROM nav_changes WHERE component = 'endingValue' AND wanted = 'nav_changes'
    UNION
    -- Without a sale and a position it has no row. A row that was set aside, or profits that IBKR had not ready, are a
    -- part that is missing.
    SELECT account_id, from_date, to_date FROM statement_accounts f
    ANTI JOIN (FROM rows_set_aside WHERE section = 'FIFOPerformanceSummaryInBase') USING (sha256, ordinal)
    WHERE wanted = 'fifo_performance' AND pnl_ready IS DISTINCT FROM false
        AND list_contains(sections, 'FIFOPerformanceSummaryInBase')
),
periods AS (
    SELECT account_id, year(to_date) AS year, from_date, to_date, from_date < to_date AS longer
    FROM stated WHERE year(from_date) = year(to_date)
),
sets AS (
    SELECT * EXCLUDE (longer), CASE WHEN longer THEN 2 ELSE 1 END AS form FROM periods
    UNION ALL
    SELECT * EXCLUDE (longer), 3 FROM periods WHERE longer
    QUALIFY row_number() OVER (PARTITION BY account_id, year ORDER BY to_date - from_date DESC, from_date) = 1
),
times AS (
    SELECT s.account_id, s.year, s.form, d.report_date, d.is_first, count(*) AS times
    FROM sets s JOIN days d ON d.account_id = s.account_id AND d.year = s.year
        AND d.report_date BETWEEN s.from_date AND s.to_date
    GROUP BY ALL
),
whole AS (
    SELECT account_id, year, min(form) AS form FROM (
        SELECT account_id, year, form, count(*) FILTER (NOT is_first) AS covered FROM times GROUP BY ALL
        HAVING max(times) = 1
    ) JOIN (SELECT account_id, year, count(*) FILTER (NOT is_first) AS days FROM days GROUP BY ALL)
        USING (account_id, year)
    WHERE covered = days AND days > 0 GROUP BY ALL
)
SELECT account_id, year, from_date, to_date FROM sets SEMI JOIN whole USING (account_id, year, form);
