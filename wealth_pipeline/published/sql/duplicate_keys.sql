-- How many keys of a table have more than one row.
-- Parameters: table, key (the names of its columns).
-- Columns: table, keys.
-- Why: no statement does that; somebody wrote into the pipeline's own database.
SELECT $table AS "table", count(*) AS keys
FROM (
    SELECT columns(lambda name: name IN $key) FROM query_table($table) GROUP BY ALL HAVING count(*) > 1
)
