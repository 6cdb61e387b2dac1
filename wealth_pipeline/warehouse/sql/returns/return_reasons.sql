-- Why our own figure of a step is not known, before it is compared with IBKR's.
-- In: return_steps, day_flows, return_asides.
-- Out: account_id, report_date, held (a sentence; NULL: the figures are known), restated (a value is another one now
--     than when IBKR stated the day's return).
CREATE OR REPLACE TEMP TABLE return_reasons AS
SELECT s.account_id, s.report_date,
    s.start_then IS DISTINCT FROM s.start_value OR s.end_then IS DISTINCT FROM s.end_value AS restated,
    CASE WHEN s.covered_by IS NULL THEN 'no statement covers the day'
         WHEN s.holes > 0 THEN 'no NAV is known of ' || s.holes || ' weekdays before'
         WHEN s.start_then IS DISTINCT FROM s.start_value
             THEN 'the NAV before was restated by a statement that does not cover the day'
         WHEN s.end_then IS DISTINCT FROM s.end_value
             THEN 'the NAV was restated by a statement that does not cover the day'
         WHEN a.of_changes IS NOT NULL THEN a.of_changes
         WHEN a.of_rows IS NOT NULL AND d.source IS DISTINCT FROM 'nav_changes' THEN a.of_rows
         WHEN d.source IS NULL THEN d.lacking END AS held
FROM return_steps s LEFT JOIN day_flows d USING (account_id, report_date)
LEFT JOIN return_asides a USING (account_id, report_date);
