-- The statements that could not be loaded, newest first.
-- Columns: sha256, connection, source, fetched_at, reason.
SELECT sha256, connection, source, fetched_at, reason
FROM statements WHERE status = 'rejected'
ORDER BY fetched_at DESC, sha256
