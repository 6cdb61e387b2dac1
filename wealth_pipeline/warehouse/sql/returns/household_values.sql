-- What each member's NAV is at the close of a day, in the reporting currency at the day's own rate. The NAV before
-- stands still over a weekend, and over weekdays for each of which a statement has no row (holidays): after a day that
-- no statement covers it is not known, whatever the days since were.
-- In: household_days, household_now, household_firsts, nav, statement_accounts, fx_rates.
-- Out: report_date, account_id, base_currency, reporting_currency, state (row, held, missing), rate, value (NULL: not
--     known), mode (of its first row), leaves (with its NAV, at the close).
CREATE OR REPLACE TEMP TABLE household_values AS
WITH due AS (
    SELECT d.report_date, m.account_id, m.base_currency, m.reporting_currency, n.total,
        n.report_date IS NOT NULL AS stated,
        m.heir IS NULL AND (d.next_date > m.ended OR d.report_date = m.ended) IS TRUE AS leaves
    FROM household_days d JOIN household_now m
        ON d.report_date >= m.begins AND d.report_date <= coalesce(m.ended, d.report_date)
    LEFT JOIN nav n ON n.account_id = m.account_id AND n.report_date = d.report_date
),
before AS (
    SELECT d.account_id, d.report_date, n.report_date AS since, n.total
    FROM (FROM due WHERE NOT stated) d ASOF JOIN (SELECT account_id, report_date, total FROM nav) n
        ON n.account_id = d.account_id AND n.report_date < d.report_date
),
without_row AS (
    SELECT account_id, report_date, count(DISTINCT weekday) AS weekdays FROM (
        SELECT b.account_id, b.report_date, unnest(range(weekday_number(greatest(f.from_date - 1, b.since)) + 1,
            weekday_number(least(f.to_date, b.report_date)) + 1)) AS weekday
        FROM before b JOIN statement_accounts f ON f.account_id = b.account_id AND f.from_date <= b.report_date
            AND f.to_date > b.since AND list_contains(f.sections, 'EquitySummaryInBase')
    ) GROUP BY ALL
),
still AS (
    SELECT b.account_id, b.report_date, b.total FROM before b LEFT JOIN without_row w USING (account_id, report_date)
    WHERE coalesce(w.weekdays, 0) = weekday_number(b.report_date) - weekday_number(b.since)
)
SELECT d.report_date, d.account_id, d.base_currency, d.reporting_currency, f.mode, d.leaves,
    CASE WHEN d.stated THEN 'row' WHEN h.account_id IS NOT NULL THEN 'held' ELSE 'missing' END AS state,
    CASE WHEN d.base_currency = d.reporting_currency THEN CAST(1 AS DECIMAL(18,10)) ELSE r.rate END AS rate,
    coalesce(d.total, h.total) AS total,
    CASE WHEN coalesce(d.total, h.total) = 0 THEN 0 ELSE in_base(coalesce(d.total, h.total), CASE
        WHEN d.base_currency = d.reporting_currency THEN CAST(1 AS DECIMAL(18,10)) ELSE r.rate END) END AS value
FROM due d LEFT JOIN still h USING (account_id, report_date) 
LEFT JOIN household_firsts f USING (account_id, report_date)
LEFT JOIN fx_rates r ON r.report_date = d.report_date AND r.from_currency = d.base_currency
    AND r.to_currency = d.reporting_currency;
