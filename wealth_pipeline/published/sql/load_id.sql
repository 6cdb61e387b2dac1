-- Which load was the last.
-- Columns: load_id, NULL where nothing was loaded yet.
-- Why: Dagster is given each load once.
SELECT load_id FROM warehouse_info
