-- The amounts of a NAV row that are not on the verified list, as wholes: a side stands for its whole where that has no
-- value. The ...Component attributes are parts of others.
-- In: nav_components; days (the name of a relation): account_id, report_date.
-- Out: account_id, report_date, component, amount.
CREATE OR REPLACE TEMP MACRO other_components(days) AS TABLE
    SELECT account_id, report_date, regexp_replace(component, '(Long|Short)$', '') AS component, sum(amount) AS amount
    FROM nav_components SEMI JOIN (FROM query_table(days)) USING (account_id, report_date)
    WHERE NOT counted AND component NOT IN ('total', 'totalLong', 'totalShort')
        AND NOT regexp_matches(component, 'Component(Long|Short)?$')
    GROUP BY ALL HAVING sum(amount) <> 0;
