-- The steps of which a row was set aside that a flow could stand in, by the newest statement that has its section: the
-- other rows are not all of them. A row without a readable day may be of any day of its statement.
-- In: return_steps, rows_set_aside, statement_accounts.
-- Out: account_id, report_date, of_changes (why a return from the Change in NAV is withheld), of_rows (one from the
--     rows of Cash Transactions and Transfers).
CREATE OR REPLACE TEMP TABLE return_asides AS
SELECT s.account_id, s.report_date,
    min('a row of ' || r.section || ' was set aside: ' || r.reason) FILTER (r.element = 'ChangeInNAV') AS of_changes,
    min('a row of ' || r.section || ' was set aside: ' || r.reason) FILTER (r.element <> 'ChangeInNAV') AS of_rows
FROM rows_set_aside r
JOIN (SELECT sha256, ordinal, from_date, to_date, when_generated FROM statement_accounts) f USING (sha256, ordinal)
JOIN return_steps s ON s.account_id = r.account_id
    AND (r.report_date BETWEEN coalesce(s.previous_date + 1, s.report_date) AND s.report_date
        OR r.report_date IS NULL AND s.report_date BETWEEN f.from_date AND f.to_date)
WHERE r.element IN ('ChangeInNAV', 'CashTransaction', 'Transfer')
    AND (s.sections IS NULL OR f.when_generated >= s.covered_at OR NOT list_contains(s.sections, r.section))
GROUP BY ALL;
