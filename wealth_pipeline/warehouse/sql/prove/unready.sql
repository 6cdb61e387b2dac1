-- The days whose profits and losses prove nothing: IBKR writes 0 into those that are not ready.
-- In: profit_not_ready, days_to_prove. Out: account_id, report_date, reason.
CREATE OR REPLACE TEMP TABLE unready AS
    SELECT account_id, report_date, 'profit and loss are not ready at IBKR' AS reason
    FROM profit_not_ready SEMI JOIN days_to_prove USING (account_id, report_date);
