-- The household's days to make. It begins with the first day whose value is known: the NAV row before an account's
-- first statement comes without conversion rates.
-- In: household_days, household_span, household_closings, household_daily.
-- Out: report_date, previous_date (NULL on the first day).
CREATE OR REPLACE TEMP TABLE household_dated AS
WITH begun AS (
    SELECT min(report_date) AS day FROM (
        SELECT report_date FROM household_closings WHERE value IS NOT NULL
        UNION ALL
        SELECT report_date FROM household_daily JOIN household_span ON report_date < first WHERE end_value IS NOT NULL
    )
)
SELECT report_date, CASE WHEN report_date > coalesce(day, report_date - 1) THEN previous_date END AS previous_date
FROM household_days CROSS JOIN begun WHERE remade AND report_date >= coalesce(day, report_date);
