-- The Change in NAV of exactly one step, as it was known at the time `t`: it begins after the row before and ends on
-- the day. Its flows are the step's where it starts with the NAV before and ends with the day's; so is its return, if
-- a newer statement covers the day: of NAVs that were restated since it says nothing. (Without a newer one, bounds that
-- differ contradict our return.) What is stated of an account's first NAV counts as well: no step leads
-- there, but the household asks what came in.
-- In: steps (the name of a relation like return_steps), t, nav_changes_seen.
-- Out: account_id, report_date, sha256, known_since, newest (no newer statement covers the day), ends_so (it ends with
--     the day's NAV, or doesn't say), twr (NULL: not stated, or of other NAVs), goes_on (it starts with the NAV before
--     as well), whole (the five flows are stated, or nothing is lacking), flows (component, kind, amount), undecided
--     (component, amount), is_exact (its flows are the step's, and no newer statement could say otherwise).
CREATE MACRO exact_changes_of(steps, t) AS TABLE
SELECT s.account_id, s.report_date, c.sha256, c.when_generated AS known_since,
    coalesce(c.when_generated >= s.covered_at, false) AS newest,
    coalesce(c.ending_value = s.end_value, newest) AS ends_so,
    CASE WHEN newest OR ends_so AND c.starting_value = s.start_value THEN c.twr END AS twr,
    ends_so AND (coalesce(c.starting_value = s.start_value, false) OR s.previous_date IS NULL) AS goes_on, c.whole,
    list_filter(c.flows, lambda f: f.kind IS NOT NULL) AS flows,
    list_filter(c.flows, lambda f: f.kind IS NULL) AS undecided,
    goes_on AND c.whole AND (newest OR NOT list_has_any(s.sections,
        ['ChangeInNAV', 'CashTransactions', 'Transfers', 'CashReport'])) AS is_exact
FROM query_table(steps) s
JOIN (FROM nav_changes_seen WHERE when_generated <= CAST(t AS TIMESTAMP)) c
    ON c.account_id = s.account_id AND c.to_date = s.report_date
    AND (c.from_date > s.previous_date OR s.previous_date IS NULL)
QUALIFY row_number() OVER (PARTITION BY s.account_id, s.report_date
    ORDER BY c.when_generated DESC, c.from_date DESC, c.sha256 DESC) = 1;
