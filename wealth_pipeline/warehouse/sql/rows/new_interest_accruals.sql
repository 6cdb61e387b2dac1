-- Interest accruals.
-- In: stage_interest_accruals_currency. Out: ordinal, row, the stated columns of interest_accruals.
CREATE OR REPLACE TEMP TABLE new_interest_accruals AS
SELECT * EXCLUDE (level_of_detail, model) FROM stage_interest_accruals_currency;
