-- How IBKR counts the flows of an account in its own return, and which of the ways of a step counts.

-- What each day shows by itself; a day on which both timings fit shows nothing of it, nor of a component one that fits
-- with it and without it.
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
SELECT account_id, report_date, CASE WHEN any_value(counts) THEN component ELSE 'not ' || component END
FROM (SELECT account_id, report_date, unnest(undecided) AS component, list_contains(counted, component) AS counts
    FROM fitting)
GROUP BY account_id, report_date, component HAVING count(DISTINCT counts) = 1
UNION
SELECT account_id, last_day, any_value(timing) FROM query_table(windows)
WHERE fits AND flow_out > 0 GROUP BY account_id, from_date, to_date, last_day HAVING count(*) = 1;

-- What most of the days that show it say of the timing, and all of them of a component.
-- In: seen (the name of a relation like flow_rules_seen). Out: account_id, timing, components, no_flows, days.
CREATE MACRO rules_of(seen) AS TABLE
SELECT account_id, timing, list_filter_out(counting, others) AS components,
    list_filter_out(others, counting) AS no_flows, days
FROM (
    SELECT account_id,
        CASE WHEN count(*) FILTER (rule IN ('start', 'end')) > 0 THEN CASE WHEN count(*) FILTER (rule = 'end')
            > count(*) FILTER (rule = 'start') THEN 'end' ELSE 'start' END END AS timing,
        coalesce(list_sort(list(DISTINCT rule)
            FILTER (rule NOT IN ('start', 'end') AND rule NOT LIKE 'not %')), []) AS counting,
        coalesce(list_sort(list(DISTINCT substr(rule, 5)) FILTER (rule LIKE 'not %')), []) AS others,
        count(DISTINCT report_date) AS days
    FROM query_table(seen) GROUP BY account_id
);

-- The periods whose return by IBKR is not the chain of ours: one of their days is wrong. And those that hold what may
-- be a flow, where their return can't show that it is none.
-- In: windows, rules (the names of relations like window_trials, flow_rules).
-- Out: account_id, from_date, to_date, last_day, twr, own_percent, fits.
CREATE MACRO failed_windows_of(windows, rules) AS TABLE
SELECT w.account_id, w.from_date, w.to_date, w.last_day, w.twr, w.own_percent, w.fits
FROM query_table(windows) w LEFT JOIN query_table(rules) r USING (account_id)
WHERE NOT coalesce(w.fits, NOT w.undecided) AND w.timing = coalesce(r.timing, 'start');
