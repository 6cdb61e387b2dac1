-- The days on which the NAV jumped without a deposit, withdrawal or transfer, newest first.
-- Parameters: accounts, share (of the NAV before).
-- Columns: account_id, report_date, day_change, flow, base_currency.
-- Why: what flowed since the day before is taken from the changes of the NAV that are stated, whatever periods within
-- that time they are of; apart from these, from the transactions. The first funding is no jump.
WITH days AS (
    FROM nav_history WHERE previous_date IS NOT NULL AND account_id IN (SELECT unnest($accounts))
),
periods AS (
    SELECT account_id, from_date, to_date, sum(amount) FILTER (component IN (
        'depositsWithdrawals', 'assetTransfers', 'internalCashTransfers', 'grantActivity', 'debitCardActivity',
        'billPay', 'paxosTransfers', 'donations')) AS flow
    FROM nav_changes GROUP BY ALL HAVING bool_or(component = 'depositsWithdrawals')
),
inside AS (
    SELECT p.*, d.report_date FROM periods p
    ASOF JOIN days d ON d.account_id = p.account_id AND d.report_date >= p.to_date WHERE p.from_date > d.previous_date
),
stated AS (
    FROM inside i WHERE NOT EXISTS (FROM inside o WHERE o.account_id = i.account_id AND o.from_date <= i.from_date
        AND o.to_date >= i.to_date AND (o.from_date, o.to_date) <> (i.from_date, i.to_date))
),
moved AS (
    SELECT m.account_id, m.report_date AS day,
        in_base(m.amount, coalesce(m.fx_rate_to_base, CASE WHEN m.currency = a.base_currency THEN 1 END))
            + coalesce(m.in_base, 0) AS flow
    FROM (
        SELECT account_id, report_date, currency, fx_rate_to_base, amount, NULL AS in_base FROM cash_transactions
        WHERE type IN ('Deposits/Withdrawals', 'Deposits & Withdrawals')
        UNION ALL
        SELECT account_id, report_date, currency, fx_rate_to_base, coalesce(cash_transfer, 0), position_amount_base
        FROM transfers
    ) m JOIN accounts a USING (account_id)
),
unstated AS (
    SELECT m.account_id, d.report_date, m.flow FROM moved m
    ASOF JOIN days d ON d.account_id = m.account_id AND d.report_date >= m.day WHERE m.day > d.previous_date
        AND NOT EXISTS (FROM stated s WHERE s.account_id = m.account_id AND m.day BETWEEN s.from_date AND s.to_date)
),
flows AS (
    SELECT account_id, report_date, sum(flow) AS flow
    FROM (SELECT account_id, report_date, flow FROM stated UNION ALL FROM unstated) GROUP BY ALL
)
SELECT d.account_id, d.report_date, d.day_change, coalesce(f.flow, 0) AS flow, d.base_currency
FROM days d LEFT JOIN flows f USING (account_id, report_date)
WHERE d.total <> d.day_change AND abs(d.day_change - coalesce(f.flow, 0)) > $share * abs(d.total - d.day_change)
ORDER BY d.report_date DESC, d.account_id
