-- The pooled positions with their rate and their cost basis.
-- In: rated, pool_positions. Out: the columns of pool_positions, fx_rate_derived, cost_basis_derived.
CREATE OR REPLACE TEMP VIEW rated_positions AS FROM rated('pool_positions');
