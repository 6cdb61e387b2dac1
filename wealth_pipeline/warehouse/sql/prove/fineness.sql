-- How many decimals the finest figure of a day's NAV row has: its rounding bounds every tolerance.
-- In: components_to_prove. Out: account_id, report_date, finest.
CREATE OR REPLACE TEMP TABLE fineness AS
    SELECT account_id, report_date, max(decimals_of(amount)) AS finest FROM components_to_prove GROUP BY ALL;
