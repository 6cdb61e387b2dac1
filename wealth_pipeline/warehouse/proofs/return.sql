-- Our return of the day, and the chain of those of each period that ends with it, is IBKR's own. What differs is looked
-- for among the components of the Change in NAV: one that would have to count, or not to.
-- In: return_days, return_reasons, returns_made, return_chosen, exact_changes, window_trials, flow_rules, nav_changes.
-- Out: the columns of a proof (proofs.py), of the comparison that fails, else of the shortest.
WITH compared AS (
    SELECT account_id, report_date, 1 AS steps, x.twr AS expected, c.own_percent AS actual, c.tolerance,
        coalesce(r.held, CASE WHEN c.fits IS NULL THEN m.reason END) AS lacking, NULL AS period
    FROM exact_changes x JOIN returns_made m USING (account_id, report_date)
    JOIN return_reasons r USING (account_id, report_date) LEFT JOIN return_chosen c USING (account_id, report_date)
    WHERE x.twr IS NOT NULL
    UNION ALL
    SELECT w.account_id, w.last_day, w.to_date - w.from_date + 1, w.twr, w.own_percent, w.tolerance, w.lacking,
        'period from ' || w.from_date
    FROM window_trials w LEFT JOIN flow_rules r USING (account_id) WHERE w.timing = coalesce(r.timing, 'start')
),
worst AS (
    SELECT *, coalesce(abs(expected - actual) > tolerance, false) AS wrong FROM compared
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date
        ORDER BY wrong AND lacking IS NULL DESC, lacking IS NOT NULL, steps) = 1
),
would_fit AS (
    SELECT c.account_id, c.report_date, list(c.component ORDER BY c.component) AS names
    FROM returns_made m JOIN return_chosen h USING (account_id, report_date)
    JOIN (SELECT account_id, to_date AS report_date, component, amount FROM nav_changes
        WHERE component NOT IN ('startingValue', 'endingValue', 'twr') AND amount <> 0) c
        USING (account_id, report_date)
    SEMI JOIN (FROM worst WHERE wrong AND period IS NULL) USING (account_id, report_date)
    WHERE abs(abs(m.implied_flow - h.flow_in + h.flow_out) - abs(c.amount)) <= 0.000001 + m.end_value * 1e-11
    GROUP BY ALL
)
SELECT t.account_id, t.report_date, w.expected, w.actual, w.tolerance,
    CASE WHEN w.account_id IS NULL THEN 'no return of IBKR for a period that ends on this day'
         WHEN w.lacking IS NOT NULL THEN w.lacking
         WHEN w.actual IS NULL OR w.tolerance IS NULL THEN 'there is no return' END AS not_evaluable_reason,
    nullif(concat_ws('; ', w.period, CASE WHEN w.wrong AND w.period IS NULL
        THEN coalesce('it would fit if this counted otherwise: '
        || array_to_string(f.names, ', '), 'no set of components makes them equal') END), '') AS reason
FROM return_days t LEFT JOIN worst w USING (account_id, report_date)
LEFT JOIN would_fit f USING (account_id, report_date)
