-- Money on its way between two members at the close of a day, in the reporting currency at the day's own rate; negative
-- where it came before it left.
-- In: household_days, household_pairs, household_now, fx_rates.
-- Out: report_date, amount (NULL: a rate is missing), unrated (currencies).
CREATE OR REPLACE TEMP TABLE household_transit AS
WITH held AS (
    SELECT d.report_date, p.currency, p.amount, (SELECT any_value(reporting_currency) FROM household_now) AS reporting
    FROM household_pairs p JOIN household_days d ON d.report_date >= p.report_date AND d.report_date < p.other_date
    WHERE p.verdict = 'transit'
),
rated AS (
    SELECT h.*, CASE WHEN currency = reporting THEN CAST(1 AS DECIMAL(18,10)) ELSE r.rate END AS rate
    FROM held h LEFT JOIN fx_rates r
        ON r.report_date = h.report_date AND r.from_currency = h.currency AND r.to_currency = h.reporting
)
SELECT report_date, CASE WHEN count(rate) = count(*) THEN -sum(in_base(amount, rate)) END AS amount,
    coalesce(list(DISTINCT currency) FILTER (rate IS NULL), []) AS unrated
FROM rated GROUP BY report_date;
