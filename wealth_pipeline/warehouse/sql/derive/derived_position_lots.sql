-- The pooled lots with their rate and their cost basis.
-- In: rated, pool_position_lots. Out: the columns of pool_position_lots, fx_rate_derived, cost_basis_derived.
CREATE OR REPLACE TEMP VIEW derived_position_lots AS FROM rated('pool_position_lots');
