-- Cash as a whole: the BASE_SUMMARY rows.
-- In: stage_cash_report_currency. Out: ordinal, row, the stated columns of cash_totals.
CREATE OR REPLACE TEMP TABLE new_cash_totals AS
SELECT * EXCLUDE (level_of_detail, model, from_date) RENAME (to_date AS report_date)
FROM stage_cash_report_currency WHERE currency = 'BASE_SUMMARY';
