-- The components of the NAV rows. IBKR: each is the sum of its Long and its Short, which are read only where it has no
-- value itself.
-- In: stage_equity_summary_by_report_date_in_base and its amounts, nav_parts.
-- Out: ordinal, row, account_id, report_date, component, amount, counted (on the verified list).
CREATE OR REPLACE TEMP TABLE new_nav_components AS
SELECT n.ordinal, n.row, n.account_id, n.report_date, a.component, a.amount, p.component IS NOT NULL AS counted
FROM stage_equity_summary_by_report_date_in_base n
JOIN stage_equity_summary_by_report_date_in_base_amounts a USING (row)
LEFT JOIN nav_parts p ON p.component = regexp_replace(a.component, '(Long|Short)$', '');
