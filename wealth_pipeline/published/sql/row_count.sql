-- How many rows a table has.
-- Parameters: table.
-- Columns: rows.
SELECT count(*) AS rows FROM query_table($table)
