-- The days on which the internal transfers of which only a Change in NAV tells add up to 0 over the household, with
-- those that Transfers lists without another side: each is the other side of the rest, so that the listed ones are
-- matched too.
-- In: household_span, household_pairs, household_firsts, household_now, flows, returns_daily, fx_rates.
-- Out: report_date; the verdicts of household_pairs.
CREATE OR REPLACE TEMP TABLE household_even AS
WITH unlisted AS (
    SELECT f.account_id, f.report_date, f.amount_base
    FROM flows f JOIN household_span s ON f.report_date >= s.first - 42
    JOIN returns_daily r ON r.account_id = f.account_id AND r.report_date = f.report_date
    JOIN household_now m ON m.account_id = f.account_id
    LEFT JOIN household_firsts d ON d.account_id = f.account_id AND d.report_date = f.report_date
    WHERE f.kind = 'internal_transfer' AND f.source = 'nav_changes' AND d.mode IS DISTINCT FROM 'joined'
        AND NOT (coalesce(r.start_value, m.inherited, 0) = 0 AND r.end_value = 0)
        AND (f.account_id, f.report_date) NOT IN
            (SELECT (account_id, report_date) FROM household_pairs WHERE kind = 'internal_transfer')
),
moved AS (
    FROM unlisted
    UNION ALL
    SELECT account_id, report_date, amount_base FROM household_pairs
    SEMI JOIN unlisted USING (report_date)
    WHERE kind = 'internal_transfer' AND awaited AND verdict IN ('pending', 'outside')
),
rated AS (
    SELECT m.report_date, in_base(m.amount_base, CASE WHEN h.base_currency = h.reporting_currency
        THEN CAST(1 AS DECIMAL(18,10)) ELSE r.rate END) AS amount
    FROM moved m JOIN household_now h ON h.account_id = m.account_id
        AND m.report_date BETWEEN h.begins AND coalesce(h.ended, m.report_date)
    LEFT JOIN fx_rates r ON r.report_date = m.report_date AND r.from_currency = h.base_currency
        AND r.to_currency = h.reporting_currency
)
SELECT report_date FROM rated GROUP BY report_date
HAVING count(amount) = count(*) AND abs(sum(amount)) <= 0.000001;
UPDATE household_pairs SET verdict = 'matched'
WHERE kind = 'internal_transfer' AND awaited AND verdict IN ('pending', 'outside')
    AND report_date IN (FROM household_even);
