-- What comes of a proof: one that cannot be compared is not evaluable, with the reason, and never passed. What does not
-- add up fails, unless the statements themselves say why it need not: fields that the query lacks, a NAV that was
-- restated after the rest was last seen, a rate of another day.
-- In: proof (the name of a relation): account_id, report_date, expected, actual, tolerance, not_evaluable_reason,
--     reason.
-- Out: the columns of reconciliation, for the proof of this name.
CREATE OR REPLACE TEMP MACRO verdicts(proof, name) AS TABLE
    SELECT account_id, report_date, name AS check_name, expected, actual, expected - actual AS difference, tolerance,
        CASE WHEN not_evaluable_reason IS NOT NULL THEN 'not_evaluable'
             WHEN abs(expected - actual) <= tolerance THEN 'passed' ELSE 'failed' END AS status,
        coalesce(not_evaluable_reason, reason) AS reason
    FROM query_table(proof);
