-- The returns that are made again are proved again: what was stored of their proofs goes.
-- In: return_days. Out: the stored reconciliation, without them.
DELETE FROM reconciliation r USING return_days d
WHERE d.account_id = r.account_id AND d.report_date = r.report_date AND r.check_name IN ('return', 'flows');
