-- The NAV before the period and what changed it are the NAV after it. The shortest period that ends on the day is
-- taken. A query that ticks only some fields of the Change in NAV cannot show all that changed it.
-- In: days_to_prove, nav_to_prove, nav, summed_changes, newest_aside, unready, fineness.
-- Out: the columns of a proof (proofs.py), of the one of three comparisons that fails.
WITH compared AS (
    SELECT t.account_id, t.report_date, n.total, s.* EXCLUDE (account_id, report_date),
        -- The starting value is the NAV of the weekday before, and of no older one.
        CASE WHEN b.report_date >= s.from_date - CASE isodow(s.from_date) WHEN 1 THEN 3 WHEN 7 THEN 2 ELSE 1 END
            THEN b.total END AS previous,
        b.known_since > s.known_since AS previous_newer, n.known_since > s.known_since AS nav_newer,
        n.account_id IS NULL AS no_nav, s.account_id IS NULL AS no_changes, t.report_date - s.from_date + 1 AS days,
        CASE WHEN x.seen >= coalesce(s.known_since, x.seen) THEN x.reason END AS aside_reason,
        tolerance_of(greatest(s.decimals, f.finest), s.terms, 1) AS same_tolerance,
        tolerance_of(greatest(s.decimals, f.finest), s.terms, days) AS sum_tolerance, y.reason AS unready_reason
    FROM days_to_prove t LEFT JOIN unready y USING (account_id, report_date)
    LEFT JOIN nav_to_prove n USING (account_id, report_date) LEFT JOIN summed_changes s USING (account_id, report_date)
    LEFT JOIN (FROM newest_aside WHERE element = 'ChangeInNAV') x USING (account_id, report_date)
    LEFT JOIN fineness f USING (account_id, report_date)
    ASOF LEFT JOIN nav b ON b.account_id = t.account_id AND b.report_date < s.from_date
),
compared_one_by_one AS (
    SELECT c.*, f.*, coalesce(abs(f.expected - f.actual) > f.tolerance, false) AS wrong
    FROM compared c, LATERAL (VALUES
        (1, previous, starting, same_tolerance, 'starting value against the NAV before ' || from_date,
            CASE WHEN previous_newer
                THEN 'the changes are known only from an older statement than the NAV before ' || from_date END),
        (2, total, ending, same_tolerance, 'ending value', CASE WHEN nav_newer
            THEN 'the changes are known only from an older statement than the NAV' END),
        (3, CASE WHEN abs(total - ending) > same_tolerance THEN ending ELSE total END, starting + parts, sum_tolerance,
            concat('period from ', from_date,
                CASE WHEN previous IS NULL THEN '; starting value not compared: no NAV for the weekday before' END),
            CASE WHEN unready_reason IS NOT NULL THEN unready_reason WHEN len(unticked) > 0
                THEN 'the query lacks fields of the Change in NAV: ' || array_to_string(unticked, ', ') END)
    ) f(place, expected, actual, tolerance, reason, unproved_reason)
    -- What fails comes first, then what would if it could be evaluated; else the sum is shown.
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date
        ORDER BY wrong AND unproved_reason IS NULL DESC, wrong DESC, CASE WHEN wrong THEN place ELSE -place END) = 1
)
SELECT account_id, report_date, expected, actual, tolerance,
    CASE WHEN no_nav THEN 'no NAV row for this day'
         WHEN aside_reason IS NOT NULL THEN aside_reason
         WHEN no_changes THEN 'no Change in NAV for a period that ends on this day'
         WHEN starting IS NULL OR ending IS NULL THEN 'the Change in NAV has no starting or ending value'
         WHEN both_ways THEN 'mtm and realized/changeInUnrealized are both filled'
         WHEN NOT wrong THEN too_long(tolerance, days)
         WHEN wrong THEN unproved_reason END AS not_evaluable_reason,
    reason
FROM compared_one_by_one
