-- The steps of which the flows that Cash Transactions and Transfers state are all of them: a section without a row may
-- be one whose box isn't ticked, so the Change in NAV or the Cash Report of a period has to agree with their sum. Where
-- the Change in NAV of a period doesn't, its Cash Report is no proof, nor is either where the other shows more than the
-- rows; and what the shortest Change in NAV over the day leaves undecided, or the shortest of both, nothing else
-- decides. A step over a holiday may be covered by two periods. (Periods of a day are joined by it: a join of intervals
-- looks at all pairs of an account.)
-- In: return_steps, compared_windows, nav_versions, nav_changes_seen.
-- Out: account_id, report_date, sees_positions, undecided (components that may be flows; then the rows may not be all).
CREATE OR REPLACE TEMP TABLE agreed_windows AS
WITH judged AS (
    SELECT w.*, agrees AND NOT bool_or(hidden OR sees_positions AND whole AND NOT agrees)
        OVER (PARTITION BY account_id, from_date, to_date) AS agreed, coalesce(n.seen, w.known_since) AS seen
    FROM compared_windows w LEFT JOIN (
        SELECT account_id, from_date, to_date, true AS sees_positions, max(when_generated) AS seen
        FROM nav_changes_seen SEMI JOIN return_steps USING (account_id) GROUP BY ALL
    ) n USING (account_id, from_date, to_date, sees_positions)
),
covering AS (
    SELECT s.account_id, s.report_date, s.previous_date, s.holes, c.* EXCLUDE (account_id) FROM return_steps s
    JOIN (FROM judged WHERE from_date = to_date) c ON c.account_id = s.account_id AND c.to_date = s.report_date
    UNION ALL
    SELECT s.account_id, s.report_date, s.previous_date, s.holes, c.* EXCLUDE (account_id) FROM return_steps s
    JOIN (FROM judged WHERE from_date < to_date) c
        ON c.account_id = s.account_id AND s.report_date BETWEEN c.from_date AND c.to_date
),
-- The NAVs at the ends of each step that were others once, and until when: a period that was stated then is of those.
others AS (
    SELECT s.account_id, s.report_date, v.known_from, v.known_to FROM return_steps s JOIN nav_versions v
        ON v.account_id = s.account_id AND v.report_date = s.report_date AND v.total <> s.end_value
    UNION ALL
    SELECT s.account_id, s.report_date, v.known_from, v.known_to FROM return_steps s JOIN nav_versions v
        ON v.account_id = s.account_id AND v.report_date = s.previous_date AND v.total <> s.start_value
),
of_now AS (
    FROM covering c WHERE agreed AND NOT EXISTS (FROM others o WHERE o.account_id = c.account_id
        AND o.report_date = c.report_date AND c.seen >= o.known_from AND c.seen < o.known_to)
),
known AS (
    SELECT account_id, report_date, sees_positions FROM of_now
    WHERE coalesce(weekday_number(from_date) - weekday_number(previous_date), 0) <= 1
    UNION ALL
    SELECT c.account_id, c.report_date, c.sees_positions AND b.sees_positions
    FROM (FROM of_now WHERE holes = 0
        AND weekday_number(from_date) - weekday_number(previous_date) > 1) c
    JOIN (FROM judged WHERE agreed) b
        ON b.account_id = c.account_id AND weekday_number(b.to_date) = weekday_number(c.from_date - 1)
    WHERE b.to_date < c.from_date AND weekday_number(b.from_date) - weekday_number(c.previous_date) <= 1
)
SELECT account_id, report_date, bool_or(sees_positions) AS sees_positions, any_value(u.undecided) AS undecided
FROM known LEFT JOIN (
    SELECT account_id, report_date,
        coalesce((arg_min({names: undecided}, to_date - from_date) FILTER (sees_positions)).names,
            arg_min({names: undecided}, (to_date - from_date, NOT sees_positions)).names) AS undecided
    FROM covering GROUP BY ALL
) u USING (account_id, report_date)
GROUP BY ALL;
