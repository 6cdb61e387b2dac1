-- What is known of each transfer of a member: `matched` with the other side on the same day; in `transit` to or from a
-- day at most five weekdays away; `pending` while the other side may still come; else `outside`.
-- In: household_sides, household_matches, household_now, statement_accounts.
-- Out: account_id, report_date, kind, currency, amount, amount_base, partner, awaited, verdict, other_date (of the
--     other side in transit).
CREATE OR REPLACE TEMP TABLE household_pairs AS
WITH sides AS (
    SELECT s.*, m.other_date FROM household_sides s LEFT JOIN household_matches m USING (account_id, row_id)
),
newest AS (SELECT max(last_date) AS household FROM household_now),
seen AS (
    SELECT m.account_id, CASE WHEN m.ended IS NOT NULL THEN any_value(newest.household)
        ELSE greatest(m.last_date, max(f.to_date)) END AS last
    FROM newest, household_now m JOIN statement_accounts f USING (account_id)
    WHERE m.account_id IN (SELECT partner FROM sides WHERE awaited AND other_date IS NULL)
    GROUP BY m.account_id, m.ended, m.last_date
)
SELECT s.account_id, s.report_date, s.kind, s.currency, s.amount, s.amount_base, s.partner, s.awaited,
    CASE WHEN s.other_date = s.report_date THEN 'matched'
         WHEN s.other_date IS NOT NULL THEN 'transit'
         WHEN s.awaited AND weekday_number(coalesce(p.last, newest.household)) - weekday_number(s.report_date) < 5
            THEN 'pending'
         ELSE 'outside' END AS verdict,
    CASE WHEN s.other_date <> s.report_date THEN s.other_date END AS other_date
FROM newest, sides s LEFT JOIN seen p ON p.account_id = s.partner;
