-- The periods whose return by IBKR is not the chain of ours.
-- In: window_trials, flow_rules. Out: the columns of failed_windows_of.
CREATE OR REPLACE TEMP TABLE failed_windows AS FROM failed_windows_of('window_trials', 'flow_rules');
