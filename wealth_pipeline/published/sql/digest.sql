-- One hash of a table's content.
-- Parameters: table.
-- Columns: digest.
-- Why: equal content, in whatever order it came, gives equal hashes, on any machine. A reason is a sentence for people,
-- whose words may change from version to version.
SELECT hash_of_all(line) AS digest FROM (
    SELECT md5_number(CAST(t AS VARCHAR)) AS line
    FROM (SELECT COLUMNS(lambda name: name <> 'reason') FROM query_table($table)) t
)
