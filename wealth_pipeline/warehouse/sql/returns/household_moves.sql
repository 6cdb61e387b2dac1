-- The NAVs with which accounts join the household and leave it, as flows of their own kinds.
-- In: household_made, household_span, household_values, nav, household_daily. Out: the stored flows joined and left.
DELETE FROM flows f USING household_span s
WHERE f.kind IN ('joined', 'left') AND f.report_date BETWEEN s.first AND s.last;
DELETE FROM flows f USING household_made m WHERE f.kind IN ('joined', 'left') AND f.report_date = m.report_date;
DELETE FROM flows
WHERE kind IN ('joined', 'left') AND report_date < (SELECT min(report_date) FROM household_daily);
INSERT INTO flows BY NAME
WITH moves AS (
    SELECT account_id, report_date, 'joined' AS kind, total AS amount_base FROM household_values WHERE mode = 'joined'
    UNION ALL
    SELECT account_id, report_date, 'left', -total FROM household_values WHERE leaves
)
SELECT m.account_id, m.report_date, m.kind, 1 AS ordinal, m.amount_base, 'nav' AS source, n.statement_sha256
FROM (FROM moves SEMI JOIN household_made USING (report_date) WHERE amount_base <> 0) m
ASOF JOIN (SELECT account_id, report_date, statement_sha256 FROM nav) n
    ON n.account_id = m.account_id AND n.report_date <= m.report_date;
