-- Where these days show that an account's flows are counted otherwise than was known, all its days are made again.
-- In: rules_before, flow_rules, nav. Out: return_days, with these.
INSERT INTO return_days
SELECT account_id, report_date FROM nav SEMI JOIN (
    (FROM (SELECT account_id, timing, components, no_flows FROM flow_rules) EXCEPT FROM rules_before)
    UNION (FROM rules_before EXCEPT FROM (SELECT account_id, timing, components, no_flows FROM flow_rules))
) USING (account_id) ANTI JOIN return_days USING (account_id, report_date);
