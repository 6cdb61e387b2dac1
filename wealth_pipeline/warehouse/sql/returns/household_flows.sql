-- What came into each member and left it, in the reporting currency. Flows count as its own day counts them; a transfer
-- that is matched counts at the start, and so do those that add up to 0 over the household where only the Change in NAV
-- tells of them; what is in transit is the household's and no flow.
-- In: household_counts, household_pairs, household_even, flows.
-- Out: report_date, account_id, flow_in, flow_out, late_out (of it, at the day's end), unrated (a rate is missing).
CREATE OR REPLACE TEMP TABLE household_flows AS
WITH moved AS (
    SELECT f.account_id, f.report_date, f.kind, f.source, f.amount_base AS amount, c.rate, c.timing
    FROM flows f JOIN household_counts c USING (account_id, report_date)
    WHERE f.kind NOT IN ('joined', 'left') AND NOT c.ibkr AND c.unknown IS NULL
),
paired AS (
    SELECT account_id, report_date, kind, amount_base AS amount, verdict
    FROM household_pairs SEMI JOIN household_counts USING (account_id, report_date)
    WHERE verdict IN ('matched', 'transit')
),
pairs AS (SELECT account_id, report_date, kind, sum(amount) AS amount FROM paired GROUP BY ALL),
counted AS (
    SELECT m.account_id, m.report_date, m.amount, CASE WHEN m.kind = 'internal_transfer' AND m.source = 'nav_changes'
        AND e.report_date IS NOT NULL AND l.account_id IS NULL THEN 'start' ELSE m.timing END AS timing
    FROM moved m LEFT JOIN household_even e USING (report_date)
    LEFT JOIN (SELECT DISTINCT account_id, report_date, kind FROM household_pairs) l
        USING (account_id, report_date, kind)
    ANTI JOIN pairs USING (account_id, report_date, kind)
    UNION ALL
    SELECT p.account_id, p.report_date, coalesce(sum(m.amount), 0) - p.amount, c.timing
    FROM pairs p JOIN household_counts c USING (account_id, report_date)
    LEFT JOIN moved m ON m.account_id = p.account_id AND m.report_date = p.report_date AND m.kind = p.kind
    WHERE NOT c.ibkr AND c.unknown IS NULL GROUP BY p.account_id, p.report_date, p.kind, p.amount, c.timing
    UNION ALL
    SELECT account_id, report_date, amount, 'start' FROM paired JOIN household_counts USING (account_id, report_date)
    WHERE verdict = 'matched' AND NOT ibkr AND unknown IS NULL
    UNION ALL
    SELECT c.account_id, c.report_date, any_value(c.implied) - coalesce(sum(p.amount), 0), 'start'
    FROM household_counts c LEFT JOIN paired p
        ON p.account_id = c.account_id AND p.report_date = c.report_date AND p.verdict = 'transit'
    WHERE c.ibkr AND c.unknown IS NULL GROUP BY c.account_id, c.report_date
    UNION ALL
    SELECT account_id, report_date, -inherited, 'start' FROM household_counts WHERE mode = 'moved' AND unknown IS NULL
)
SELECT f.report_date, f.account_id, sum(greatest(in_base(f.amount, c.rate), 0)) AS flow_in,
    sum(greatest(-in_base(f.amount, c.rate), 0)) AS flow_out,
    coalesce(sum(greatest(-in_base(f.amount, c.rate), 0)) FILTER (f.timing = 'end'), 0) AS late_out,
    bool_or(f.amount IS NULL OR c.rate IS NULL) AS unrated
FROM counted f JOIN household_counts c USING (account_id, report_date) WHERE f.amount IS DISTINCT FROM 0 GROUP BY ALL;
