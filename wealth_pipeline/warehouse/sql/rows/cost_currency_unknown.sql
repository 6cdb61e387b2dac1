-- Positions whose cost cannot be known in base currency, by what this file states alone: noted, and NULL. (A table: see
-- foreign_positions.)
-- In: stated_positions, cost_forms. Out: dropped.
CREATE OR REPLACE TEMP TABLE stated_foreign_positions AS
SELECT form_key, asset_class, position_value, stated_value_base, cost_basis, cost_basis_price, cost_basis_derived,
    unrealized_pnl, fx_rate_to_base
FROM stated_positions WHERE form_key IN (SELECT form_key FROM stated_positions WHERE fx_rate_to_base <> 1);
INSERT INTO dropped
SELECT 'cost_currency_unknown', 'OpenPosition.costBasisMoney', count(*)
FROM stated_foreign_positions JOIN cost_forms('stated_foreign_positions') USING (form_key)
WHERE cost_currency IS NULL AND fx_rate_to_base <> 1 AND coalesce(cost_basis, unrealized_pnl) IS NOT NULL
HAVING count(*) > 0;
