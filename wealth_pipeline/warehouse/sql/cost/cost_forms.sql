-- The currency of each key's cost: the form that more of its rows have, of those that have one alone.
-- In: rows (the name of a relation), as cost_rows takes it. Out: form_key, cost_currency (position, base, or NULL).
CREATE OR REPLACE TEMP MACRO cost_forms(rows) AS TABLE
WITH counted AS (
    SELECT form_key,
        count(*) FILTER (fits_position AND NOT fits_base AND NOT of_its_own_rule(asset_class)) AS position,
        count(*) FILTER (fits_base AND NOT fits_position AND NOT of_its_own_rule(asset_class)) AS base,
        count(*) FILTER (fits_position AND NOT fits_base) AS any_position,
        count(*) FILTER (fits_base AND NOT fits_position) AS any_base
    FROM cost_rows(rows) GROUP BY form_key
)
SELECT form_key, CASE WHEN position > base THEN 'position' WHEN base > position THEN 'base'
    WHEN position > 0 THEN NULL
    WHEN any_position > any_base THEN 'position' WHEN any_base > any_position THEN 'base' END AS cost_currency
FROM counted;
