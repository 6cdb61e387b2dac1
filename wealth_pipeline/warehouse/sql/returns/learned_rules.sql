-- What IBKR's own return of these days shows of how it counts. Each day is asked by itself, so that it does not matter
-- which came first; a day on which both timings fit shows nothing of it.
-- In: return_days, return_trials, window_trials. Out: account_id, report_date, rule.
CREATE OR REPLACE TEMP TABLE learned_rules AS
WITH fitting AS (
    SELECT *, len(counted) = min(len(counted)) OVER of_day AS fewest FROM return_trials WHERE fits
    WINDOW of_day AS (PARTITION BY account_id, report_date)
)
SELECT account_id, report_date, any_value(timing) AS rule FROM fitting
WHERE fewest GROUP BY ALL HAVING count(DISTINCT timing) = 1 AND bool_and(flow_out > 0)
UNION
SELECT account_id, report_date, unnest(counted) FROM fitting
WHERE fewest QUALIFY count(DISTINCT counted) OVER (PARTITION BY account_id, report_date) = 1
UNION
SELECT account_id, last_day, any_value(timing) FROM window_trials SEMI JOIN return_days d
    ON d.account_id = window_trials.account_id AND d.report_date = window_trials.last_day
WHERE fits AND flow_out > 0 GROUP BY account_id, from_date, to_date, last_day HAVING count(*) = 1;
