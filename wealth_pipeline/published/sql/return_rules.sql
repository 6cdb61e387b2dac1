-- How the returns of each account stand, and how IBKR was seen to count its flows.
-- Columns: account_id, shown, ibkr and withheld (days), newest_withheld (day), reason (of that day), timing (of
-- outflows, NULL where no day shows it), components (the undecided ones that are flows), seen (days that show it).
-- Why: the doctor says what is withheld and what was measured.
SELECT account_id, count(*) FILTER (d.status = 'shown') AS shown, count(*) FILTER (d.status = 'ibkr') AS ibkr,
    count(*) FILTER (d.status = 'withheld') AS withheld,
    max(report_date) FILTER (d.status = 'withheld') AS newest_withheld,
    arg_max(d.reason, report_date) FILTER (d.status = 'withheld') AS reason, any_value(r.timing) AS timing,
    coalesce(any_value(r.components), []) AS components, coalesce(any_value(r.days), 0) AS seen
FROM returns_daily d LEFT JOIN flow_rules r USING (account_id)
GROUP BY account_id
ORDER BY account_id
