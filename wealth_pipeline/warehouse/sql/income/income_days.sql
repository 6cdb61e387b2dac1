-- The account-days whose income is proved again: those that are proved again for another reason, and the last days of
-- the periods in which a cash transaction came, went, or has another amount in base currency.
-- In: days_to_prove, return_days, income_touched, rated_cash, nav_changes, cash_flows, reconciliation.
-- Out: account_id, report_date; and the stored reconciliation without their proof.
CREATE OR REPLACE TEMP TABLE income_days AS
WITH touched AS (FROM income_touched UNION SELECT account_id, event_date FROM rated_cash),
periods AS (
    SELECT account_id, from_date, to_date FROM nav_changes
    WHERE component = 'endingValue' AND account_id IN (SELECT account_id FROM touched)
    UNION
    SELECT account_id, from_date, to_date FROM cash_flows
    WHERE component = 'endingCash' AND account_id IN (SELECT account_id FROM touched)
)
FROM days_to_prove UNION FROM return_days
UNION
SELECT p.account_id, p.to_date FROM (FROM periods WHERE from_date = to_date) p
JOIN touched t ON t.account_id = p.account_id AND t.event_date = p.to_date
UNION
SELECT p.account_id, p.to_date FROM (FROM periods WHERE from_date < to_date) p
JOIN touched t ON t.account_id = p.account_id AND t.event_date BETWEEN p.from_date AND p.to_date;
DELETE FROM reconciliation r USING income_days d
WHERE d.account_id = r.account_id AND d.report_date = r.report_date AND r.check_name = 'income';
