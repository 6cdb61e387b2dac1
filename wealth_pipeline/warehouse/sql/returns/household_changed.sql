-- The household's days as they stood of those that are made again: some may be none of it now.
-- In: household_span, household_daily. Out: report_date.
CREATE OR REPLACE TEMP TABLE household_changed AS
    SELECT d.report_date FROM household_daily d JOIN household_span s ON d.report_date BETWEEN s.first AND s.last;
