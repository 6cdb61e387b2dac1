-- The flows of the day are those that IBKR's own return implies; and those of each period that ends with it are, by the
-- rows of Cash Transactions and Transfers, those that its Change in NAV or Cash Report states.
-- In: return_days, return_steps, return_reasons, return_chosen, returns_made, compared_windows.
-- Out: the columns of a proof (proofs.py), of the comparison that fails, else of the shortest.
WITH steps AS (
    SELECT m.account_id, m.report_date, c.flow_in - c.flow_out AS flow, m.implied_flow, r.held, s.sections,
        CAST(m.end_value AS DOUBLE) AS v1, CAST(c.base AS DOUBLE) AS base,
        base * base / nullif(v1, 0) AS by_start, CASE c.timing WHEN 'end' THEN base ELSE by_start END * 1e-11 + 1e-9
            * (2 + CASE c.timing WHEN 'end' THEN (v1 + c.flow_out) / base ELSE base / nullif(v1, 0) END) AS tolerance
    FROM returns_made m JOIN return_steps s USING (account_id, report_date)
    JOIN return_reasons r USING (account_id, report_date) JOIN return_chosen c USING (account_id, report_date)
    WHERE c.base > 0
),
compared AS (
    SELECT account_id, report_date, 0 AS length, flow AS expected, implied_flow AS actual, tolerance,
        held AS lacking, 'implied by IBKR''s return' AS reason
    FROM steps WHERE implied_flow IS NOT NULL
    UNION ALL
    SELECT s.account_id, s.report_date, w.to_date - w.from_date + 1, w.flow, w.listed,
        s.tolerance * (w.to_date - w.from_date + 2),
        CASE WHEN w.unrated THEN 'a flow has no conversion rate or value'
             WHEN NOT list_contains(s.sections, 'CashTransactions') THEN 'Cash Transactions are not in the statement'
             WHEN w.flow <> w.listed AND NOT list_contains(s.sections, 'Transfers')
                 THEN 'Transfers are not in the statement'
             WHEN w.flow <> w.listed AND w.rows = 0
                 THEN 'no row of Cash Transactions or Transfers: their types may not be ticked'
             END, CASE WHEN w.sees_positions THEN 'Change in NAV' ELSE 'Cash Report' END || ' from ' || w.from_date
    FROM (FROM compared_windows WHERE whole) w JOIN steps s ON s.account_id = w.account_id AND s.report_date = w.to_date
),
worst AS (
    SELECT *, coalesce(abs(expected - actual) > tolerance, false) AS wrong FROM compared
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date
        ORDER BY wrong AND lacking IS NULL DESC, lacking IS NOT NULL, length, reason) = 1
)
SELECT t.account_id, t.report_date, CAST(w.expected AS DECIMAL(28,12)) AS expected,
    CAST(w.actual AS DECIMAL(28,12)) AS actual, TRY_CAST(w.tolerance AS DECIMAL(38,12)) AS tolerance,
    CASE WHEN w.account_id IS NULL THEN 'nothing else states the flows of a period that ends on this day'
         WHEN w.lacking IS NOT NULL THEN w.lacking
         WHEN w.tolerance IS NULL OR w.actual IS NULL THEN 'there is no return' END AS not_evaluable_reason,
    w.reason
FROM return_days t LEFT JOIN worst w USING (account_id, report_date)
