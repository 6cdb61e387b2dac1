-- The rows of `returns_daily` as they were known at the time `t`. The rules are those of the load (sql/day/), but what
-- came in and went out is known from the Change in NAV of exactly the step alone: of the rows of Cash Transactions and
-- Transfers no versions are kept. (No relation here has a name that one has inside of those rules.)
-- In: t; what the macros in sql/day/ take.
-- Out: the columns of returns_daily, but for proof.

WITH steps_then AS MATERIALIZED (FROM steps_asof(t)),
changes_then AS MATERIALIZED (FROM exact_changes_of('steps_then', t)),
flows_then AS MATERIALIZED (
    SELECT account_id, report_date, CASE WHEN is_exact THEN 'nav_changes' END AS source, flows, undecided,
        CASE WHEN goes_on IS NOT TRUE THEN 'no Change in NAV of that time states the flows of exactly this day'
             WHEN NOT whole THEN 'the Change in NAV lacks fields of the flows'
             WHEN is_exact IS NOT TRUE THEN 'a newer statement covers the day without its flows' END AS lacking
    FROM steps_then LEFT JOIN changes_then USING (account_id, report_date)
),
asides_then AS MATERIALIZED (FROM asides_of('steps_then', t)),
reasons_then AS MATERIALIZED (FROM reasons_of('steps_then', 'flows_then', 'asides_then')),
trials_then AS MATERIALIZED (FROM trials_of('steps_then', 'flows_then', 'changes_then')),
windows_then AS MATERIALIZED (FROM window_trials_of('steps_then', 'trials_then', 'reasons_then', 'steps_then', t)),
seen_then AS MATERIALIZED (FROM rules_shown_by('trials_then', 'windows_then')),
rules_then AS MATERIALIZED (FROM rules_of('seen_then')),
chosen_then AS MATERIALIZED (FROM chosen_of('trials_then', 'rules_then', 'windows_then')),
failed_then AS MATERIALIZED (FROM failed_windows_of('windows_then', 'rules_then'))
SELECT * EXCLUDE (counted)
FROM returns_of('steps_then', 'reasons_then', 'chosen_then', 'changes_then', 'failed_then')
