-- Conversion rates.
-- In: stage_conversion_rate. Out: ordinal, row, the stated columns of fx_rates.
CREATE OR REPLACE TEMP TABLE new_fx_rates AS SELECT * EXCLUDE (level_of_detail, account_id) FROM stage_conversion_rate;
