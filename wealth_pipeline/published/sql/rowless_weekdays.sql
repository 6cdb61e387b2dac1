-- The weekdays between an account's first and newest day without a NAV, newest first.
-- Parameters: accounts.
-- Columns: account_id, report_date.
SELECT account_id, CAST(day AS DATE) AS report_date
FROM (
    SELECT account_id, unnest(generate_series(first_date, last_date, INTERVAL 1 DAY)) AS day
    FROM accounts WHERE account_id IN (SELECT unnest($accounts))
) d
WHERE isodow(day) < 6
    AND NOT EXISTS (FROM nav n WHERE n.account_id = d.account_id AND n.report_date = CAST(d.day AS DATE))
ORDER BY report_date DESC, account_id
