-- The NAV history of the days whose figures or proof changed, of those that follow one, and of all days of an account
-- whose base currency changed.
-- In: days_to_prove, return_days, returns_daily, learned_parts, declared_proofs (proofs.py), rebased, bases, nav,
--     reconciliation.
-- Out: the stored nav_history of these days; days_to_rewrite: account_id, report_date.

CREATE OR REPLACE TEMP TABLE days_to_rewrite AS
    FROM days_to_prove UNION FROM return_days
    UNION SELECT account_id, report_date FROM nav SEMI JOIN rebased USING (account_id);

DELETE FROM nav_history h USING days_to_rewrite r WHERE r.account_id = h.account_id AND r.report_date = h.report_date;
INSERT INTO nav_history BY NAME
WITH proofs AS (
    SELECT account_id, report_date,
        CASE WHEN bool_or(status = 'failed') THEN 'failed'
             WHEN count(*) FILTER (status = 'passed' AND decides = 'required')
                 = (SELECT count(*) FROM declared_proofs WHERE decides = 'required') THEN 'passed'
             ELSE 'not_evaluable' END AS proof
    FROM reconciliation SEMI JOIN days_to_rewrite USING (account_id, report_date)
    JOIN declared_proofs USING (check_name)
    WHERE decides <> 'nothing'
    GROUP BY account_id, report_date
),
days AS (SELECT * FROM nav SEMI JOIN days_to_rewrite USING (account_id, report_date))
SELECT n.account_id, n.report_date, coalesce(n.base_currency, a.base_currency) AS base_currency, n.total,
    unnest(nav_by_part(n, l.amount)), b.report_date AS previous_date,
    CAST(n.total - b.total AS DECIMAL(28,12)) AS day_change, r.return_percent,
    coalesce(p.proof, 'not_evaluable') AS proof, n.statement_sha256, n.known_since
FROM days n LEFT JOIN bases a USING (account_id) LEFT JOIN proofs p USING (account_id, report_date)
LEFT JOIN learned_parts l USING (account_id, report_date) LEFT JOIN returns_daily r USING (account_id, report_date)
ASOF LEFT JOIN nav b ON b.account_id = n.account_id AND b.report_date < n.report_date;
