-- The periods of which a row was set aside that belongs to their income, by a statement that is no older: the other
-- rows are not all of them. A row without a readable day may be of any day of its statement.
-- In: stated_income, rows_set_aside, statement_accounts. Out: account_id, report_date, source, reason.
CREATE OR REPLACE TEMP VIEW income_asides AS
SELECT s.account_id, s.report_date, s.source,
    min('a row of ' || r.section || ' was set aside: ' || r.reason) AS reason
FROM rows_set_aside r
JOIN (SELECT sha256, ordinal, from_date, to_date, when_generated FROM statement_accounts) f USING (sha256, ordinal)
JOIN (SELECT DISTINCT account_id, report_date, from_date, source, known_since FROM stated_income) s
    ON s.account_id = r.account_id AND f.when_generated >= s.known_since
    AND coalesce(r.report_date, f.from_date) <= s.report_date AND coalesce(r.report_date, f.to_date) >= s.from_date
WHERE r.element = 'CashTransaction' OR r.element = 'ChangeInNAV' AND s.source = 'Change in NAV'
GROUP BY ALL;
