-- The currency of the cost, for each content of an account and day.
-- In: foreign_positions, cost_forms. Out: form_key, cost_currency.
CREATE OR REPLACE TEMP TABLE pool_cost_forms AS FROM cost_forms('foreign_positions');
