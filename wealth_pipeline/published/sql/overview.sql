-- What a published database holds, whichever version of this software wrote it.
-- Columns: those of Overview but its origin.
-- Why: the doctor's first question.
SELECT count(*) AS days, min(report_date) AS oldest, max(report_date) AS newest,
    (SELECT max(when_generated) FROM statement_accounts) AS generated
FROM nav_history
