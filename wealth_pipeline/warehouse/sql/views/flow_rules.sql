-- How IBKR counts the flows of an account in its own return: what most of the days that show it say.
-- In: flow_rules_seen (account_id, report_date, rule), the macro rules_of.
-- Out: account_id, timing, components, no_flows, days.

WITH of_all AS (FROM flow_rules_seen) FROM rules_of('of_all')
