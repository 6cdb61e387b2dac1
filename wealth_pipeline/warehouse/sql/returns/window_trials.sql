-- IBKR's twr of a period of several steps against the chain of ours.
-- In: return_days, return_trials, return_reasons, nav, nav_changes_seen, returns_daily.
-- Out: the columns of window_trials_of.
CREATE OR REPLACE TEMP TABLE window_trials AS
FROM window_trials_of('return_days', 'return_trials', 'return_reasons', 'nav', TIMESTAMP 'infinity');
