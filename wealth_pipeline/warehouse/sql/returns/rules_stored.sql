-- What these days show is kept.
-- In: return_days, learned_rules. Out: the stored flow_rules_seen of these days.
DELETE FROM flow_rules_seen s USING return_days d WHERE d.account_id = s.account_id AND d.report_date = s.report_date;
INSERT INTO flow_rules_seen BY NAME FROM learned_rules;
