-- What an account cost in a year, by kind: as Change in NAV states it where its periods cover the year whole and once,
-- else as the rows add up to. Change in NAV nets the interest that was paid with what was received: of that only the
-- rows tell, and that there is none only where all of theirs is the interest that it states.
-- In: nav_history, nav_changes, cash_transactions, the macros whole_periods and costs_rows.
-- Out: account_id, year, kind, amount_base, percent, source, reason, from_date, to_date.

WITH years AS (
    SELECT account_id, year(report_date) AS year, avg(total) AS average, min(report_date) AS from_date,
        max(report_date) AS to_date
    FROM nav_history GROUP BY ALL
),
components AS (
    SELECT unnest(components) AS component, kind, main FROM (VALUES
        ('commissions', 'commissions', ['commissions', 'forexCommissions', 'commissionReceivables',
            'commissionsAtPaxos', 'commissionCreditsRedemption']),
        ('fees', 'otherFees', ['otherFees', 'advisorFees', 'brokerFees', 'clientFees', 'feesReceivables']),
        ('taxes', 'transactionTax', ['transactionTax', 'taxReceivables', 'salesTax', 'billableSalesTax']),
        ('withholding_tax', 'withholdingTax', ['withholdingTax', 'withholding871m', 'withholdingTaxCollected']),
        ('interest', 'interest', ['interest'])) k(kind, main, components)
),
stated AS (
    SELECT p.account_id, p.year, c.kind, sum(n.amount) AS amount,
        count(DISTINCT n.to_date) FILTER (n.component = c.main) = any_value(p.periods) AS whole
    FROM (SELECT *, count(*) OVER (PARTITION BY account_id, year) AS periods FROM whole_periods('nav_changes')) p
    JOIN nav_changes n USING (account_id, from_date, to_date) JOIN components c USING (component) GROUP BY ALL
),
interest AS (
    SELECT account_id, year, abs(s.amount - coalesce(b.amount, 0)) < 0.005 AS agrees FROM stated s LEFT JOIN (
        SELECT account_id, year(event_date) AS year, sum(amount_base) AS amount FROM cash_transactions
        WHERE type ILIKE '%interest%' GROUP BY ALL
    ) b USING (account_id, year) WHERE s.kind = 'interest'
),
costs AS (
    SELECT y.*, r.kind, CASE WHEN s.whole THEN s.amount WHEN r.reason IS NULL THEN r.amount_base
            WHEN starts_with(r.reason, 'no row') AND r.kind = 'interest_paid' AND i.agrees THEN 0 END AS cost,
        CASE WHEN s.whole OR cost = 0 AND r.rows = 0 THEN 'nav_changes' WHEN cost IS NULL THEN NULL
             WHEN r.kind IN ('commissions', 'taxes') THEN 'trades' ELSE 'cash_transactions' END AS source,
        CASE WHEN cost IS NULL THEN r.reason END AS lacking
    FROM years y JOIN costs_rows() r USING (account_id, year) LEFT JOIN stated s USING (account_id, year, kind)
    LEFT JOIN interest i USING (account_id, year)
)
SELECT account_id, year, kind, cost AS amount_base, CASE WHEN average > 0 THEN 100 * CAST(cost AS DOUBLE) / average END
    AS percent, source, lacking AS reason, from_date, to_date
FROM costs
