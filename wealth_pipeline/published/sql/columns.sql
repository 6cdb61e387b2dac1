-- The columns of a table or view, in their order.
-- Parameters: table.
-- Columns: column_name, data_type.
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = 'main' AND table_catalog = current_database() AND table_name = $table
ORDER BY ordinal_position
