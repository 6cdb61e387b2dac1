-- What the statements of some accounts hold that this software has never heard of, the newest first.
-- Parameters: accounts.
-- Columns: kind, name, count, first_seen and last_seen (the last day of the first and of the newest statement with it).
SELECT kind, name, sum(count) AS count, min(day) AS first_seen, max(day) AS last_seen
FROM statement_notes
JOIN (
    SELECT sha256, max(to_date) AS day FROM statement_accounts
    WHERE account_id IN (SELECT unnest($accounts)) GROUP BY sha256
) USING (sha256)
WHERE kind LIKE 'unknown%' OR kind = 'wrong_count'
GROUP BY kind, name
ORDER BY last_seen DESC, kind, name
