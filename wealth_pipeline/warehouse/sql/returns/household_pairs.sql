-- What is known of each transfer of a member: `matched` with the other side on the same day; in `transit` to or from a
-- day at most five weekdays away; `pending` while the other side may still come; else `outside`.
-- Sides of the same amount are matched within the day first, then in the order of their days.
-- In: household_sides, household_now, statement_accounts. Out: account_id, report_date, kind, currency, amount,
--     amount_base, partner, verdict, other_date (of the other side in transit).
CREATE OR REPLACE TEMP TABLE household_pairs AS
WITH keyed AS (
    SELECT *, amount < 0 AS leaving, {kind: kind, currency: currency, size: abs(amount),
        sender: CASE WHEN amount < 0 THEN account_id ELSE partner END,
        receiver: CASE WHEN amount < 0 THEN partner ELSE account_id END} AS key
    FROM household_sides
),
daily AS (
    SELECT *, row_number() OVER (PARTITION BY key, report_date, leaving ORDER BY row_id)
        <= least(count(*) FILTER (leaving) OVER same_day, count(*) FILTER (NOT leaving) OVER same_day) AS at_once
    FROM keyed WINDOW same_day AS (PARTITION BY key, report_date)
),
rest AS (
    SELECT *, row_number() OVER (PARTITION BY key, cluster, leaving ORDER BY report_date, row_id) AS nth
    FROM (
        SELECT *, sum(CAST(coalesce(apart, 0) > 5 AS INTEGER)) OVER in_order AS cluster
        FROM (
            SELECT *, weekday_number(report_date) - weekday_number(lag(report_date) OVER in_order) AS apart
            FROM daily WHERE awaited AND NOT at_once WINDOW in_order AS (PARTITION BY key ORDER BY report_date, row_id)
        ) WINDOW in_order AS (PARTITION BY key ORDER BY report_date, row_id)
    )
),
crossed AS (
    SELECT r.*, o.report_date AS other_date FROM rest r LEFT JOIN rest o ON o.key = r.key AND o.nth = r.nth
        AND o.cluster IS NOT DISTINCT FROM r.cluster AND o.leaving <> r.leaving
        AND abs(weekday_number(o.report_date) - weekday_number(r.report_date)) <= 5
),
newest AS (SELECT max(last_date) AS household FROM household_now),
seen AS (
    SELECT m.account_id, CASE WHEN m.ended IS NOT NULL THEN any_value(newest.household)
        ELSE greatest(m.last_date, max(f.to_date)) END AS last
    FROM newest, household_now m JOIN statement_accounts f USING (account_id)
    WHERE m.account_id IN (SELECT partner FROM crossed WHERE other_date IS NULL)
    GROUP BY m.account_id, m.ended, m.last_date
)
SELECT account_id, report_date, kind, currency, amount, amount_base, partner, 'matched' AS verdict,
    CAST(NULL AS DATE) AS other_date
FROM daily WHERE awaited AND at_once
UNION ALL
SELECT account_id, report_date, kind, currency, amount, amount_base, partner, 'outside', NULL
FROM daily WHERE NOT awaited
UNION ALL
SELECT c.account_id, c.report_date, c.kind, c.currency, c.amount, c.amount_base, c.partner,
    CASE WHEN c.other_date IS NOT NULL THEN 'transit' WHEN weekday_number(coalesce(s.last, newest.household))
        - weekday_number(c.report_date) >= 5 THEN 'outside' ELSE 'pending' END, c.other_date
FROM newest, crossed c LEFT JOIN seen s ON s.account_id = c.partner;
