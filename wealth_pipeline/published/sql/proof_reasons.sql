-- Why a proof could not be evaluated, the most frequent reason first.
-- Parameters: accounts, check_name.
-- Columns: reason, with the number of its days.
SELECT reason || ' (' || count(*) || ' days)' AS reason
FROM reconciliation
WHERE check_name = $check_name AND status = 'not_evaluable' AND account_id IN (SELECT unnest($accounts))
GROUP BY reconciliation.reason
ORDER BY count(*) DESC
