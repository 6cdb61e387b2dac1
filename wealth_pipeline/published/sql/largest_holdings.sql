-- The positions of each account and day that add most to its NAV, or take most from it.
-- Parameters: accounts, first, last, most (positions of an account and day).
-- Columns: those of Holding.
-- Why: shown with each day of the table `positions` in Dagster.
SELECT p.account_id, p.report_date, coalesce(p.symbol, p.description, p.conid, p.security_id) AS symbol, p.quantity,
    p.position_value AS value, p.currency, p.nav_value_base AS nav_value,
    coalesce(n.base_currency, a.base_currency, 'base currency') AS base_currency,
    CAST(100 * p.nav_value_base AS DOUBLE) / nullif(CAST(n.total AS DOUBLE), 0) AS percent
FROM positions p
LEFT JOIN nav n USING (account_id, report_date)
LEFT JOIN accounts a USING (account_id)
WHERE p.account_id IN (SELECT unnest($accounts)) AND p.report_date BETWEEN $first AND $last
QUALIFY row_number() OVER (
    PARTITION BY p.account_id, p.report_date ORDER BY abs(p.nav_value_base) DESC NULLS LAST, p.symbol) <= $most
ORDER BY p.report_date, p.account_id, abs(p.nav_value_base) DESC NULLS LAST, p.symbol
