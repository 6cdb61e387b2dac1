-- The NAV rows.
-- In: stage_equity_summary_by_report_date_in_base. Out: ordinal, row, the stated columns of nav.
CREATE OR REPLACE TEMP TABLE new_nav AS
SELECT * EXCLUDE (level_of_detail, model) FROM stage_equity_summary_by_report_date_in_base;
