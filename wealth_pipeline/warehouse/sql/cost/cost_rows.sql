-- How far each row is from either form of its cost, and whether that is no more than the rounding of what it states.
-- IBKR: in some accounts cost basis and unrealised result are in the position's currency, in others in base, and no
-- attribute says which. Value less cost is the result in the one, value x rate less cost in the other; both hold only
-- where the rate is 1 or the value 0. So the rows of one statement show it together.
-- In: rows (the name of a relation of positions): form_key (account and day as one statement shows them), asset_class,
--     position_value, stated_value_base, cost_basis, cost_basis_price, cost_basis_derived, unrealized_pnl,
--     fx_rate_to_base, and what else is to be handed on.
-- Out: the columns of rows, value_base, cost_and_result, position_tolerance, base_tolerance, fits_position, fits_base.

-- Half a unit of the last decimal. IBKR trims zeros: amounts have at least two decimals, rates five.
CREATE OR REPLACE TEMP MACRO half_unit(decimals, least) AS 0.5 * pow(10, -greatest(coalesce(decimals, 0), least));

CREATE OR REPLACE TEMP MACRO cost_rows(rows) AS TABLE
WITH rounding AS (
    SELECT form_key, half_unit(max(decimals_of(position_value)), 2) AS of_value,
        half_unit(max(decimals_of(stated_value_base)), 2) AS of_stated_value,
        half_unit(max(decimals_of(cost_basis)) FILTER (NOT cost_basis_derived), 2) AS of_cost,
        half_unit(max(decimals_of(cost_basis_price)), 2) AS of_price,
        half_unit(max(decimals_of(unrealized_pnl)), 2) AS of_result,
        half_unit(max(decimals_of(fx_rate_to_base)), 5) AS of_rate
    FROM query_table(rows) GROUP BY form_key
),
measured AS (
    SELECT p.*, coalesce(stated_value_base, in_base(position_value, fx_rate_to_base)) AS value_base,
        cost_basis + unrealized_pnl AS cost_and_result,
        of_result + CASE WHEN cost_basis_derived
            THEN of_price * abs(CAST(cost_basis / nullif(cost_basis_price, 0) AS DOUBLE)) ELSE of_cost END AS of_both,
        of_value, CASE WHEN stated_value_base IS NOT NULL THEN of_stated_value
            ELSE of_value * CAST(fx_rate_to_base AS DOUBLE)
                + CASE WHEN fx_rate_to_base = 1 THEN 0 ELSE of_rate * abs(CAST(position_value AS DOUBLE)) END
        END AS of_value_base
    FROM query_table(rows) p JOIN rounding USING (form_key)
)
-- The comparison itself must not be a matter of the last bit of a float.
SELECT * EXCLUDE (of_both, of_value, of_value_base),
    (of_both + of_value) * 1.000000000001 AS position_tolerance,
    (of_both + of_value_base) * 1.000000000001 AS base_tolerance,
    CAST(abs(position_value - cost_and_result) AS DOUBLE) <= position_tolerance AS fits_position,
    CAST(abs(value_base - cost_and_result) AS DOUBLE) <= base_tolerance AS fits_base
FROM measured;
