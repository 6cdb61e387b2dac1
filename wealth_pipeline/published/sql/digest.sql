-- One hash of a table's content.
-- Parameters: table.
-- Columns: digest.
-- Why: equal content, in whatever order it came, gives equal hashes, on any machine.
SELECT hash_of_all(line) AS digest FROM (SELECT md5_number(CAST(t AS VARCHAR)) AS line FROM query_table($table) t)
