-- How IBKR counts the flows of an account in its own return: what most of the days that show it say.
-- In: flow_rules_seen (account_id, report_date, rule). Out: account_id, timing, components, days.

SELECT account_id,
    CASE WHEN count(*) FILTER (rule IN ('start', 'end')) > 0 THEN CASE WHEN count(*) FILTER (rule = 'end')
        > count(*) FILTER (rule = 'start') THEN 'end' ELSE 'start' END END AS timing,
    coalesce(list_sort(list(DISTINCT rule) FILTER (rule NOT IN ('start', 'end'))), []) AS components,
    count(DISTINCT report_date) AS days
FROM flow_rules_seen GROUP BY account_id
