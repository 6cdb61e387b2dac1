-- What the rows of Cash Transactions add up to over these periods, in base currency and, for the Cash Report, in their
-- own. (Periods of a day are joined by it: a join of intervals looks at all pairs of an account.)
-- In: stated_income, cash_transactions.
-- Out: account_id, report_date, source, currency, component, amount (NULL: one of them has no rate), rows, unrated,
--     decimals.
CREATE OR REPLACE TEMP TABLE listed_income AS
WITH periods AS (SELECT DISTINCT account_id, report_date, from_date, source FROM stated_income),
booked AS (
    SELECT account_id, event_date, currency, income_component(type) AS component, amount, amount_base
    FROM cash_transactions SEMI JOIN periods USING (account_id) WHERE income_component(type) IS NOT NULL
),
inside AS (
    SELECT p.report_date, p.source, b.* FROM (FROM periods WHERE from_date = report_date) p
    JOIN booked b ON b.account_id = p.account_id AND b.event_date = p.report_date
    UNION ALL
    SELECT p.report_date, p.source, b.* FROM (FROM periods WHERE from_date < report_date) p
    JOIN booked b ON b.account_id = p.account_id AND b.event_date BETWEEN p.from_date AND p.report_date
),
counted AS (
    SELECT account_id, report_date, source, 'base' AS currency, component, amount_base AS amount FROM inside
    UNION ALL
    SELECT account_id, report_date, source, currency, component, amount FROM inside WHERE source = 'Cash Report'
)
SELECT account_id, report_date, source, currency, component,
    CASE WHEN count(amount) = count(*) THEN sum(amount) END AS amount, count(*) AS rows,
    count(*) - count(amount) AS unrated, max(decimals_of(amount)) AS decimals
FROM counted GROUP BY ALL;
