-- How the flows of the accounts were known to be counted before these days were looked at.
-- In: flow_rules. Out: account_id, timing, components.
CREATE OR REPLACE TEMP TABLE rules_before AS SELECT account_id, timing, components FROM flow_rules;
