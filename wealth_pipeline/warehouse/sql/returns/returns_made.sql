-- The return of each step.
-- In: return_steps, return_reasons, return_chosen, exact_changes, failed_windows. Out: the columns of returns_of.
CREATE OR REPLACE TEMP TABLE returns_made AS
FROM returns_of('return_steps', 'return_reasons', 'return_chosen', 'exact_changes', 'failed_windows');
