-- An amount of the row in base currency, where its currency is known.
CREATE OR REPLACE TEMP MACRO cost_in_base(amount, cost_currency, rate) AS CASE WHEN cost_currency = 'base' THEN amount
    WHEN cost_currency = 'position' OR rate = 1 THEN in_base(amount, rate) END;
