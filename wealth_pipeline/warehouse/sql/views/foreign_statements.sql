-- Statements of somebody else: what one holds are accounts that its connection never had, and none of those it had.
-- In the order in which they were fetched, whatever the order in which they are loaded.
-- In: account_descriptions (account_id, sha256), statements (sha256, connection, fetched_at).
-- Out: sha256, connection, accounts, expected.

WITH brought AS (
    SELECT s.connection, s.fetched_at, s.sha256, d.account_id
    FROM account_descriptions d JOIN statements s USING (sha256) WHERE s.connection IS NOT NULL
),
first_brought AS (
    SELECT connection, account_id, min(struct_pack(fetched_at, sha256)) AS first FROM brought GROUP BY ALL
)
SELECT b.sha256, b.connection, list(DISTINCT b.account_id ORDER BY b.account_id) AS accounts,
    list(DISTINCT o.account_id ORDER BY o.account_id) AS expected
FROM brought b JOIN first_brought f USING (connection, account_id)
JOIN first_brought o ON o.connection = b.connection AND o.first < struct_pack(b.fetched_at, b.sha256)
GROUP BY b.sha256, b.connection, b.fetched_at
HAVING bool_and(f.first = struct_pack(b.fetched_at, b.sha256))
