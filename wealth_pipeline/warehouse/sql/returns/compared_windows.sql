-- What each period's Change in NAV or Cash Report says of the flows, beside those that Cash Transactions and Transfers
-- state of it. IBKR: the Cash Report knows nothing of positions that were moved; only the Change in NAV and Transfers
-- do.
-- In: return_steps, nav_changes, cash_flows, flow_components, cash_components, event_flows.
-- Out: account_id, from_date, to_date, sees_positions (it is a Change in NAV), undecided (its components of which it
--     isn't known whether they are flows; NULL: none, or a twr could show it), flow, listed (the rows' sum), rows,
--     unrated (a row has no conversion rate or value), agrees.
CREATE OR REPLACE TEMP TABLE compared_windows AS
WITH asked AS (
    SELECT account_id, min(report_date) - 7 AS first, max(report_date) AS last FROM return_steps GROUP BY ALL
),
stated AS (
    SELECT account_id, from_date, to_date, true AS sees_positions,
        coalesce(sum(amount) FILTER (counts = 'always'), 0) AS flow,
        CASE WHEN NOT bool_or(component = 'twr') THEN string_agg(component, ', ' ORDER BY component)
            FILTER (counts IS NULL AND amount <> 0) END AS undecided,
        count(*) FILTER (counts = 'always') = 5
            OR sum(CASE component WHEN 'twr' THEN 0 WHEN 'endingValue' THEN -amount ELSE amount END) = 0 AS whole
    FROM (SELECT c.* FROM nav_changes c JOIN asked a
        ON a.account_id = c.account_id AND c.to_date >= a.first AND c.from_date <= a.last)
    LEFT JOIN flow_components USING (component) GROUP BY ALL
    UNION ALL
    SELECT account_id, from_date, to_date, false,
        coalesce(max(amount) FILTER (component = 'depositWithdrawals'),
            sum(amount) FILTER (component IN ('deposits', 'withdrawals')), 0)
            + coalesce(sum(amount) FILTER (component IN ('accountTransfers', 'internalTransfers', 'debitCardActivity',
                'billPay')), 0),
        string_agg(component, ', ' ORDER BY component) FILTER (counts IS NULL AND amount <> 0),
        count(*) FILTER (component IN ('depositWithdrawals', 'deposits')) > 0
    FROM (SELECT c.* FROM cash_flows c JOIN asked a
        ON a.account_id = c.account_id AND c.to_date >= a.first AND c.from_date <= a.last)
    LEFT JOIN cash_components USING (component) WHERE currency = 'BASE_SUMMARY' GROUP BY ALL
),
listed AS (
    SELECT w.account_id, w.from_date, w.to_date, w.sees_positions, w.undecided, w.flow,
        coalesce(sum(e.amount_base) FILTER (w.sees_positions OR e.kind <> 'asset_transfer'), 0) AS listed,
        count(e.row_id) AS rows, count(e.row_id) FILTER (e.amount_base IS NULL) > 0 AS unrated
    FROM (FROM stated WHERE whole) w
    LEFT JOIN event_flows e ON e.account_id = w.account_id AND e.booked BETWEEN w.from_date AND w.to_date
    GROUP BY ALL
)
SELECT *, NOT unrated AND abs(flow - listed) <= 0.000001 * (to_date - from_date + 1) AS agrees FROM listed;
