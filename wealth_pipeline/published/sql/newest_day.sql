-- The newest day with a NAV, of whichever account.
-- Columns: report_date, NULL where there is no NAV at all.
-- Why: the days that are asked for again are counted back from it.
SELECT max(report_date) AS report_date FROM nav
