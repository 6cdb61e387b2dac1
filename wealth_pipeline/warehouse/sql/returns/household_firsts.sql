-- How a member's first NAV row counts: `flows` where its Change in NAV says that it begins with nothing, or with what
-- the account had for which it goes on; `moved` where that was paid into it; else it has `joined` at the close. It is
-- `unclear` where it goes on for another account and nothing says with what.
-- In: household_span, household_now, nav_changes. Out: account_id, report_date, mode, inherited, predecessors.
CREATE OR REPLACE TEMP TABLE household_firsts AS
WITH firsts AS (
    SELECT m.account_id, m.first_date, m.inherited, m.predecessors
    FROM household_now m JOIN household_span s ON m.first_date BETWEEN s.first - 21 AND s.last + 28
),
stated AS (
    SELECT c.account_id, arg_max(c.amount, (c.known_since, c.from_date, c.statement_sha256)) AS started
    FROM nav_changes c JOIN firsts f ON f.account_id = c.account_id AND f.first_date BETWEEN c.from_date AND c.to_date
    WHERE c.component = 'startingValue' GROUP BY ALL
)
SELECT account_id, first_date AS report_date, inherited, predecessors,
    CASE WHEN predecessors IS NULL THEN CASE WHEN started = 0 THEN 'flows' ELSE 'joined' END
         WHEN started = inherited THEN 'flows'
         WHEN started = 0 AND inherited IS NOT NULL THEN 'moved' ELSE 'unclear' END AS mode
FROM firsts LEFT JOIN stated USING (account_id);
