-- The accounts whose newest positions have a cost that cannot be shown in base currency.
-- Columns: account_id, positions (how many), report_date.
-- Why: nothing says whether the cost basis is in the position's currency or in base. One that IBKR has not filled yet
-- is left to the profit and loss that are not ready.
SELECT account_id, count(*) AS positions, max(report_date) AS report_date
FROM positions_latest
WHERE cost_currency IS NULL AND fx_rate_to_base <> 1 AND coalesce(cost_basis, unrealized_pnl) IS NOT NULL
    AND (account_id, report_date) NOT IN (SELECT (account_id, report_date) FROM profit_not_ready)
GROUP BY account_id
ORDER BY account_id
