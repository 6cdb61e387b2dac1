-- The way that counts of each step.
-- In: return_trials, flow_rules. Out: the columns of return_trials.
CREATE OR REPLACE TEMP TABLE return_chosen AS FROM chosen_of('return_trials', 'flow_rules');
