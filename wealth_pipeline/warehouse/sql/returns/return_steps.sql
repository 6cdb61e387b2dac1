-- The steps from one NAV row to the next, and the newest statement that covers each day: figures that only an older one
-- states are no proof of it. A weekday between the rows is a holiday where a statement covers it without a row.
-- In: return_days, nav, nav_versions, statement_accounts, days_without_row.
-- Out: account_id, report_date, previous_date, start_value, end_value, rebased (these are in two base currencies),
--     covered_by (sha256), covered_from, covered_at (when it was generated), sections, start_then, end_then (the two
--     values as they were known then), holes (weekdays that no statement covers).
CREATE OR REPLACE TEMP TABLE return_steps AS
WITH asked AS (
    SELECT d.account_id, coalesce(max(n.report_date), any_value(d.first)) AS first, any_value(d.last) AS last
    FROM (SELECT account_id, min(report_date) AS first, max(report_date) AS last FROM return_days GROUP BY ALL) d
    LEFT JOIN nav n ON n.account_id = d.account_id AND n.report_date < d.first GROUP BY d.account_id
),
rows AS (
    SELECT n.account_id, n.report_date, lag(n.report_date) OVER of_account AS previous_date,
        lag(n.total) OVER of_account AS start_value, n.total AS end_value,
        n.base_currency <> lag(n.base_currency) OVER of_account IS TRUE AS rebased
    FROM nav n JOIN asked a ON a.account_id = n.account_id AND n.report_date BETWEEN a.first AND a.last
    WINDOW of_account AS (PARTITION BY n.account_id ORDER BY n.report_date)
),
steps AS (FROM rows SEMI JOIN return_days USING (account_id, report_date)),
covered AS (
    SELECT s.account_id, s.report_date,
        max({generated: f.when_generated, sha256: f.sha256, first: f.from_date, sections: f.sections}) AS c
    FROM steps s JOIN statement_accounts f
        ON f.account_id = s.account_id AND s.report_date BETWEEN f.from_date AND f.to_date GROUP BY ALL
),
gaps AS (
    SELECT s.account_id, s.report_date, weekday_number(s.report_date) - weekday_number(s.previous_date) - 1
        - (SELECT count(*) FROM days_without_row h WHERE h.account_id = s.account_id
            AND h.report_date BETWEEN s.previous_date + 1 AND s.report_date - 1) AS holes
    FROM steps s WHERE weekday_number(s.report_date) - weekday_number(s.previous_date) > 1
)
SELECT s.*, c.c.sha256 AS covered_by, c.c.first AS covered_from, c.c.generated AS covered_at, c.c.sections AS sections,
    b.total AS start_then, n.total AS end_then, coalesce(g.holes, 0) AS holes
FROM steps s LEFT JOIN covered c USING (account_id, report_date) LEFT JOIN gaps g USING (account_id, report_date)
LEFT JOIN nav_versions b ON b.account_id = s.account_id AND b.report_date = s.previous_date
    AND b.known_from <= c.c.generated AND (b.known_to IS NULL OR b.known_to > c.c.generated)
LEFT JOIN nav_versions n ON n.account_id = s.account_id AND n.report_date = s.report_date
    AND n.known_from <= c.c.generated AND (n.known_to IS NULL OR n.known_to > c.c.generated);
