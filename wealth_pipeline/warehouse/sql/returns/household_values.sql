-- What each member's NAV is at the close of a day, in the reporting currency at the day's own rate. The NAV before
-- stands still over a weekend, and over weekdays for each of which a statement has no row (holidays): after a day that
-- no statement covers it is not known, whatever the days since were.
-- In: household_days, household_now, household_firsts, nav, statement_accounts, fx_rates.
-- Out: report_date, account_id, base_currency, reporting_currency, state (row, held, missing), rate, value (NULL: not
--     known), mode (of its first row), leaves (with its NAV, at the close).
CREATE OR REPLACE TEMP TABLE household_values AS
WITH due AS (
    SELECT d.report_date, m.account_id, m.base_currency, m.reporting_currency, n.base_currency AS stated_currency,
        n.total, n.report_date IS NOT NULL AS stated,
        m.heir IS NULL AND (d.next_date > m.ended OR d.report_date = m.ended) IS TRUE AS leaves
    FROM household_days d JOIN household_now m
        ON d.report_date >= m.begins AND d.report_date <= coalesce(m.ended, d.report_date)
    LEFT JOIN nav n ON n.account_id = m.account_id AND n.report_date = d.report_date
),
before AS (
    SELECT d.account_id, d.report_date, n.report_date AS since, n.total, n.base_currency
    FROM (FROM due WHERE NOT stated) d ASOF JOIN (SELECT account_id, report_date, total, base_currency FROM nav) n
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
    SELECT b.account_id, b.report_date, b.total, b.base_currency
    FROM before b LEFT JOIN without_row w USING (account_id, report_date)
    WHERE coalesce(w.weekdays, 0) = weekday_number(b.report_date) - weekday_number(b.since)
),
-- An account's base currency may have changed: each NAV is in that of its own row.
valued AS (
    SELECT d.* EXCLUDE (base_currency, stated_currency, total), h.account_id IS NOT NULL AS held,
        coalesce(d.total, h.total) AS total,
        coalesce(d.stated_currency, h.base_currency, d.base_currency) AS base_currency
    FROM due d LEFT JOIN still h USING (account_id, report_date)
)
SELECT v.report_date, v.account_id, v.base_currency, v.reporting_currency, f.mode, v.leaves,
    CASE WHEN v.stated THEN 'row' WHEN v.held THEN 'held' ELSE 'missing' END AS state,
    CASE WHEN v.base_currency = v.reporting_currency THEN CAST(1 AS DECIMAL(18,10)) ELSE r.rate END AS rate, v.total,
    CASE WHEN v.total = 0 THEN 0 ELSE in_base(v.total, CASE WHEN v.base_currency = v.reporting_currency
        THEN CAST(1 AS DECIMAL(18,10)) ELSE r.rate END) END AS value
FROM valued v LEFT JOIN household_firsts f USING (account_id, report_date)
LEFT JOIN fx_rates r ON r.report_date = v.report_date AND r.from_currency = v.base_currency
    AND r.to_currency = v.reporting_currency;
