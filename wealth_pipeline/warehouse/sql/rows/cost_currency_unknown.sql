-- Positions whose cost cannot be known in base currency, by what this file states alone: noted, and NULL.
-- In: stated_positions, cost_forms. Out: dropped.
CREATE OR REPLACE TEMP VIEW stated_foreign_positions AS
SELECT * FROM stated_positions WHERE form_key IN (SELECT form_key FROM stated_positions WHERE fx_rate_to_base <> 1);
INSERT INTO dropped
SELECT 'cost_currency_unknown', 'OpenPosition.costBasisMoney', count(*)
FROM stated_foreign_positions JOIN cost_forms('stated_foreign_positions') USING (form_key)
WHERE cost_currency IS NULL AND fx_rate_to_base <> 1 AND coalesce(cost_basis, unrealized_pnl) IS NOT NULL
HAVING count(*) > 0;
