-- The household's days that are made again: those with a member's NAV row, and the day after them; and beside them, not
-- made again, the day before and the one that follows.
-- In: household_span, household_now, nav, household_daily. Out: report_date, previous_date, next_date, remade.
CREATE OR REPLACE TEMP TABLE household_days AS
WITH inside AS (
    SELECT DISTINCT n.report_date FROM nav n JOIN household_span s ON n.report_date BETWEEN s.first AND s.last
    JOIN household_now m ON m.account_id = n.account_id
        AND n.report_date BETWEEN m.begins AND coalesce(m.ended, n.report_date)
),
outside AS (
    SELECT report_date, report_date > s.last AS after,
        row_number() OVER (PARTITION BY after ORDER BY abs(report_date - s.first)) AS nth
    FROM household_daily JOIN household_span s ON report_date < s.first OR report_date > s.last
),
days AS (
    SELECT report_date, true AS remade FROM inside
    UNION ALL SELECT report_date, after AND nth = 1 FROM outside WHERE nth = 1 OR (after AND nth = 2)
)
SELECT report_date, lag(report_date) OVER w AS previous_date, lead(report_date) OVER w AS next_date, remade
FROM days WINDOW w AS (ORDER BY report_date);
