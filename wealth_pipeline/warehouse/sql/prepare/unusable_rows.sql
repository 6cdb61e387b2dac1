-- Rows without what makes them usable. IBKR: a conversion rate was seen with an empty currency code.
-- In: stage_conversion_rate. Out: the same without these rows; dropped.
INSERT INTO dropped
    SELECT 'row_without_id', 'ConversionRate', count(*) FROM stage_conversion_rate
    WHERE from_currency IS NULL OR to_currency IS NULL HAVING count(*) > 0;
DELETE FROM stage_conversion_rate WHERE from_currency IS NULL OR to_currency IS NULL;

-- IBKR: the rate -1 means "no rate", for a currency that was not offered yet; 0 and an empty one do too. Never multiply
-- by it.
INSERT INTO dropped
    SELECT 'no_rate', 'ConversionRate.' || from_currency, count(*) FROM stage_conversion_rate
    WHERE rate IN (-1, 0) OR rate IS NULL GROUP BY from_currency;
DELETE FROM stage_conversion_rate WHERE rate IN (-1, 0) OR rate IS NULL;
