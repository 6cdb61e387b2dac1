-- How a proof stands in each account.
-- Parameters: accounts, check_name.
-- Columns: account, days passed, days failed, days not evaluable, newest day (with how the proof came out on it).
-- Why: people read these names in Dagster.
SELECT account_id AS account,
    count(*) FILTER (status = 'passed') AS "days passed",
    count(*) FILTER (status = 'failed') AS "days failed",
    count(*) FILTER (status = 'not_evaluable') AS "days not evaluable",
    max(report_date) || ': ' || replace(arg_max(status, report_date), '_', ' ') AS "newest day"
FROM reconciliation
WHERE check_name = $check_name AND account_id IN (SELECT unnest($accounts))
GROUP BY account_id
ORDER BY account_id
