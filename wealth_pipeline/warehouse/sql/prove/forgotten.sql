-- The days to prove are proved again: what was stored of them goes.
-- In: days_to_prove. Out: the stored reconciliation, without these days.
DELETE FROM reconciliation r USING days_to_prove t
WHERE t.account_id = r.account_id AND t.report_date = r.report_date;
