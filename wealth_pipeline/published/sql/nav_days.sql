-- The NAV of some accounts on some days: those from one to another, those named, and those that a statement changed.
-- Parameters: accounts, first, last, others (more days), sha256 (of the statement, or NULL), recent (days of a chart),
-- deciding and required (the names of the proofs that decide the NAV's state, and of those without which none is proved).
-- Columns: those of NavDay.
-- Why: each is a materialization of nav_history. What a statement changes of a day may be its NAV, or only the
-- positions or the cash that prove it.
WITH unproved AS (
    SELECT account_id, report_date, status, list(check_name ORDER BY check_name) AS checks
    FROM reconciliation
    WHERE (status = 'failed' AND list_contains($deciding, check_name))
        OR (status = 'not_evaluable' AND list_contains($required, check_name))
    GROUP BY ALL
),
history AS (
    SELECT *, coalesce(list(total) FILTER (total IS NOT NULL) OVER latest, []) AS totals,
        min(report_date) OVER latest AS first_of_totals
    FROM nav_history
    WHERE account_id IN (SELECT unnest($accounts))
    WINDOW latest AS (PARTITION BY account_id ORDER BY report_date ROWS $recent - 1 PRECEDING)
)
SELECT h.account_id, h.report_date, coalesce(h.base_currency, 'base currency') AS currency, h.total, h.day_change,
    h.proof, coalesce(u.checks, []) AS unproved_by, h.statement_sha256, h.totals AS recent,
    h.first_of_totals AS recent_from
FROM history h
LEFT JOIN unproved u ON u.account_id = h.account_id AND u.report_date = h.report_date AND u.status = h.proof
WHERE h.report_date BETWEEN $first AND $last
    OR h.report_date IN (SELECT unnest(CAST($others AS DATE[])))
    OR (h.account_id, h.report_date) IN (
        SELECT (account_id, report_date) FROM versions WHERE statement_sha256 = $sha256)
ORDER BY h.report_date, h.account_id
