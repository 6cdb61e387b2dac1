-- Net worth of all accounts in the reporting currency. An account without a row of its own is carried forward for
-- at most five weekdays; beyond that the total is unknown, not smaller. It is carried no further than its end: the day
-- that accounts.toml says, the day it was closed, its last total of zero, or the day before its successor begins.
-- In: accounts (account_id, base_currency, first_date, last_date, date_closed, successor, left_out), account_settings
--     (account_id, ended), nav (account_id, report_date, total), fx_rates (every column), warehouse_info
--     (reporting_currency).
-- Out: report_date, reporting_currency, total, accounts, stale_accounts, complete.

WITH counted AS (
    SELECT a.account_id, a.base_currency, a.first_date, s.ended AS stated_end,
        least(CASE WHEN a.date_closed IS NOT NULL THEN greatest(a.date_closed, a.last_date) END, n.funded_from - 1)
            AS carried_to
    FROM accounts a LEFT JOIN account_settings s USING (account_id)
    LEFT JOIN (SELECT account_id, min(report_date) AS funded_from FROM nav WHERE total IS DISTINCT FROM 0 GROUP BY ALL) n
        ON n.account_id = a.successor
    WHERE a.left_out IS NULL
),
currency AS (
    SELECT coalesce((SELECT reporting_currency FROM warehouse_info),
        (SELECT CASE WHEN count(DISTINCT base_currency) = 1 THEN max(base_currency) END FROM counted)) AS reporting_currency
),
days AS (SELECT DISTINCT report_date FROM nav SEMI JOIN counted USING (account_id)),
carried AS (
    SELECT d.report_date, a.account_id, n.report_date AS stated_on, n.total, a.base_currency, reporting_currency,
        weekday_number(d.report_date) - weekday_number(n.report_date) AS weekdays_old
    FROM days d JOIN counted a ON a.first_date <= d.report_date
        AND (a.stated_end IS NULL OR d.report_date <= a.stated_end)
    ASOF JOIN nav n ON n.account_id = a.account_id AND n.report_date <= d.report_date
    CROSS JOIN currency
    WHERE n.report_date = d.report_date
        OR (n.total IS DISTINCT FROM 0 AND (a.carried_to IS NULL OR d.report_date <= a.carried_to))
),
rated AS (
    SELECT g.*, CASE WHEN base_currency = reporting_currency THEN CAST(1 AS DECIMAL(18,10))
                     WHEN r.report_date >= g.report_date - 5 THEN r.rate END AS rate
    FROM carried g ASOF LEFT JOIN fx_rates r
        ON r.from_currency = g.base_currency AND r.to_currency = g.reporting_currency AND r.report_date <= g.report_date
)
SELECT report_date, any_value(reporting_currency) AS reporting_currency,
    CASE WHEN bool_and(rate IS NOT NULL AND total IS NOT NULL AND weekdays_old <= 5)
        THEN CAST(sum(in_base(total, rate)) AS DECIMAL(28,12)) END AS total,
    count(*) AS accounts,
    count(*) FILTER (weekdays_old > 0) AS stale_accounts,
    bool_and(weekdays_old = 0 AND rate IS NOT NULL AND total IS NOT NULL) AS complete
FROM rated GROUP BY report_date
