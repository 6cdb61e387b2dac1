-- What these days show otherwise than is stored of them.
-- In: return_days, learned_rules, flow_rules_seen. Out: account_id, report_date, rule.
CREATE OR REPLACE TEMP TABLE changed_rules AS
SELECT account_id, report_date, rule FROM (
    FROM learned_rules
    UNION ALL
    SELECT account_id, report_date, rule FROM flow_rules_seen SEMI JOIN return_days USING (account_id, report_date)
) GROUP BY ALL HAVING count(*) = 1;
