-- The account-days whose figures this statement changed. What is learned of a component, or no longer holds, concerns
-- all days of the account that state it.
-- In: changed_<family>, new_nav_changes, new_cash_flows, aside_days, nav_components, nav_parts_learned, learned_before.
-- Out: account_id, report_date.
CREATE OR REPLACE TEMP TABLE days_changed AS
    FROM changed_nav UNION FROM changed_positions UNION FROM changed_cash UNION FROM changed_dividends
    UNION SELECT account_id, to_date FROM new_nav_changes
    UNION SELECT account_id, to_date FROM new_cash_flows
    UNION FROM aside_days
    UNION
    SELECT n.account_id, n.report_date FROM nav_components n JOIN (
        (FROM nav_parts_learned EXCEPT FROM learned_before) UNION (FROM learned_before EXCEPT FROM nav_parts_learned)
    ) l ON l.account_id = n.account_id AND l.component = regexp_replace(n.component, '(Long|Short)$', '');
