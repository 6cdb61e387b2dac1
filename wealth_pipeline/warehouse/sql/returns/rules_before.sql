-- How the flows of the accounts were known to be counted before these days were looked at.
-- In: flow_rules. Out: account_id, timing, components, no_flows.
CREATE OR REPLACE TEMP TABLE rules_before AS SELECT account_id, timing, components, no_flows FROM flow_rules;
