-- How the proof of the NAV as a whole (nav_history.proof) stands in each account.
-- Parameters: accounts.
-- Columns: account, days passed, days failed, days not evaluable, newest day (with how the proof came out on it).
-- Why: people read these names in Dagster.
SELECT account_id AS account,
    count(*) FILTER (proof = 'passed') AS "days passed",
    count(*) FILTER (proof = 'failed') AS "days failed",
    count(*) FILTER (proof = 'not_evaluable') AS "days not evaluable",
    max(report_date) || ': ' || replace(arg_max(proof, report_date), '_', ' ') AS "newest day"
FROM nav_history
WHERE account_id IN (SELECT unnest($accounts))
GROUP BY account_id
ORDER BY account_id
