-- Dividends with payments in lieu, and the tax withheld from them, are row by row what the Change in NAV and the Cash
-- Report state of the shortest period that ends on the day: in base currency, and in each currency of the Cash Report.
-- In: income_days, compared_income, income_asides, income_rows_known, stated_income.
-- Out: the columns of a proof (proofs.py), of the comparison that fails, else of one that cannot be made.
WITH collected AS (
    SELECT DISTINCT account_id, report_date, source FROM stated_income
    WHERE income_kind(component) IS NULL AND amount <> 0
),
judged AS (
    SELECT c.*, c.rows > 0 OR c.stated <> 0 AS says_something,
        CASE WHEN x.reason IS NOT NULL THEN x.reason
             WHEN NOT coalesce(k.covered, true) THEN 'no Cash Transactions over the whole period: not in the query'
             WHEN c.unrated AND c.currency = 'base' THEN 'a row has neither a rate nor a conversion rate of its day'
             WHEN NOT c.wrong THEN too_long(c.tolerance, c.days)
             WHEN len(c.unticked) > 0
                 THEN 'the query lacks fields of the ' || c.source || ': ' || array_to_string(c.unticked, ', ')
             WHEN len(c.rowless) > 0
                 THEN 'no row of ' || array_to_string(c.rowless, ', ') || ': its type may not be ticked'
             WHEN c.rows = 0 AND c.source = 'Change in NAV'
                 THEN 'no row of ' || c.main || ': its type may not be ticked'
             WHEN c.kind = 'tax' AND l.account_id IS NOT NULL
                 THEN 'collected withholding tax is not 0, and may be among the rows'
             WHEN k.newer THEN 'the ' || c.source || ' is known only from an older statement than the rows'
             WHEN NOT c.has_rows THEN 'the rows are not of the statement that has the ' || c.source
             END AS lacking
    FROM compared_income c LEFT JOIN income_asides x USING (account_id, report_date, source)
    LEFT JOIN income_rows_known k USING (account_id, report_date, source)
    LEFT JOIN collected l USING (account_id, report_date, source)
),
worst AS (
    SELECT * FROM judged QUALIFY row_number() OVER (PARTITION BY account_id, report_date
        ORDER BY wrong AND lacking IS NULL DESC, lacking IS NOT NULL DESC, says_something DESC, rows > 0 DESC,
            source = 'Change in NAV' DESC, kind, currency = 'base' DESC, currency) = 1
)
SELECT t.account_id, t.report_date, w.stated AS expected, w.listed AS actual, w.tolerance,
    CASE WHEN w.account_id IS NULL THEN 'no Change in NAV or Cash Report of a period that ends on this day'
         WHEN w.lacking IS NOT NULL THEN w.lacking
         WHEN NOT w.says_something THEN 'no dividend and no withholding tax' END AS not_evaluable_reason,
    concat(CASE w.kind WHEN 'tax' THEN 'withholding tax' ELSE 'dividends' END,
        CASE WHEN w.currency <> 'base' THEN ' in ' || w.currency END, ' of the ', w.source,
        CASE WHEN w.days > 1 THEN ' from ' || w.from_date END) AS reason
FROM income_days t LEFT JOIN worst w USING (account_id, report_date)
