-- What is stated of a period beside what its rows add up to: income and tax, in each currency and in base. A component
-- of the Cash Report that is not 0 and has no row may be of a type that is not ticked in the query.
-- In: stated_income, listed_income.
-- Out: account_id, report_date, from_date, source, currency, kind, main (the component that both sources have),
--     has_rows, known_since, stated, listed (NULL: a row has no rate), rows, unrated, days, tolerance, wrong,
--     rowless (such components), unticked (fields that the query lacks).
CREATE OR REPLACE TEMP TABLE compared_income AS
WITH one_by_one AS (
    SELECT s.account_id, s.report_date, s.from_date, s.source, s.currency, income_kind(s.component) AS kind,
        s.component, s.has_rows, s.known_since, s.amount, decimals_of(s.amount) AS decimals
    FROM stated_income s WHERE kind IS NOT NULL
),
stated AS (
    SELECT account_id, report_date, from_date, source, currency, kind, bool_and(has_rows) AS has_rows,
        max(known_since) AS known_since, sum(amount) AS stated, count(*) AS terms, max(decimals) AS decimals,
        list(component) AS components
    FROM one_by_one GROUP BY ALL
),
listed AS (
    SELECT account_id, report_date, source, currency, income_kind(component) AS kind, sum(rows) AS rows,
        sum(unrated) AS unrated, CASE WHEN sum(unrated) = 0 THEN sum(amount) END AS amount,
        max(decimals) AS decimals, list(component) AS components
    FROM listed_income GROUP BY ALL
),
rowless AS (
    SELECT account_id, report_date, from_date, kind, list_sort(list(DISTINCT component)) AS components
    FROM one_by_one ANTI JOIN listed_income USING (account_id, report_date, source, component)
    WHERE source = 'Cash Report' AND amount <> 0 GROUP BY ALL
)
SELECT s.account_id, s.report_date, s.from_date, s.source, s.currency, s.kind,
    CASE s.kind WHEN 'income' THEN 'dividends' ELSE 'withholdingTax' END AS main, s.has_rows, s.known_since, s.stated,
    CASE WHEN l.rows IS NULL THEN 0 ELSE l.amount END AS listed, CAST(coalesce(l.rows, 0) AS BIGINT) AS rows,
    coalesce(l.unrated, 0) > 0 AS unrated, s.report_date - s.from_date + 1 AS days,
    tolerance_of(greatest(s.decimals, coalesce(l.decimals, 0)), s.terms + coalesce(l.rows, 0), days) AS tolerance,
    coalesce(abs(s.stated - listed) > tolerance, false) AS wrong, coalesce(r.components, []) AS rowless,
    list_filter_out(CASE s.source WHEN 'Cash Report' THEN list_distinct(coalesce(l.components, []) || [main])
        ELSE [main] END, s.components) AS unticked
FROM stated s LEFT JOIN listed l USING (account_id, report_date, source, currency, kind)
LEFT JOIN rowless r ON r.account_id = s.account_id AND r.report_date = s.report_date AND r.from_date = s.from_date
    AND r.kind = s.kind;
