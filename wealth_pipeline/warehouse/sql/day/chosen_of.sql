-- The way that counts of each step: the one that equals IBKR's twr, with the fewest undecided components; without a twr
-- none of them where a period's twr shows that, else what the account's other days show. What nothing shows stays open.
-- In: trials, rules, windows (the names of relations like return_trials, flow_rules, window_trials).
-- Out: the columns of return_trials, unclear (components of which it isn't known whether they are flows).
CREATE MACRO chosen_of(trials, rules, windows) AS TABLE
WITH proved AS (
    SELECT DISTINCT w.account_id, t.report_date FROM query_table(windows) w
    JOIN (SELECT DISTINCT account_id, report_date FROM query_table(trials) WHERE twr IS NULL AND len(undecided) > 0) t
        ON t.account_id = w.account_id AND t.report_date BETWEEN w.from_date AND w.to_date
    LEFT JOIN query_table(rules) r ON r.account_id = w.account_id
    WHERE w.fits AND w.timing = coalesce(r.timing, 'start')
)
SELECT w.*, CASE WHEN w.fits IS NOT NULL OR p.account_id IS NOT NULL THEN []
    ELSE list_filter_out(w.undecided, coalesce(r.components || r.no_flows, [])) END AS unclear
FROM query_table(trials) w LEFT JOIN query_table(rules) r USING (account_id)
LEFT JOIN proved p USING (account_id, report_date)
QUALIFY row_number() OVER (PARTITION BY w.account_id, w.report_date ORDER BY coalesce(fits, false) DESC,
    CASE WHEN fits OR p.account_id IS NOT NULL THEN len(counted)
        ELSE len(list_filter_out(counted, coalesce(r.components, [])))
            + len(list_filter_out(coalesce(r.components, []), counted)) END,
    w.timing = coalesce(r.timing, 'start') DESC, counted) = 1;
