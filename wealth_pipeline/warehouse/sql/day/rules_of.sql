-- How IBKR counts the flows of an account in its own return, and which of the ways of a step counts.

-- What each day shows by itself; a day on which both timings fit shows nothing of it.
-- In: trials, window_trials (the names of relations like return_trials, window_trials). Out: account_id, report_date,
--     rule (as in flow_rules_seen).
CREATE MACRO rules_shown_by(trials, windows) AS TABLE
WITH fitting AS (
    SELECT *, len(counted) = min(len(counted)) OVER of_day AS fewest FROM query_table(trials) WHERE fits
    WINDOW of_day AS (PARTITION BY account_id, report_date)
)
SELECT account_id, report_date, any_value(timing) AS rule FROM fitting
WHERE fewest GROUP BY ALL HAVING count(DISTINCT timing) = 1 AND bool_and(flow_out > 0)
UNION
SELECT account_id, report_date, unnest(counted) FROM fitting
WHERE fewest QUALIFY count(DISTINCT counted) OVER (PARTITION BY account_id, report_date) = 1
UNION
SELECT account_id, last_day, any_value(timing) FROM query_table(windows)
WHERE fits AND flow_out > 0 GROUP BY account_id, from_date, to_date, last_day HAVING count(*) = 1;

-- What most of the days that show it say.
-- In: seen (the name of a relation like flow_rules_seen). Out: account_id, timing, components, days.
CREATE MACRO rules_of(seen) AS TABLE
SELECT account_id,
    CASE WHEN count(*) FILTER (rule IN ('start', 'end')) > 0 THEN CASE WHEN count(*) FILTER (rule = 'end')
        > count(*) FILTER (rule = 'start') THEN 'end' ELSE 'start' END END AS timing,
    coalesce(list_sort(list(DISTINCT rule) FILTER (rule NOT IN ('start', 'end'))), []) AS components,
    count(DISTINCT report_date) AS days
FROM query_table(seen) GROUP BY account_id;

-- The way that counts of each step: the one that equals IBKR's twr, with the fewest undecided components; without a twr
-- what the account's other days show.
-- In: trials, rules (the names of relations like return_trials, flow_rules). Out: the columns of return_trials.
CREATE MACRO chosen_of(trials, rules) AS TABLE
SELECT w.* FROM query_table(trials) w LEFT JOIN query_table(rules) r USING (account_id)
QUALIFY row_number() OVER (PARTITION BY account_id, report_date ORDER BY coalesce(fits, false) DESC,
    CASE WHEN fits THEN len(counted) ELSE len(list_filter_out(counted, coalesce(r.components, [])))
        + len(list_filter_out(coalesce(r.components, []), counted)) END,
    w.timing = coalesce(r.timing, 'start') DESC, counted) = 1;

-- The periods whose return by IBKR is not the chain of ours: one of their days is wrong. And those that hold what may
-- be a flow, where their return can't show that it is none.
-- In: windows, rules (the names of relations like window_trials, flow_rules).
-- Out: account_id, from_date, to_date, last_day, twr, own_percent, fits.
CREATE MACRO failed_windows_of(windows, rules) AS TABLE
SELECT w.account_id, w.from_date, w.to_date, w.last_day, w.twr, w.own_percent, w.fits
FROM query_table(windows) w LEFT JOIN query_table(rules) r USING (account_id)
WHERE NOT coalesce(w.fits, NOT w.undecided) AND w.timing = coalesce(r.timing, 'start');
