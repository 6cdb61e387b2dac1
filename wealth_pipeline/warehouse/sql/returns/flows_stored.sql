-- In: returns_made, return_steps, day_flows, return_days. Out: the stored flows of these days.
DELETE FROM flows r USING return_days d WHERE d.account_id = r.account_id AND d.report_date = r.report_date;
INSERT INTO flows BY NAME
WITH listed AS (
    SELECT d.account_id, d.report_date, d.source, s.covered_by,
        unnest(d.flows || list_transform(list_filter(d.undecided, lambda u: list_contains(m.counted, u.component)),
            lambda u: {kind: 'other', amount: u.amount, counterparty: CAST(NULL AS VARCHAR),
                sha256: CAST(NULL AS VARCHAR)})) AS f
    FROM day_flows d JOIN returns_made m USING (account_id, report_date)
    JOIN return_steps s USING (account_id, report_date)
    WHERE d.source IS NOT NULL
)
SELECT account_id, report_date, f.kind, f.amount AS amount_base, source, f.counterparty AS counterparty_account,
    row_number() OVER (PARTITION BY account_id, report_date, f.kind ORDER BY f.amount, f.counterparty) AS ordinal,
    coalesce(f.sha256, covered_by) AS statement_sha256
FROM listed;
