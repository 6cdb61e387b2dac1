-- When a statement last showed each family of tables. Versions fold equal contents: theirs is the time of the first.
-- In: observations, days_to_prove. Out: family, account_id, report_date, seen.
CREATE OR REPLACE TEMP TABLE last_seen AS
    SELECT family, account_id, report_date, max(when_generated) AS seen
    FROM observations SEMI JOIN days_to_prove USING (account_id, report_date) GROUP BY ALL;
