-- Starting cash and what moved it are the ending cash, in each currency and in base currency. The shortest period that
-- ends on the day is taken. A query that ticks only some fields of the Cash Report cannot show all flows.
-- In: days_to_prove, summed_flows.
-- Out: the columns of a proof (proofs.py), of the currency that differs most.
WITH worst AS (
    SELECT *, abs(expected - actual) - tolerance AS excess, bool_or(expected IS NULL OR actual IS NULL) OVER (
        PARTITION BY account_id, report_date) AS incomplete
    FROM summed_flows
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date ORDER BY excess DESC NULLS LAST, currency) = 1
)
SELECT t.account_id, t.report_date, w.expected, w.actual, w.tolerance,
    CASE WHEN w.account_id IS NULL THEN 'no cash report for a period that ends on this day'
         WHEN w.incomplete THEN 'the cash report has no starting or ending cash'
         WHEN excess > 0 AND len(unticked) > 0
             THEN 'the query lacks fields of the Cash Report: ' || array_to_string(unticked, ', ')
         WHEN coalesce(excess, 0) <= 0 THEN too_long(w.tolerance, w.days) END AS not_evaluable_reason,
    CASE WHEN excess > 0 THEN 'currency ' || w.currency END AS reason
FROM days_to_prove t LEFT JOIN worst w USING (account_id, report_date)
