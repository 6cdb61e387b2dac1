-- From which day to which the household's days are made again. A transfer reaches five weekdays to both sides, and one
-- whose other side is not there waits for the newest NAV: seven days about what changed; and where there are transfers
-- within four weeks of it, all those: which two are a pair may depend on what changed beside them (household_matches).
-- In: household_touched, household_members (as they stood), household_now, transfers.
-- Out: first, last; no row: nothing changed.
CREATE OR REPLACE TEMP TABLE household_span AS
WITH compared AS (
    SELECT o, n FROM household_members o FULL JOIN household_now n USING (account_id)
    WHERE o.begins IS DISTINCT FROM n.begins OR o.base_currency IS DISTINCT FROM n.base_currency
        OR o.reporting_currency IS DISTINCT FROM n.reporting_currency OR o.first_date IS DISTINCT FROM n.first_date
        OR o.last_date IS DISTINCT FROM n.last_date OR o.ended IS DISTINCT FROM n.ended
        OR o.heir IS DISTINCT FROM n.heir OR o.predecessors IS DISTINCT FROM n.predecessors
        OR o.inherited IS DISTINCT FROM n.inherited
),
spans AS (
    FROM household_touched
    UNION ALL
    SELECT least(o.begins, n.begins), DATE '9999-01-01' FROM compared
    WHERE o.begins IS NULL OR n.begins IS NULL OR o.base_currency IS DISTINCT FROM n.base_currency
        OR o.reporting_currency IS DISTINCT FROM n.reporting_currency
    UNION ALL
    SELECT least(o.begins, n.begins), greatest(o.first_date, n.first_date) FROM compared
    WHERE (o.begins, o.first_date, o.predecessors, o.inherited)
        IS DISTINCT FROM (n.begins, n.first_date, n.predecessors, n.inherited)
    UNION ALL
    SELECT least(o.ended, n.ended), DATE '9999-01-01' FROM compared
    WHERE o.ended IS DISTINCT FROM n.ended OR o.heir IS DISTINCT FROM n.heir
    UNION ALL
    SELECT least(o.last_date, n.last_date), least(o.last_date, n.last_date) FROM compared
    WHERE o.last_date IS DISTINCT FROM n.last_date
    UNION ALL
    SELECT o, o
    FROM (SELECT max(last_date) AS o FROM household_members), (SELECT max(last_date) AS n FROM household_now)
    WHERE o IS DISTINCT FROM n
),
changed AS (SELECT min(first) AS first, max(last) AS last FROM spans HAVING min(first) IS NOT NULL)
SELECT least(c.first - 7, min(t.report_date)) AS first, greatest(c.last + 7, max(t.report_date) + 7) AS last
FROM changed c LEFT JOIN transfers t ON t.report_date BETWEEN c.first - 28 AND c.last + 28 GROUP BY c.first, c.last;
