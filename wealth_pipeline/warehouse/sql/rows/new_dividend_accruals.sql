-- Open dividend accruals.
-- In: stage_open_dividend_accrual. Out: ordinal, row, the stated columns of dividend_accruals.
CREATE OR REPLACE TEMP TABLE new_dividend_accruals AS
SELECT * EXCLUDE (level_of_detail) FROM stage_open_dividend_accrual;
