-- How well the rows of Cash Transactions are known over a period that does not add up, or whose own statement lacks the
-- section: whether others have it for each of its weekdays, and whether such a one is of another time.
-- In: compared_income, statement_accounts.
-- Out: account_id, report_date, source, covered, newer (a later statement has the section of a day of the period).
CREATE OR REPLACE TEMP VIEW income_rows_known AS
WITH periods AS (
    SELECT account_id, report_date, from_date, source, max(known_since) AS known_since, bool_and(has_rows) AS has_rows
    FROM compared_income GROUP BY ALL HAVING bool_or(wrong) OR NOT bool_and(has_rows)
),
covering AS (
    SELECT p.account_id, p.report_date, p.source, f.when_generated > p.known_since AS newer,
        unnest(range(weekday_number(greatest(p.from_date, f.from_date) - 1) + 1,
            weekday_number(least(p.report_date, f.to_date)) + 1)) AS day
    FROM periods p JOIN statement_accounts f ON f.account_id = p.account_id
        AND f.from_date <= p.report_date AND f.to_date >= p.from_date
    WHERE list_contains(f.sections, 'CashTransactions') AND (NOT p.has_rows OR f.when_generated > p.known_since)
)
SELECT p.account_id, p.report_date, p.source, coalesce(bool_or(c.newer), false) AS newer,
    any_value(p.has_rows) OR count(DISTINCT c.day)
        >= any_value(weekday_number(p.report_date) - weekday_number(p.from_date - 1)) AS covered
FROM periods p LEFT JOIN covering c USING (account_id, report_date, source)
GROUP BY ALL;
