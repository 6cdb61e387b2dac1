-- The lots of a position add up to it, in quantity, value, cost basis and unrealised result. A position that was made
-- of its lots proves nothing.
-- In: days_to_prove, positions, lot_sums, last_seen, newest_aside, fineness.
-- Out: the columns of a proof (proofs.py), of the figure and position that differ most.
WITH held AS (
    SELECT p.account_id, p.report_date, p.symbol, l.terms, l.decimals, l.contract IS NULL AS lotless,
        p.from_lots, p.quantity, p.position_value, p.unrealized_pnl, l.quantity AS lots_quantity,
        l.position_value AS lots_position_value, l.unrealized_pnl AS lots_unrealized_pnl,
        l.cost_basis AS lots_cost_basis,
        -- A cost basis by price is rounded as the price is.
        CASE WHEN NOT p.cost_basis_derived AND NOT l.cost_basis_derived THEN p.cost_basis END AS cost_basis
    FROM positions p SEMI JOIN days_to_prove USING (account_id, report_date)
    LEFT JOIN lot_sums l ON l.account_id = p.account_id AND l.report_date = p.report_date
        AND l.model IS NOT DISTINCT FROM p.model AND l.contract = coalesce(p.conid, p.security_id, p.symbol)
),
counted AS (
    SELECT account_id, report_date, bool_or(from_lots) AS from_lots, CASE WHEN bool_or(lotless)
        THEN count(*) FILTER (lotless) || ' of ' || count(*) || ' positions have no lots' END AS reason
    FROM held GROUP BY ALL
),
pairs AS (
    SELECT account_id, report_date, h.symbol, f.figure, f.expected, f.actual,
        unit_of(greatest(h.decimals, decimals_of(f.expected), coalesce(n.finest, 0))) * (h.terms + 1) AS tolerance
    FROM held h LEFT JOIN fineness n USING (account_id, report_date),
    LATERAL (VALUES ('quantity', h.quantity, h.lots_quantity),
        ('position_value', h.position_value, h.lots_position_value),
        ('cost_basis', h.cost_basis, h.lots_cost_basis),
        ('unrealized_pnl', h.unrealized_pnl, h.lots_unrealized_pnl)) f(figure, expected, actual)
    WHERE f.expected IS NOT NULL AND f.actual IS NOT NULL AND NOT h.from_lots
),
worst AS (
    SELECT * FROM pairs QUALIFY row_number() OVER (
        PARTITION BY account_id, report_date ORDER BY abs(expected - actual) - tolerance DESC, symbol, figure) = 1
)
SELECT t.account_id, t.report_date, w.expected, w.actual, w.tolerance,
    CASE WHEN x.seen >= l.seen THEN x.reason
         WHEN w.account_id IS NULL AND c.from_lots THEN 'the positions are made of the lots'
         WHEN w.account_id IS NULL THEN 'no lots for this day' END AS not_evaluable_reason,
    nullif(concat_ws('; ', CASE WHEN abs(w.expected - w.actual) > w.tolerance
        THEN w.figure || ' of ' || coalesce(w.symbol, '(no symbol)') END, c.reason), '') AS reason
FROM days_to_prove t LEFT JOIN worst w USING (account_id, report_date)
LEFT JOIN counted c USING (account_id, report_date)
LEFT JOIN (FROM last_seen WHERE family = 'positions') l USING (account_id, report_date)
LEFT JOIN (FROM newest_aside WHERE element = 'OpenPosition') x USING (account_id, report_date)
