-- The flows behind the returns. The other account of a transfer is named if it is one of the accounts that are known.
-- In: returns_made, return_steps, day_flows, return_days, bases.
-- Out: the stored flows of these days, but for those of the household alone (joined, left).
DELETE FROM flows r USING return_days d
WHERE d.account_id = r.account_id AND d.report_date = r.report_date AND r.kind NOT IN ('joined', 'left');
INSERT INTO flows BY NAME
WITH listed AS (
    SELECT d.account_id, d.report_date, s.covered_by,
        unnest(d.flows || list_transform(list_filter(d.undecided, lambda u: list_contains(m.counted, u.component)),
            lambda u: {kind: 'other', amount: u.amount, counterparty: CAST(NULL AS VARCHAR),
                sha256: CAST(NULL AS VARCHAR), source: 'nav_changes'})) AS f
    FROM day_flows d JOIN returns_made m USING (account_id, report_date)
    JOIN return_steps s USING (account_id, report_date)
    WHERE d.source IS NOT NULL AND m.flow_in IS NOT NULL
)
SELECT l.account_id, report_date, f.kind, f.amount AS amount_base, f.source, b.account_id AS counterparty_account,
    row_number() OVER (PARTITION BY l.account_id, report_date, f.kind ORDER BY f.amount, f.counterparty) AS ordinal,
    coalesce(f.sha256, covered_by) AS statement_sha256
FROM listed l LEFT JOIN bases b ON b.account_id = f.counterparty;
