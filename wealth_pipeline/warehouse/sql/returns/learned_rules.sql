-- What IBKR's own return of these days shows of how it counts. Each day is asked by itself, so that it does not matter
-- which came first; a day on which both timings fit shows nothing of it.
-- In: return_days, return_trials, window_trials. Out: account_id, report_date, rule.
CREATE OR REPLACE TEMP TABLE learned_rules AS
FROM rules_shown_by('return_trials', 'window_trials') SEMI JOIN return_days USING (account_id, report_date);
