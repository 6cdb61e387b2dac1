-- The way that counts of each step: the one that equals IBKR's twr, with the fewest undecided components; without a twr
-- what the account's other days show.
-- In: return_trials, flow_rules. Out: the columns of return_trials.
CREATE OR REPLACE TEMP TABLE return_chosen AS
SELECT t.* FROM return_trials t LEFT JOIN flow_rules r USING (account_id)
QUALIFY row_number() OVER (PARTITION BY account_id, report_date ORDER BY coalesce(fits, false) DESC,
    CASE WHEN fits THEN len(counted) ELSE len(list_filter_out(counted, coalesce(r.components, [])))
        + len(list_filter_out(coalesce(r.components, []), counted)) END,
    t.timing = coalesce(r.timing, 'start') DESC, counted) = 1;
