-- The period of the household that a statement touches: the days whose returns are made again, to the account's next
-- NAV (on a holiday a NAV stands still), the days that it covers, with all later ones where the account has no later
-- NAV, and those whose conversion rates are others.
-- In: return_days, nav, stage_base, stage_statement, rate_changes. Out: first, last.
CREATE OR REPLACE TEMP TABLE household_touched AS
WITH made AS (SELECT account_id, min(report_date) AS first, max(report_date) AS last FROM return_days GROUP BY ALL)
SELECT d.first, coalesce(min(n.report_date), DATE '9999-01-01') AS last
FROM made d LEFT JOIN nav n ON n.account_id = d.account_id AND n.report_date > d.last GROUP BY d.account_id, d.first
UNION ALL
SELECT min(f.from_date), max(CASE WHEN n.last > f.to_date THEN f.to_date ELSE DATE '9999-01-01' END)
FROM stage_statement f LEFT JOIN stage_base b USING (ordinal)
LEFT JOIN (SELECT account_id, max(report_date) AS last FROM nav GROUP BY account_id) n
    ON n.account_id = b.account_id
UNION ALL SELECT min(report_date), max(report_date) FROM rate_changes;
