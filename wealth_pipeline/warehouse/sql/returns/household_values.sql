-- What each member's NAV is at the close of a day, in the reporting currency at the day's own rate. Only on a day for
-- which a statement has no row (a holiday), or on a weekend, does the NAV before stand still.
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
still AS (
    SELECT d.account_id, d.report_date, max_by(n.total, n.report_date) AS total
    FROM (FROM due WHERE NOT stated) d JOIN nav n ON n.account_id = d.account_id AND n.report_date < d.report_date
    WHERE isodow(d.report_date) > 5 OR EXISTS (FROM statement_accounts f WHERE f.account_id = d.account_id
        AND d.report_date BETWEEN f.from_date AND f.to_date AND list_contains(f.sections, 'EquitySummaryInBase'))
    GROUP BY ALL
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
