-- The pooled positions with what they are worth in base currency, and what they add to the NAV. A rate without the
-- currency that it is of says nothing.
-- In: rated_positions, asset_classes, pool_cost_forms, cost_in_base.
-- Out: the columns of rated_positions, position_value_base, nav_value_base, cost_currency, cost_basis_base,
--     unrealized_pnl_base.
CREATE OR REPLACE TEMP VIEW derived_positions AS
SELECT p.*,
    CASE WHEN p.currency IS NOT NULL THEN in_base(p.position_value, p.fx_rate_to_base) END AS position_value_base,
    CASE c.counts
        WHEN 'nothing' THEN CAST(0 AS DECIMAL(28,12))
        WHEN 'unrealized' THEN CASE WHEN p.currency IS NOT NULL
            THEN cost_in_base(p.unrealized_pnl, f.cost_currency, p.fx_rate_to_base) END
        WHEN 'value' THEN CASE WHEN p.currency IS NOT NULL THEN in_base(p.position_value, p.fx_rate_to_base) END
    END AS nav_value_base,
    f.cost_currency,
    CASE WHEN p.currency IS NOT NULL
        THEN cost_in_base(p.cost_basis, f.cost_currency, p.fx_rate_to_base) END AS cost_basis_base,
    CASE WHEN p.currency IS NOT NULL
        THEN cost_in_base(p.unrealized_pnl, f.cost_currency, p.fx_rate_to_base) END AS unrealized_pnl_base
FROM rated_positions p LEFT JOIN asset_classes c USING (asset_class)
LEFT JOIN pool_cost_forms f ON f.form_key = p.content;
