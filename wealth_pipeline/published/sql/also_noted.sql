-- What the statements of some accounts hold that is known and not loaded, or in doubt.
-- Parameters: accounts.
-- Columns: kind, count, names (five of a kind, and how many more).
SELECT kind, sum(count) AS count,
    array_to_string(list_sort(list(DISTINCT name))[:5], ', ')
        || CASE WHEN count(DISTINCT name) > 5 THEN ' and ' || (count(DISTINCT name) - 5) || ' more' ELSE '' END AS names
FROM statement_notes
WHERE sha256 IN (SELECT sha256 FROM statement_accounts WHERE account_id IN (SELECT unnest($accounts)))
    AND kind NOT LIKE 'unknown%' AND kind <> 'wrong_count'
GROUP BY kind
ORDER BY kind
