-- The way that counts of each step.
-- In: return_trials, flow_rules, window_trials. Out: the columns of chosen_of.
CREATE OR REPLACE TEMP TABLE return_chosen AS FROM chosen_of('return_trials', 'flow_rules', 'window_trials');
