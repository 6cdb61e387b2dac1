-- The pooled positions whose cost has a currency to be found: where every rate is 1 both forms say the same, and
-- nothing need be known.
-- In: rated_positions. Out: the columns of rated_positions, form_key (the content).
CREATE OR REPLACE TEMP VIEW foreign_positions AS
SELECT *, content AS form_key FROM rated_positions
WHERE content IN (SELECT content FROM rated_positions WHERE fx_rate_to_base <> 1);
