-- NAV rows of no day. IBKR: the date MULTI marks a summary of several days. (Without any date the query lacks the
-- field: refused later.)
-- In: stage_equity_summary_by_report_date_in_base, aside (the rows whose date cannot be read have one).
-- Out: the same without these rows; dropped.
CREATE OR REPLACE TEMP TABLE undated AS
    SELECT row FROM stage_equity_summary_by_report_date_in_base
    WHERE report_date IS NULL AND row NOT IN (SELECT row FROM aside
            WHERE element = 'EquitySummaryByReportDateInBase' AND attribute = 'reportDate')
        AND ordinal IN (SELECT ordinal FROM stage_equity_summary_by_report_date_in_base WHERE report_date IS NOT NULL);
INSERT INTO dropped
    SELECT 'summary_row_dropped', 'EquitySummaryByReportDateInBase', count(*) FROM undated HAVING count(*) > 0;
DELETE FROM stage_equity_summary_by_report_date_in_base WHERE row IN (FROM undated);
