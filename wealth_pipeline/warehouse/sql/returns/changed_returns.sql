-- The days whose returns were made again, or are there no more, by scope.
-- In: return_days, household_changed, household_span, household_daily. Out: scope, report_date.
CREATE OR REPLACE TEMP TABLE changed_returns AS
SELECT account_id AS scope, report_date FROM return_days
UNION
SELECT 'household', report_date FROM household_changed
UNION
SELECT 'household', d.report_date FROM household_daily d JOIN household_span s ON d.report_date BETWEEN s.first
    AND coalesce((SELECT min(report_date) FROM household_daily JOIN household_span ON report_date > last), s.last);
