-- The members' days whose flows count in the household's, and why one isn't known. Nothing counts on the day on which
-- an account joins, nor where its NAV is 0 before and after.
-- In: household_days, household_values, household_firsts, returns_daily.
-- Out: report_date, account_id, base_currency, rate, mode, inherited, timing, ibkr (its return is IBKR's), implied (the
--     net flow that IBKR's return implies), unknown (why the flows are not known), proof.
CREATE OR REPLACE TEMP TABLE household_counts AS
SELECT v.report_date, v.account_id, v.base_currency, v.rate, v.mode, f.inherited,
    coalesce(r.flow_timing, 'start') AS timing, r.status = 'ibkr' AS ibkr, r.proof,
    CASE WHEN r.status = 'ibkr' AND r.factor > 0 AND r.end_value > 0
        THEN CAST(CAST(r.end_value AS DOUBLE) / r.factor AS DECIMAL(28,12)) - r.start_value END AS implied,
    CASE WHEN v.mode = 'unclear' THEN 'its first statement does not begin with the last NAV of ' || f.predecessors
         WHEN r.status = 'withheld' THEN r.reason
         WHEN r.status = 'ibkr' AND NOT (r.factor > 0 AND r.end_value > 0) THEN 'no flow follows from IBKR''s return'
         WHEN r.flow_in IS NULL AND r.status <> 'ibkr' THEN 'its flows are not known' END AS unknown
FROM household_values v SEMI JOIN (FROM household_days WHERE remade) USING (report_date)
JOIN returns_daily r USING (account_id, report_date) LEFT JOIN household_firsts f USING (account_id, report_date)
WHERE v.state = 'row' AND v.mode IS DISTINCT FROM 'joined'
    AND NOT (coalesce(r.start_value, f.inherited, 0) = 0 AND r.end_value = 0);
