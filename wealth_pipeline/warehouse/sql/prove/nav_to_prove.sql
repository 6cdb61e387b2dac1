-- The NAV rows of the days to prove.
-- In: nav, days_to_prove. Out: the columns of nav.
CREATE OR REPLACE TEMP TABLE nav_to_prove AS
    SELECT n.* FROM nav n SEMI JOIN days_to_prove USING (account_id, report_date);
