-- What a published database is and holds, whichever version of this software wrote it.
-- Columns: those of Overview.
-- Why: the doctor's first question.
SELECT (SELECT schema_version FROM warehouse_info) AS schema_version, count(*) AS days, max(report_date) AS newest
FROM nav_history
