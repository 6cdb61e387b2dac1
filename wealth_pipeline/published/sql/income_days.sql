-- What was booked as income, and as tax withheld from it, on some days and on those that statements changed.
-- Parameters: accounts, days, sha256s (of statements whose changed days are asked for as well).
-- Columns: those of IncomeDay.
-- Why: each day is a materialization of `income`. By report date, as IBKR's Change in NAV counts it.
WITH asked AS (
    SELECT unnest(CAST($days AS DATE[])) AS report_date
    UNION
    SELECT report_date FROM versions WHERE statement_sha256 IN (SELECT unnest(CAST($sha256s AS VARCHAR[])))
    UNION
    SELECT event_date FROM cash_transactions WHERE statement_sha256 IN (SELECT unnest(CAST($sha256s AS VARCHAR[])))
),
booked AS (
    SELECT account_id, report_date, count(*) AS bookings,
        CASE WHEN count(amount_base) = count(*) THEN coalesce(sum(amount_base) FILTER (kind = 'income'), 0) END AS gross,
        CASE WHEN count(amount_base) = count(*) THEN coalesce(sum(amount_base) FILTER (kind = 'tax'), 0) END AS tax
    FROM income_booked() WHERE report_date IN (FROM asked) GROUP BY ALL
)
SELECT account_id, report_date, coalesce(base_currency, 'base currency') AS currency, coalesce(bookings, 0) AS bookings,
    gross, tax, gross + tax AS net
FROM nav_history LEFT JOIN booked USING (account_id, report_date)
WHERE account_id IN (SELECT unnest($accounts)) AND report_date IN (FROM asked)
ORDER BY report_date, account_id
