-- Why our own figure of a step is not known at the time `t`, before it is compared with IBKR's.

-- The steps of which a row was set aside that a flow could stand in, by the newest statement that has its section: the
-- other rows are not all of them. A row without a readable day may be of any day of its statement.
-- In: steps (the name of a relation like return_steps), t, rows_set_aside, statement_accounts.
-- Out: account_id, report_date, of_changes (why a return from the Change in NAV is withheld), of_rows (one from the
--     rows of Cash Transactions and Transfers).
CREATE MACRO asides_of(steps, t) AS TABLE
SELECT s.account_id, s.report_date,
    min('a row of ' || r.section || ' was set aside: ' || r.reason) FILTER (r.element = 'ChangeInNAV') AS of_changes,
    min('a row of ' || r.section || ' was set aside: ' || r.reason) FILTER (r.element <> 'ChangeInNAV') AS of_rows
FROM rows_set_aside r
JOIN (SELECT sha256, ordinal, from_date, to_date, when_generated FROM statement_accounts
    WHERE when_generated <= CAST(t AS TIMESTAMP)) f USING (sha256, ordinal)
JOIN query_table(steps) s ON s.account_id = r.account_id
    AND (r.report_date BETWEEN coalesce(s.previous_date + 1, s.report_date) AND s.report_date
        OR r.report_date IS NULL AND s.report_date BETWEEN f.from_date AND f.to_date)
WHERE r.element IN ('ChangeInNAV', 'CashTransaction', 'Transfer')
    AND (s.sections IS NULL OR f.when_generated >= s.covered_at OR NOT list_contains(s.sections, r.section))
GROUP BY ALL;

-- In: steps, flows, asides (the names of relations like return_steps, day_flows, return_asides).
-- Out: account_id, report_date, held (a sentence; NULL: the figures are known), restated (what IBKR stated of
--     the day's return is of another value or currency, or may be another one: the newest was set aside).
CREATE MACRO reasons_of(steps, flows, asides) AS TABLE
SELECT s.account_id, s.report_date,
    s.start_then IS DISTINCT FROM s.start_value OR s.end_then IS DISTINCT FROM s.end_value OR s.rebased
        OR a.of_changes IS NOT NULL AS restated,
    CASE WHEN s.covered_by IS NULL THEN 'no statement covers the day'
         WHEN s.holes > 0 THEN 'no NAV is known of ' || s.holes || ' weekdays before'
         WHEN s.rebased THEN 'the account''s base currency changed'
         WHEN s.start_then IS DISTINCT FROM s.start_value
             THEN 'the NAV before was restated by a statement that does not cover the day'
         WHEN s.end_then IS DISTINCT FROM s.end_value
             THEN 'the NAV was restated by a statement that does not cover the day'
         WHEN a.of_changes IS NOT NULL THEN a.of_changes
         WHEN a.of_rows IS NOT NULL AND d.source IS DISTINCT FROM 'nav_changes' THEN a.of_rows
         WHEN d.source IS NULL THEN d.lacking END AS held
FROM query_table(steps) s LEFT JOIN query_table(flows) d USING (account_id, report_date)
LEFT JOIN query_table(asides) a USING (account_id, report_date);
