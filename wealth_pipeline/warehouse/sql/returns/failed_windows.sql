-- The periods whose return by IBKR is not the chain of ours: one of their days is wrong. And those that hold what may
-- be a flow, where their return can't show that it is none.
-- In: window_trials, flow_rules.
-- Out: account_id, from_date, to_date, last_day, twr, own_percent, fits.
CREATE OR REPLACE TEMP TABLE failed_windows AS
SELECT w.account_id, w.from_date, w.to_date, w.last_day, w.twr, w.own_percent, w.fits
FROM window_trials w LEFT JOIN flow_rules r USING (account_id)
WHERE NOT coalesce(w.fits, NOT w.undecided) AND w.timing = coalesce(r.timing, 'start');
