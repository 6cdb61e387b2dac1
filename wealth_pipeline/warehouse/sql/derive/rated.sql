-- Positions, or their lots, with their rate and their cost basis: as stated, else as derived.
-- In: pool (the name of a relation: pool_positions or pool_position_lots), bases, pool_rates.
-- Out: the columns of pool, fx_rate_derived, cost_basis_derived.
CREATE OR REPLACE TEMP MACRO rated(pool) AS TABLE
SELECT p.* REPLACE (
        coalesce(p.fx_rate_to_base, r.rate) AS fx_rate_to_base,
        coalesce(p.cost_basis, priced_cost(p.asset_class, p.cost_basis_price, p.quantity, p.multiplier))
            AS cost_basis),
    p.fx_rate_to_base IS NULL AND r.rate IS NOT NULL AS fx_rate_derived,
    p.cost_basis IS NULL AND p.cost_basis_price IS NOT NULL AS cost_basis_derived
FROM query_table(pool) p
LEFT JOIN bases a USING (account_id)
LEFT JOIN pool_rates r
    ON r.currency = p.currency AND r.base_currency = a.base_currency AND r.report_date = p.report_date;
