-- Securities.
-- In: stage_security_info. Out: ordinal, row, the stated columns of securities.
CREATE OR REPLACE TEMP TABLE new_securities AS SELECT * EXCLUDE (level_of_detail, account_id) FROM stage_security_info;
