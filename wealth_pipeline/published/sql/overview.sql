-- What a published database holds, whichever version of this software wrote it.
-- Columns: those of Overview but its origin.
-- Why: the doctor's first question.
SELECT count(*) AS days, max(report_date) AS newest
FROM nav_history
