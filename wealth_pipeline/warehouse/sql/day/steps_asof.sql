-- The steps from one NAV row to the next as they were known at the time `t`, and the newest statement of then that
-- covers each day: what return_steps is of what is known now.
-- In: t, nav_versions, statement_accounts. Out: the columns of return_steps, known_since (the day's NAV).
CREATE MACRO steps_asof(t) AS TABLE
WITH known AS MATERIALIZED (
    SELECT account_id, report_date, total, base_currency, known_from FROM nav_versions
    WHERE known_from <= CAST(t AS TIMESTAMP) AND (known_to IS NULL OR known_to > CAST(t AS TIMESTAMP))
),
-- Day by day: a join of intervals looks at all pairs of an account.
covered AS MATERIALIZED (
    SELECT account_id, report_date, max(c) AS c, bool_or(list_contains(c.sections, 'EquitySummaryInBase')) AS with_nav
    FROM (SELECT account_id, CAST(unnest(generate_series(from_date, to_date, INTERVAL 1 DAY)) AS DATE) AS report_date,
            {generated: when_generated, sha256: sha256, first: from_date, sections: sections} AS c
        FROM statement_accounts WHERE when_generated <= CAST(t AS TIMESTAMP))
    GROUP BY ALL
),
holidays AS (
    SELECT n.account_id, n.report_date, count(*) AS days
    FROM (FROM covered ANTI JOIN known USING (account_id, report_date) WHERE with_nav AND isodow(report_date) < 6) h
    ASOF JOIN (SELECT account_id, report_date FROM known) n
        ON n.account_id = h.account_id AND n.report_date > h.report_date
    GROUP BY ALL
),
steps AS (
    SELECT account_id, report_date, lag(report_date) OVER by_date AS previous_date,
        lag(total) OVER by_date AS start_value, total AS end_value, known_from AS known_since,
        base_currency <> lag(base_currency) OVER by_date IS TRUE AS rebased,
        weekday_number(report_date) - weekday_number(previous_date) - 1 AS gap
    FROM known WINDOW by_date AS (PARTITION BY account_id ORDER BY report_date)
)
SELECT s.* EXCLUDE (gap), c.c.sha256 AS covered_by, c.c.first AS covered_from, c.c.generated AS covered_at,
    c.c.sections AS sections, b.total AS start_then, n.total AS end_then,
    CASE WHEN gap > 0 THEN gap - coalesce(h.days, 0) ELSE 0 END AS holes
FROM steps s LEFT JOIN covered c USING (account_id, report_date) LEFT JOIN holidays h USING (account_id, report_date)
LEFT JOIN nav_versions b ON b.account_id = s.account_id AND b.report_date = s.previous_date
    AND b.known_from <= c.c.generated AND (b.known_to IS NULL OR b.known_to > c.c.generated)
LEFT JOIN nav_versions n ON n.account_id = s.account_id AND n.report_date = s.report_date
    AND n.known_from <= c.c.generated AND (n.known_to IS NULL OR n.known_to > c.c.generated);
