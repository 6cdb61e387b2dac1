-- What each period's Change in NAV or Cash Report says of the flows, beside those that Cash Transactions and Transfers
-- state of it. IBKR: the Cash Report knows nothing of positions that were moved. What came in and what went out may add
-- up to nothing: where more came in than the rows show, rows are missing (not where less did: components are sums).
-- In: return_steps, nav_changes, cash_flows, flow_components, cash_components, event_flows.
-- Out: account_id, from_date, to_date, sees_positions (it is a Change in NAV), known_since, undecided (components of
--     which it isn't known whether they are flows; NULL: none, or a twr could show it), whole (no flow is lacking),
--     flow, listed (the rows' sum), rows, unrated (the amount of a row isn't known), hidden (more came in than the rows
--     show), agrees.
CREATE OR REPLACE TEMP TABLE compared_windows AS
WITH asked AS (
    SELECT account_id, min(report_date) - 7 AS first, max(report_date) AS last FROM return_steps GROUP BY ALL
),
changed AS (
    SELECT account_id, from_date, to_date, true AS sees_positions, max(known_since) AS known_since,
        CASE WHEN NOT bool_or(component = 'twr') THEN string_agg(component, ', ' ORDER BY component)
            FILTER (counts IS NULL AND amount <> 0) END AS undecided,
        list(amount) FILTER (counts = 'always') AS parts, count(*) FILTER (counts = 'always') = 5
            OR sum(CASE component WHEN 'twr' THEN 0 WHEN 'endingValue' THEN -amount ELSE amount END) = 0 AS whole
    FROM (SELECT c.* FROM nav_changes c JOIN asked a
        ON a.account_id = c.account_id AND c.to_date >= a.first AND c.from_date <= a.last)
    LEFT JOIN flow_components USING (component) GROUP BY ALL
),
reported AS (
    SELECT account_id, from_date, to_date, max(known_since) AS known_since,
        string_agg(component, ', ' ORDER BY component) FILTER (counts IS NULL AND amount <> 0) AS undecided,
        max(amount) FILTER (component = 'depositWithdrawals') AS both_ways,
        max(amount) FILTER (component = 'deposits') AS came, max(amount) FILTER (component = 'withdrawals') AS went,
        list_filter([coalesce(came, both_ways - went, both_ways),
            coalesce(went, both_ways - came, CASE WHEN both_ways IS NOT NULL THEN 0 END),
            max(amount) FILTER (component = 'accountTransfers'), max(amount) FILTER (component = 'internalTransfers'),
            max(amount) FILTER (component = 'debitCardActivity'), max(amount) FILTER (component = 'billPay')],
            lambda part: part IS NOT NULL) AS parts,
        max(amount) FILTER (component = 'startingCash') - max(amount) FILTER (component = 'endingCash')
            + coalesce(sum(amount) FILTER (coalesce(counts, 'never') = 'never'), 0) + list_sum(parts) AS lacking
    FROM (SELECT c.* FROM cash_flows c JOIN asked a
        ON a.account_id = c.account_id AND c.to_date >= a.first AND c.from_date <= a.last)
    LEFT JOIN cash_components USING (component) WHERE currency = 'BASE_SUMMARY' GROUP BY ALL
),
stated AS (
    FROM changed
    UNION ALL
    SELECT account_id, from_date, to_date, false, known_since, undecided, parts, len(parts) = 6
        OR coalesce(came, both_ways) IS NOT NULL AND abs(lacking) <= 0.000001 * (to_date - from_date + 1)
    FROM reported
),
listed AS (
    SELECT w.account_id, w.from_date, w.to_date, w.sees_positions, w.known_since, w.undecided, w.whole,
        coalesce(list_sum(w.parts), 0) AS flow, coalesce(list_sum([greatest(p, 0) FOR p IN w.parts]), 0) AS coming,
        coalesce(sum(e.amount_base) FILTER (w.sees_positions OR e.kind <> 'asset_transfer'), 0) AS listed,
        coalesce(sum(greatest(e.amount_base, 0)) FILTER (w.sees_positions OR e.kind <> 'asset_transfer'), 0) AS shown,
        count(e.row_id) AS rows, count(e.row_id) FILTER (e.amount_base IS NULL) > 0 AS unrated
    FROM stated w
    LEFT JOIN event_flows e ON e.account_id = w.account_id AND e.booked BETWEEN w.from_date AND w.to_date
    GROUP BY ALL
)
SELECT * EXCLUDE (coming, shown), coming > shown + 0.000001 * (to_date - from_date + 1) AS hidden,
    whole AND NOT unrated AND NOT hidden AND abs(flow - listed) <= 0.000001 * (to_date - from_date + 1) AS agrees
FROM listed;
