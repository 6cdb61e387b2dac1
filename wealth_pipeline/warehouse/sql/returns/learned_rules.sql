-- What IBKR's own return of these days shows of how it counts. Each day is asked by itself, so that it does not matter
-- which came first; a day on which both timings fit shows nothing of it.
-- In: return_days, return_trials, window_trials. Out: the stored flow_rules_seen of these days.
DELETE FROM flow_rules_seen s USING return_days d WHERE d.account_id = s.account_id AND d.report_date = s.report_date;
INSERT INTO flow_rules_seen BY NAME
FROM rules_shown_by('return_trials', 'window_trials') SEMI JOIN return_days USING (account_id, report_date);
