-- Which transfers of members are the two sides of one. Of the same amount, what arrived is what left last before it: on
-- the same day; else up to three weekdays before; else it arrived a weekday before it left; else what is left of them
-- is up to five weekdays apart, one way or the other. (As brackets are matched, a level of nesting each.) So a pair
-- depends on three weeks around it alone, and is the same whatever is loaded of the years before: numbered in the order
-- of their days, one transfer without another side would shift every pair after it.
-- In: household_sides. Out: account_id, row_id, other_date (of the other side).
CREATE OR REPLACE TEMP TABLE household_matches AS
WITH RECURSIVE turns AS (
    FROM (VALUES (0, true, 0), (1, true, 3), (2, false, 1), (3, true, 5), (4, false, 5)) t(turn, leaves_first, apart)
),
tried AS (
    SELECT account_id, row_id, report_date, amount < 0 AS leaving, {kind: kind, currency: currency, size: abs(amount),
        sender: CASE WHEN amount < 0 THEN account_id ELSE partner END,
        receiver: CASE WHEN amount < 0 THEN partner ELSE account_id END} AS key, 0 AS turn,
        CAST(NULL AS DATE) AS other_date
    FROM household_sides WHERE awaited
    UNION ALL
    SELECT account_id, row_id, report_date, leaving, key, turn + 1,
        CASE WHEN abs(weekday_number(other) - weekday_number(report_date)) <= apart THEN other END
    FROM (
        SELECT *, CASE WHEN opens THEN lead(report_date) OVER bracket ELSE lag(report_date) OVER bracket END AS other
        FROM (
            SELECT *, sum(CASE WHEN opens THEN 1 ELSE -1 END) OVER in_order + CAST(NOT opens AS INTEGER) AS level
            FROM (
                SELECT r.*, leaving = t.leaves_first AS opens, t.apart, CASE WHEN turn = 0 THEN report_date END AS day
                FROM tried r JOIN turns t USING (turn) WHERE other_date IS NULL
            ) WINDOW in_order AS (PARTITION BY key, day ORDER BY report_date, NOT opens, row_id)
        ) WINDOW bracket AS (PARTITION BY key, day, level ORDER BY report_date, NOT opens, row_id)
    )
)
SELECT account_id, row_id, other_date FROM tried WHERE other_date IS NOT NULL;
