-- The sums of the lots of each position without a SUMMARY row. IBKR: a query with lots only has none; the lots' sum is
-- the position then, where all of them state it.
-- In: new_position_lots, new_positions (as stated). Out: row (of the first lot) and the figures.
CREATE OR REPLACE TEMP TABLE summed_lots AS
SELECT min(row) AS row,
    CAST(CASE WHEN count(quantity) = count(*) THEN sum(quantity) END AS DECIMAL(28,12)) AS quantity,
    CAST(CASE WHEN count(position_value) = count(*) THEN sum(position_value) END AS DECIMAL(28,12)) AS position_value,
    CAST(CASE WHEN count(cost_basis) = count(*) THEN sum(cost_basis) END AS DECIMAL(28,12)) AS cost_basis,
    CAST(CASE WHEN count(unrealized_pnl) = count(*) THEN sum(unrealized_pnl) END AS DECIMAL(28,12)) AS unrealized_pnl,
    CAST(CASE WHEN count(stated_value_base) = count(*) THEN sum(stated_value_base) END AS DECIMAL(28,12))
        AS stated_value_base,
    CAST(CASE WHEN count(unrealized_capital_gains_pnl) = count(*) THEN sum(unrealized_capital_gains_pnl) END
        AS DECIMAL(28,12)) AS unrealized_capital_gains_pnl,
    CAST(CASE WHEN count(unrealized_fx_pnl) = count(*) THEN sum(unrealized_fx_pnl) END AS DECIMAL(28,12))
        AS unrealized_fx_pnl,
    CASE WHEN count(cost_basis_price) = count(*) AND min(cost_basis_price) = max(cost_basis_price)
        THEN min(cost_basis_price) END AS cost_basis_price
FROM (
    -- First of all, as nearly no lot is left to be summed.
    SELECT l.* FROM new_position_lots l ANTI JOIN new_positions s
        ON s.ordinal = l.ordinal AND s.account_id = l.account_id AND s.report_date = l.report_date
        AND s.model IS NOT DISTINCT FROM l.model AND coalesce(s.conid, s.security_id, s.symbol)
            IS NOT DISTINCT FROM coalesce(l.conid, l.security_id, l.symbol)
)
GROUP BY ordinal, account_id, model, report_date, coalesce(conid, security_id, symbol);
