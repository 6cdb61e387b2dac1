-- What is counted beside the verified list, because three days showed it to be a part of the total.
-- In: other_components, nav_parts_learned, days_to_prove.
-- Out: account_id, report_date, amount, terms, names (with their amounts).
CREATE OR REPLACE TEMP TABLE learned_parts AS
    SELECT account_id, report_date, sum(amount) AS amount, count(*) AS terms,
        string_agg(component || ' ' || trim_decimal(amount), ', ' ORDER BY component) AS names
    FROM other_components('days_to_prove') SEMI JOIN nav_parts_learned USING (account_id, component) GROUP BY ALL;
