-- Our own return of each step, in every way in which IBKR may have made its own.
-- In: return_steps, day_flows, exact_changes. Out: the columns of trials_of.
CREATE OR REPLACE TEMP TABLE return_trials AS FROM trials_of('return_steps', 'day_flows', 'exact_changes');
