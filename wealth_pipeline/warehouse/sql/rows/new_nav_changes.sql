-- What changed the NAV.
-- In: stage_change_in_n_a_v and its amounts. Out: ordinal, row, account_id, from_date, to_date, component, amount.
CREATE OR REPLACE TEMP TABLE new_nav_changes AS
SELECT c.ordinal, c.row, c.account_id, c.from_date, c.to_date, a.component, a.amount
FROM stage_change_in_n_a_v c JOIN stage_change_in_n_a_v_amounts a USING (row);
