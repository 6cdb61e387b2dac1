-- A weekday that a statement with the NAV section covers without a NAV row for it.
-- In: statement_accounts (account_id, from_date, to_date, sections), nav (account_id, report_date).
-- Out: account_id, report_date.

SELECT DISTINCT account_id, CAST(day AS DATE) AS report_date
FROM (
    SELECT account_id, unnest(generate_series(from_date, to_date, INTERVAL 1 DAY)) AS day
    FROM (SELECT DISTINCT account_id, from_date, to_date FROM statement_accounts
          WHERE list_contains(sections, 'EquitySummaryInBase'))
) d
WHERE isodow(day) < 6 AND NOT EXISTS (FROM nav n WHERE n.account_id = d.account_id AND n.report_date = CAST(d.day AS DATE))
