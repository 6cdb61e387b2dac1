-- The positions, those that are the sum of their lots included. What else these show is their first lot's, joined:
-- first() of half a hundred columns keeps them all in memory (200,000 lots took more than 128 MB).
-- In: new_position_lots, summed_lots. Out: new_positions, with these rows.
INSERT INTO new_positions BY NAME
SELECT l.* REPLACE (s.quantity AS quantity, s.position_value AS position_value, s.cost_basis AS cost_basis,
    s.unrealized_pnl AS unrealized_pnl, s.stated_value_base AS stated_value_base,
    s.unrealized_capital_gains_pnl AS unrealized_capital_gains_pnl, s.unrealized_fx_pnl AS unrealized_fx_pnl,
    s.cost_basis_price AS cost_basis_price), true AS from_lots
FROM new_position_lots l JOIN summed_lots s USING (row);
