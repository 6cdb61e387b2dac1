-- The positions of the days to prove, as the macros of the cost's currency (cost/) take them.
-- In: positions, older_rates, days_to_prove. Out: the columns of positions, form_key, rate_reason (why its rate proves
--     nothing).
CREATE OR REPLACE TEMP VIEW positions_to_prove AS
    SELECT p.*, concat_ws('|', p.account_id, p.report_date) AS form_key, r.reason AS rate_reason
    FROM positions p SEMI JOIN days_to_prove USING (account_id, report_date)
    LEFT JOIN older_rates r ON r.account_id = p.account_id AND r.report_date = p.report_date
        AND r.currency = p.currency AND p.fx_rate_derived;
