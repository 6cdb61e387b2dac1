-- The pooled positions whose cost has a currency to be found: where every rate is 1 both forms say the same, and
-- nothing need be known. A table: cost_forms looks at its rows twice, and a view would make the whole pool each time.
-- In: rated_positions. Out: form_key (the content), what else cost_forms takes.
CREATE OR REPLACE TEMP TABLE foreign_positions AS
SELECT content AS form_key, asset_class, position_value, stated_value_base, cost_basis, cost_basis_price,
    cost_basis_derived, unrealized_pnl, fx_rate_to_base
FROM rated_positions WHERE content IN (SELECT content FROM rated_positions WHERE fx_rate_to_base <> 1);
