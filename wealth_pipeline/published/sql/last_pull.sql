-- When a statement was fetched last that a connection had asked for.
-- Columns: fetched_at (UTC), NULL where none was.
-- Why: the sandbox's figures grow only by being pulled.
SELECT max(fetched_at) AS fetched_at FROM statements WHERE connection IS NOT NULL
