-- The positions with their rate and their cost basis, by what this file states alone.
-- In: new_positions, new_fx_rates, stage_base.
-- Out: the columns of new_positions, cost_basis_derived, form_key (account and day as one FlexStatement shows them).
CREATE OR REPLACE TEMP VIEW stated_positions AS
SELECT n.* REPLACE (coalesce(n.fx_rate_to_base, CASE WHEN n.currency = b.base_currency
        THEN CAST(1 AS DECIMAL(18,10)) END, r.rate) AS fx_rate_to_base,
        coalesce(n.cost_basis, priced_cost(n.asset_class, n.cost_basis_price, n.quantity, n.multiplier)) AS cost_basis),
    n.cost_basis IS NULL AS cost_basis_derived, concat_ws('|', n.ordinal, n.account_id, n.report_date) AS form_key
FROM new_positions n LEFT JOIN stage_base b ON b.ordinal = n.ordinal AND b.account_id = n.account_id
LEFT JOIN (
        SELECT ordinal, from_currency, to_currency, report_date, any_value(rate) AS rate FROM new_fx_rates GROUP BY ALL
    ) r
    ON r.ordinal = n.ordinal AND r.report_date = n.report_date AND r.from_currency = n.currency
    AND r.to_currency = b.base_currency;
