-- The newest Change in NAV of exactly one step.
-- In: return_steps, nav_changes_seen. Out: the columns of exact_changes_of.
CREATE OR REPLACE TEMP TABLE exact_changes AS FROM exact_changes_of('return_steps', TIMESTAMP 'infinity');
