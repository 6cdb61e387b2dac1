-- The components of the NAV rows of the days to prove.
-- In: nav_components, days_to_prove. Out: the columns of nav_components.
CREATE OR REPLACE TEMP TABLE components_to_prove AS
    SELECT n.* FROM nav_components n SEMI JOIN days_to_prove USING (account_id, report_date);
